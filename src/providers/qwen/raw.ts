// Qwen Code for a caller who wants its own lines (0.24.4): one process, one prompt by stdin.
import { INERT_TOOLS } from './tools.ts'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RawAgent, RawRequest } from '../../core/raw.ts'
import { type RawLauncher, refuseUnknown, verifyNoTools } from '../raw-launch.ts'
import { qwenEnvironment, RAW_ARGUMENTS, type WorkerFolder, workerFolder } from './command.ts'
import { findQwen } from './executable.ts'
import { type Login, readLogin } from './auth.ts'
import { notInstalled } from '../installation.ts'
import { CLI, type QwenOptions } from './options.ts'
import { agentSettings, turnSettings } from './settings.ts'
import { findModel } from './user-settings.ts'

/**
 * A folder that is not trusted, so that no `.env` in it is read, knows no mode but the default one, in which all that would have to
 * be asked is refused. Edits are allowed by name.
 */
const EDITS = ['edit', 'write_file']

export function createQwenRaw(options: QwenOptions): RawLauncher {
  const { environment, account, executable: configured, node } = options
  return {
    provider: 'qwen',
    async prepare(request, sandboxFolder) {
      refuseOthers(request)
      const installation = findQwen({ configured, path: environment['PATH'], node })
      if (!installation) {
        throw notInstalled(CLI)
      }
      const { agent, jsonSchema } = request
      const login = readLogin(account, environment)
      const folder = workerFolder(sandboxFolder.path)
      for (const path of [folder.work, folder.temporary, folder.programs]) mkdirSync(path, { mode: 0o700 })
      const write = (path: string, text: string) => writeFileSync(path, text, { mode: 0o600 })
      write(folder.settings, JSON.stringify(settingsOf(request, login, folder)))
      const system = [request.system, request.appendSystem].filter(Boolean).join('\n\n')
      write(folder.system, system)
      const schema = join(folder.path, 'schema.json')
      if (jsonSchema !== undefined) write(schema, JSON.stringify(jsonSchema))
      const env = qwenEnvironment(
        environment,
        account,
        login.user,
        folder,
        agent !== undefined || installation.args.length === 0,
      )
      // Sessions of agents are the user's, so that they can be gone on with; and an agent has a prompt of its own.
      if (agent !== undefined) delete env['QWEN_RUNTIME_DIR']
      if (agent !== undefined && request.system === undefined) delete env['QWEN_SYSTEM_MD']
      return {
        command: installation.command,
        args: [
          ...installation.args,
          ...RAW_ARGUMENTS,
          ...(jsonSchema === undefined ? [] : ['--json-schema', `@${schema}`]),
          ...(request.maxTurns === undefined ? [] : ['--max-session-turns', String(request.maxTurns)]),
          ...(agent === undefined ? [] : agentArguments(agent)),
        ],
        env,
        cwd: agent?.cwd ?? folder.work,
        input: request.prompt,
        ...(agent !== undefined && agent.tools?.length !== 0
          ? {}
          : { verify: (line: string) => verifyNoTools(line, OUTPUT_TOOL) }),
        isLast: (line) => line.startsWith('{"type":"result"'),
      }
    },
  }
}

/** The form in which Qwen Code asks for an answer with a schema. */
const OUTPUT_TOOL = ['structured_output']

function settingsOf({ agent, model: asked, jsonSchema }: RawRequest, login: Login, folder: WorkerFolder): object {
  const model = asked ?? login.defaultModel
  const settings = {
    model,
    configured: findModel(login.user, model),
    login,
    parameters: { sampling: {}, reasoning: undefined, functions: INERT_TOOLS },
    logFolder: folder.temporary,
    recorded: true,
  }
  if (agent === undefined || agent.tools?.length === 0) return turnSettings(settings, jsonSchema && {})
  return agentSettings(settings, {
    tools: agent.tools,
    allowed: agent.permissionMode === 'acceptEdits' ? EDITS : [],
    denied: agent.disallowedTools,
    approvalMode: agent.permissionMode === 'plan' ? 'plan' : 'default',
  })
}

function agentArguments({ addDirs, sessionId, fork }: RawAgent): string[] {
  return [
    ...addDirs.map((path) => `--include-directories=${path}`),
    ...(sessionId === undefined ? [] : [`--resume=${sessionId}`]),
    ...(fork ? ['--fork-session'] : []),
  ]
}

function refuseOthers({ agent, appendSystem, system }: RawRequest): void {
  refuseUnknown('Qwen Code', {
    permission_mode: agent?.permissionMode === 'bypassPermissions',
    // Rules for commands are refused by it even where they fit.
    allowed_tools: (agent?.allowedTools.length ?? 0) > 0,
    // It would take the rest for a folder of its own, which nobody has looked at.
    add_dirs: agent?.addDirs.some((path) => path.includes(',')) === true,
    append_system_prompt: agent !== undefined && appendSystem !== undefined && system === undefined,
  })
}
