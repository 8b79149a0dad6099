// How Claude Code is started: the same for every turn, so that a process can be started before there is one.
import type { RawAgent, RawRequest } from '../../core/raw.ts'
import { childEnvironment } from '../../process/environment.ts'
import type { RawFiles } from './raw.ts'
import { WEB_ARGUMENTS, WEB_TOOLS } from './web.ts'

/** Who pays. `env` holds credentials and switches such as CLAUDE_CODE_USE_BEDROCK; it wins over what the host has. */
export type Account = {
  /** Claude Code's own folder, with its login; ~/.claude where left out. */
  configDir?: string
  env?: Readonly<Record<string, string>>
}

/** One prompt after the other on stdin, and all that it says on stdout, as JSON lines. */
const STREAMS = [
  '-p',
  '--output-format',
  'stream-json',
  '--input-format',
  'stream-json',
  '--verbose',
  '--include-partial-messages',
]

const ARGUMENTS = [
  ...STREAMS,
  '--setting-sources',
  '',
  '--strict-mcp-config',
  '--no-session-persistence',
  '--disable-slash-commands',
  '--system-prompt',
  '',
]

/** No tool, and nothing after the first answer of the model. */
const NO_WEB = [
  // Takes all that follows up to the next flag; an empty text is no tool at all.
  '--tools',
  '',
  '--max-turns',
  '1',
  // Less than any answer costs, and looked at only after one: Claude Code (2.1.329) then does not urge the model to go on when
  // the answer was cut, refused or empty. For a model that it knows no price of, only the SIGKILL in time prevents that.
  '--max-budget-usd',
  '0.0000001',
]

const WEB = ['--tools', [...WEB_TOOLS].join(','), ...WEB_ARGUMENTS]

/** A model name that is safe in argv; also what routing lets through. */
const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,127}$/

/** `web`: the model may search the web. `bare`: see `canBeBare`. */
export type ChatArguments = { model?: string; session?: string; web?: boolean; bare?: boolean }

/** Arguments of a process that takes everything by stdin. Never holds text of a caller but the name of a model. */
export function claudeArguments({ model, session, web = false, bare = false }: ChatArguments = {}): string[] {
  const args = [...(bare ? ['--bare'] : []), ...ARGUMENTS, ...(web ? WEB : NO_WEB)]
  if (model !== undefined && MODEL_NAME.test(model)) args.push('--model', model)
  if (session !== undefined) args.push('--resume', session)
  return args
}

/** No settings, servers, commands or hooks of the user or of the folder. */
const NOTHING_OF_THE_USER = ['--setting-sources', '', '--strict-mcp-config', '--disable-slash-commands']

/**
 * Arguments of a process whose own output a caller reads. Of the caller's it holds names that have been checked, and folders
 * below a root.
 */
export function rawArguments(request: RawRequest, files: RawFiles, mcpConfig: string | undefined): string[] {
  const { agent, model, maxTurns } = request
  const pair = (flag: string, value: string | undefined) => (value === undefined ? [] : [flag, value])
  return [
    ...STREAMS,
    ...NOTHING_OF_THE_USER,
    ...pair('--model', model),
    ...pair('--max-turns', maxTurns === undefined ? undefined : String(maxTurns)),
    ...pair('--system-prompt-file', files.system),
    ...(agent === undefined && files.system === undefined ? ['--system-prompt', ''] : []),
    ...pair('--append-system-prompt-file', files.appendSystem),
    ...(agent === undefined ? ['--tools', '', '--no-session-persistence'] : agentArguments(agent, files, mcpConfig)),
  ]
}

function agentArguments(agent: RawAgent, files: RawFiles, mcpConfig: string | undefined): string[] {
  const { permissionMode, tools, sessionId, fork } = agent
  const settings = ['--settings', files.settings ?? '{}']
  return [
    // Its file tools stay in the folders given, and it has no tools that run commands unless they are named.
    ...(permissionMode === 'bypassPermissions' ? [] : ['--restricted']),
    ...(tools === undefined ? [] : ['--tools', tools.join(',')]),
    ...(permissionMode === 'default' ? [] : ['--permission-mode', permissionMode]),
    ...agent.addDirs.flatMap((folder) => ['--add-dir', folder]),
    ...(mcpConfig === undefined ? [] : ['--mcp-config', mcpConfig]),
    ...(sessionId === undefined ? [] : [`--resume=${sessionId}`]),
    ...(fork ? ['--fork-session'] : []),
    ...settings,
  ]
}

/** Credentials of the host that a process gets where the account names none of its own. */
const CREDENTIALS = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'CLAUDE_CODE_OAUTH_TOKEN']

/** What makes Claude Code behave (2.1.329); neither host nor account change it. */
const BEHAVIOUR = {
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  DISABLE_AUTOUPDATER: '1',
  // No reminders of its own, and no file where a text says "@name".
  CLAUDE_CODE_DISABLE_ATTACHMENTS: '1',
  CLAUDE_CODE_DISABLE_AUTO_MEMORY: '1',
  // The caller's tools keep the names that the caller gave them.
  CLAUDE_AGENT_SDK_MCP_NO_PREFIX: '1',
  CLAUDE_CODE_MAX_MCP_DESCRIPTION_LENGTH: '100000',
  // Ten by default, which takes three minutes. With 0 the wait that the service asks for would be lost.
  CLAUDE_CODE_MAX_RETRIES: '1',
  CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK: '1',
  CLAUDE_CODE_DISABLE_REFUSAL_RETRY: '1',
  CLAUDE_CODE_DISABLE_REFUSAL_FALLBACK: '1',
  CLAUDE_CODE_NO_MODEL_FALLBACK: '1',
  // Else claude-opus-4-1 is answered by the newest Opus, without a word.
  CLAUDE_CODE_DISABLE_LEGACY_MODEL_REMAP: '1',
  // One lifetime for all marks: the API refuses a mark of 5 minutes in front of one of an hour, which is what a subscription
  // would get (2.1.329) and a key not.
  CLAUDE_CODE_PROMPT_CACHE_TTL: '5m',
  API_TIMEOUT_MS: '600000',
}

/** The whole environment of a process. `temporary` is a private folder for its sockets and scratch files. */
export function claudeEnvironment(
  source: Readonly<Record<string, string | undefined>>,
  account: Account,
  temporary: string,
): Record<string, string> {
  const own = account.env ?? {}
  // One credential at a time: the host's key beside the account's login would decide who pays.
  const credentials = CREDENTIALS.some((name) => own[name] !== undefined) ? [] : CREDENTIALS
  return childEnvironment(source, [...credentials, 'ANTHROPIC_BASE_URL', 'CLAUDE_CONFIG_DIR'], {
    ...own,
    ...(account.configDir === undefined ? {} : { CLAUDE_CONFIG_DIR: account.configDir }),
    CLAUDE_CODE_TMPDIR: temporary,
    ...BEHAVIOUR,
  })
}
