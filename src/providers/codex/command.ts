// How Codex is started (codex-cli 0.169.0). All its configuration is in argv; no text of a caller is.
import { childEnvironment } from '../../process/environment.ts'
import type { CodexFolder } from './home.ts'
import type { Account, CodexOptions } from './options.ts'

/** Model providers for plain HTTP, by what the login is good for. Named by us: Codex treats one named "OpenAI" differently. */
export const CUSTOM_PROVIDERS = { key: 'cligate-key', api: 'cligate-api', chatgpt: 'cligate-chatgpt' } as const

const OPENAI_API = 'https://api.openai.com/v1'
const CHATGPT_API = 'https://chatgpt.com/backend-api/codex'

/** Milliseconds of silence in a stream after which Codex gives up; the gateway's own deadlines come first. */
const STREAM_IDLE = 600_000

/** Takes away every tool, instruction and outside connection that Codex has of its own. */
const CHAT_ONLY: readonly [key: string, value: string | number | boolean][] = [
  ['analytics.enabled', false],
  ['check_for_update_on_startup', false],
  ['cli_auth_credentials_store', 'file'],
  ['include_permissions_instructions', false],
  ['include_apps_instructions', false],
  ['include_environment_context', false],
  ['include_collaboration_mode_instructions', false],
  ['skills.include_instructions', false],
  ['skills.bundled.enabled', false],
  ['project_doc_max_bytes', 0],
  ['features.shell_tool', false],
  ['features.unified_exec', false],
  ['features.view_image', false],
  ['features.goals', false],
  ['features.multi_agent', false],
  ['agents.enabled', false],
  ['features.apps', false],
  // With plugins it asks github.com and chatgpt.com for them.
  ['features.plugins', false],
  ['features.sleep_tool', false],
  ['features.skill_search', false],
  ['features.tool_suggest', false],
  ['features.image_generation', false],
  ['features.hooks', false],
  // Else a refused connection is tried again for ever.
  ['features.unbounded_connection_retries', false],
  // A thread goes as soon as nobody wants it; by default 0.85 MB stay for each.
  ['thread_unload_delay_secs', 0],
]

/** These two are no settings but tables; `false` in their place ends the process. */
const TABLES = ['tools.experimental_request_user_input={enabled=false}', 'tools.update_plan={enabled=false}']

type Settings = Pick<CodexOptions, 'account' | 'baseUrl' | 'web'>

/** Arguments of the process that serves. */
export function serverArguments(settings: Settings, catalogFile: string): string[] {
  return ['app-server', ...configArguments(settings), ...flag('model_catalog_json', catalogFile)]
}

/** Of CHAT_ONLY, what an agent that works with Codex's own tools does not need either. */
const AGENT_KEYS =
  /^(?:analytics|check_for|cli_auth|include_apps|skills|project_doc|features\.(?:apps|plugins|hooks|unbounded))/

/** Configuration of a process that runs one prompt: without any tool, or with Codex's own. */
export function execConfiguration(settings: Settings, provider: string, tools: boolean): string[] {
  const all = configArguments(settings, tools ? CHAT_ONLY.filter(([key]) => AGENT_KEYS.test(key)) : CHAT_ONLY)
  return [...all, ...flag('model_provider', provider)]
}

/** `-c key=value`, for paths of files. */
export const fileFlag = (key: string, path: string): string[] => flag(key, path)

/** Arguments that print the models of the account, or those that this version knows of. */
export function modelsArguments(settings: Settings, bundled: boolean): string[] {
  return ['debug', 'models', ...configArguments(settings), ...(bundled ? ['--bundled'] : [])]
}

function configArguments({ account, baseUrl, web }: Settings, keys = CHAT_ONLY): string[] {
  return [
    ...keys.flatMap(([key, value]) => flag(key, value)),
    ...TABLES.flatMap((table) => ['-c', table]),
    ...flag('web_search', web ? 'live' : 'disabled'),
    ...(baseUrl === undefined ? [] : flag('openai_base_url', baseUrl)),
    ...customProvider(CUSTOM_PROVIDERS.api, baseUrl ?? OPENAI_API, ['requires_openai_auth', true]),
    ...customProvider(CUSTOM_PROVIDERS.chatgpt, baseUrl ?? CHATGPT_API, ['requires_openai_auth', true]),
    ...(hasKey(account)
      ? customProvider(CUSTOM_PROVIDERS.key, baseUrl ?? OPENAI_API, ['env_key', 'OPENAI_API_KEY'])
      : []),
  ]
}

/** Without retries: a second request for the same answer is the gateway's to decide. */
function customProvider(id: string, baseUrl: string, credential: [string, string | boolean]): string[] {
  const fields = {
    name: 'cligate',
    base_url: baseUrl,
    wire_api: 'responses',
    supports_websockets: false,
    request_max_retries: 0,
    stream_max_retries: 0,
    stream_idle_timeout_ms: STREAM_IDLE,
    [credential[0]]: credential[1],
  }
  return Object.entries(fields).flatMap(([key, value]) => flag(`model_providers.${id}.${key}`, value))
}

/** JSON's strings, numbers and booleans are TOML's too. */
function flag(key: string, value: string | number | boolean): string[] {
  return ['-c', `${key}=${JSON.stringify(value)}`]
}

/** Whether the account brings an API key in its environment. */
export function hasKey(account: Account): boolean {
  return (account.env?.['OPENAI_API_KEY'] ?? '') !== ''
}

/** The whole environment of a process: a home of its own, so that nothing of the user's settings is in reach. */
export function codexEnvironment(
  source: Readonly<Record<string, string | undefined>>,
  account: Account,
  folder: CodexFolder,
): Record<string, string> {
  return childEnvironment(source, ['CODEX_CA_CERTIFICATE'], {
    ...account.env,
    HOME: folder.home,
    CODEX_HOME: folder.home,
    CODEX_SQLITE_HOME: folder.databases,
    TMPDIR: folder.temporary,
  })
}
