// `codex exec --json` for a caller who wants its own lines (codex-cli 0.169.0): one process, one prompt by stdin.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PermissionMode, RawAgent, RawRequest } from '../../core/raw.ts'
import { asFields, textAt } from '../fields.ts'
import { type RawLauncher, refuseUnknown } from '../raw-launch.ts'
import { loginOf, routeOf } from './auth.ts'
import { readCatalog } from './catalog.ts'
import { codexEnvironment, execConfiguration, fileFlag } from './command.ts'
import { findCodex } from './executable.ts'
import { type CodexFolder, createCodexFolder, userHome, writePrivate } from './home.ts'
import { notInstalled } from '../installation.ts'
import { type CodexOptions, CLI } from './options.ts'

/** What the sandbox of Codex lets its commands do. It reads what it likes; it does not ask anybody. */
const SANDBOX: Record<PermissionMode, string> = {
  default: 'read-only',
  plan: 'read-only',
  dontAsk: 'read-only',
  acceptEdits: 'workspace-write',
  bypassPermissions: 'danger-full-access',
}

export function createCodexRaw(options: CodexOptions): RawLauncher {
  const { environment, account, sandbox } = options
  return {
    provider: 'codex',
    async prepare(request, _, signal) {
      refuseOthers(request)
      const command = findCodex({ configured: options.executable, path: environment['PATH'] })
      if (command === undefined) {
        throw notInstalled(CLI)
      }
      const user = userHome(account, environment)
      const { agent } = request
      const tools = agent !== undefined && agent.tools === undefined
      // Without its own tools only by another list of models, which is made from Codex's own.
      const catalog = tools ? undefined : await readCatalog(options, command, 'bundled', signal)
      const folder = await createCodexFolder(sandbox, user)
      try {
        const { provider } = routeOf(options, loginOf(options, storedLogin(user)))
        if (agent !== undefined) linkSessions(folder, user)
        return {
          command,
          args: [
            'exec',
            '--json',
            '--skip-git-repo-check',
            ...execConfiguration(options, provider, tools),
            ...(catalog === undefined
              ? []
              : fileFlag('model_catalog_json', writePrivate(folder, 'catalog.json', catalog.patched))),
            ...requestArguments(request, folder),
            ...(agent === undefined ? ['--ephemeral', '-s', 'read-only'] : agentArguments(agent)),
            '-',
          ],
          env: codexEnvironment(environment, account, folder),
          cwd: agent?.cwd ?? folder.work,
          input: request.prompt,
          isLast: (line) => /^\{"type":"turn\.(?:completed|failed)"/.test(line),
          cleanUp: () => folder.sandbox.remove(),
        }
      } catch (error) {
        await folder.sandbox.remove()
        throw error
      }
    },
  }
}

/** What Codex has no place for. */
function refuseOthers({ agent, maxTurns }: RawRequest): void {
  refuseUnknown('Codex', {
    max_turns: maxTurns !== undefined,
    tools: (agent?.tools?.length ?? 0) > 0,
    allowed_tools: (agent?.allowedTools.length ?? 0) > 0,
    disallowed_tools: (agent?.disallowedTools.length ?? 0) > 0,
    fork: agent?.fork === true,
  })
}

function requestArguments(request: RawRequest, folder: CodexFolder): string[] {
  const { model, system, appendSystem, jsonSchema } = request
  // In the folder that stands for ~/.codex: the text would be in argv otherwise. JSON's strings are TOML's too.
  if (appendSystem !== undefined) {
    writeFileSync(join(folder.home, 'config.toml'), `developer_instructions = ${JSON.stringify(appendSystem)}\n`, {
      mode: 0o600,
    })
  }
  return [
    ...(model === undefined ? [] : ['-m', model]),
    ...(system === undefined ? [] : fileFlag('model_instructions_file', writePrivate(folder, 'system.md', system))),
    ...(jsonSchema === undefined
      ? []
      : ['--output-schema', writePrivate(folder, 'schema.json', JSON.stringify(jsonSchema))]),
  ]
}

function agentArguments({ permissionMode, addDirs, sessionId }: RawAgent): string[] {
  return [
    '-s',
    SANDBOX[permissionMode],
    ...addDirs.flatMap((path) => ['--add-dir', path]),
    ...(sessionId === undefined ? [] : ['resume', sessionId]),
  ]
}

/** In the form of `getAuthStatus`, from the file that it reads. */
function storedLogin(user: string): Record<string, unknown> {
  try {
    const stored = asFields(JSON.parse(readFileSync(join(user, 'auth.json'), 'utf8')))
    const hasKey = textAt(stored, 'OPENAI_API_KEY') !== undefined
    const authMethod = textAt(stored, 'auth_mode') ?? (hasKey ? 'apikey' : undefined)
    return authMethod === undefined && stored?.['tokens'] ? { authMethod: 'chatgpt' } : { authMethod }
  } catch {
    return {}
  }
}

/** Sessions of agents are the user's, so that they can be gone on with. */
function linkSessions(folder: CodexFolder, user: string): void {
  const sessions = join(user, 'sessions')
  mkdirSync(sessions, { recursive: true, mode: 0o700 })
  symlinkSync(sessions, join(folder.home, 'sessions'))
}
