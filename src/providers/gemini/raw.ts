// Gemini CLI for a caller who wants its own lines (0.61.0): one process, one prompt by stdin.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../../core/error.ts'
import type { PermissionMode, RawAgent, RawRequest } from '../../core/raw.ts'
import { type RawLauncher, refuseUnknown } from '../raw-launch.ts'
import { findLogin, userHome } from './auth.ts'
import { rawArguments, workerEnvironment } from './command.ts'
import { loginError } from './errors.ts'
import { findGemini } from './executable.ts'
import { createHome } from './home.ts'
import { notInstalled } from '../installation.ts'
import { type GeminiOptions, CLI } from './options.ts'
import { agentSettings, policyText, workerSettings } from './settings.ts'

/** The CLI's own words. What would have to be asked is refused: there is nobody. */
const APPROVAL: Record<PermissionMode, string> = {
  default: 'default',
  dontAsk: 'default',
  plan: 'plan',
  acceptEdits: 'auto_edit',
  bypassPermissions: 'yolo',
}

export function createGeminiRaw(options: GeminiOptions): RawLauncher {
  const { environment, account, sandbox, executable, runtime = 'node', runtimePath } = options
  return {
    provider: 'gemini',
    async prepare(request) {
      refuseOthers(request)
      if (request.agent !== undefined) refuseSettings(request.agent.cwd)
      const { agent, model, system, appendSystem } = request
      const path = environment['PATH']
      const installation = findGemini({ configured: executable, path, runtime, runtimePath })
      if (!installation) {
        throw notInstalled(CLI)
      }
      const { type, found } = findLogin(account, environment)
      if (type === undefined || !found) throw loginError()
      const { command, args } = installation
      const tools = agent !== undefined && agent.tools === undefined
      const home = await createHome(sandbox, userHome(account, environment), {
        settings: tools ? agentSettings(type) : workerSettings({ auth: type, web: false, models: [] }),
        policy: tools ? '' : policyText(false, false),
      })
      const own = [system, appendSystem].filter(Boolean).join('\n\n')
      if (own !== '') writeFileSync(home.system, own, { mode: 0o600 })
      const env = workerEnvironment(environment, account, home, type, args.length > 0)
      if (tools && path !== undefined) env['PATH'] = path
      if (tools && own === '') delete env['GEMINI_SYSTEM_MD']
      return {
        command,
        args: [...args, ...rawArguments(home, model), ...(agent === undefined ? [] : agentArguments(agent))],
        env,
        cwd: agent?.cwd ?? home.work,
        input: request.prompt,
        isLast: (line) => line.startsWith('{"type":"result"'),
        cleanUp: () => home.folder.remove(),
      }
    },
  }
}

/**
 * Settings of a folder win over all that can be said here, and hold commands that run at the start. In a folder that is not trusted
 * they do not count, but there it does not run at all without a terminal (0.61.0).
 */
function refuseSettings(cwd: string): void {
  if (!existsSync(join(cwd, '.gemini'))) return
  const message = 'Gemini CLI would follow the settings of this folder (.gemini), which may name commands.'
  throw new GatewayError('permission_denied', message, { param: 'cwd' })
}

function agentArguments({ permissionMode, addDirs }: RawAgent): string[] {
  return [`--approval-mode=${APPROVAL[permissionMode]}`, ...addDirs.map((folder) => `--include-directories=${folder}`)]
}

function refuseOthers({ agent, maxTurns, jsonSchema, system, appendSystem }: RawRequest): void {
  refuseUnknown('Gemini CLI', {
    max_turns: maxTurns !== undefined,
    json_schema: jsonSchema !== undefined,
    tools: (agent?.tools?.length ?? 0) > 0,
    allowed_tools: (agent?.allowedTools.length ?? 0) > 0,
    disallowed_tools: (agent?.disallowedTools.length ?? 0) > 0,
    session_id: agent?.sessionId !== undefined,
    // It would take the rest for a folder of its own, which nobody has looked at.
    add_dirs: agent?.addDirs.some((folder) => folder.includes(',')) === true,
    append_system_prompt: agent !== undefined && appendSystem !== undefined && system === undefined,
  })
}
