// Gemini CLI for a caller who wants its own lines (0.61.0): one process, one prompt by stdin, no tools.
import { writeFileSync } from 'node:fs'
import { GatewayError } from '../../core/error.ts'
import type { RawRequest } from '../../core/raw.ts'
import { type RawLauncher, refuseUnknown } from '../raw-launch.ts'
import { findLogin, userFolder } from './auth.ts'
import { rawArguments, workerEnvironment } from './command.ts'
import { loginError } from './errors.ts'
import { findGemini } from './executable.ts'
import { createHome } from './home.ts'
import { type GeminiOptions, INSTALL } from './options.ts'
import { policyText, workerSettings } from './settings.ts'

export function createGeminiRaw(options: GeminiOptions): RawLauncher {
  const { environment, account, sandbox, executable, runtime = 'node', runtimePath } = options
  return {
    provider: 'gemini',
    async prepare(request) {
      refuseOthers(request)
      const path = environment['PATH']
      const installation = findGemini({ configured: executable, path, runtime, runtimePath })
      if (!installation) {
        throw new GatewayError('provider_unavailable', `Gemini CLI is not installed. Run: ${INSTALL}`)
      }
      const { type, found } = findLogin(account, environment)
      if (type === undefined || !found) throw loginError()
      const { command, args } = installation
      const contents = { settings: workerSettings({ auth: type, web: false, models: [] }), policy: policyText(false) }
      const home = await createHome(sandbox, userFolder(account, environment), contents)
      const system = [request.system, request.appendSystem].filter(Boolean).join('\n\n')
      if (system !== '') writeFileSync(home.system, system, { mode: 0o600 })
      return {
        command,
        args: [...args, ...rawArguments(home, request.model)],
        env: workerEnvironment(environment, account, home, type, args.length > 0),
        cwd: home.work,
        input: request.prompt,
        isLast: (line) => line.startsWith('{"type":"result"'),
        cleanUp: () => home.folder.remove(),
      }
    },
  }
}

function refuseOthers({ agent, maxTurns, jsonSchema }: RawRequest): void {
  refuseUnknown('Gemini CLI', {
    cwd: agent !== undefined,
    max_turns: maxTurns !== undefined,
    json_schema: jsonSchema !== undefined,
  })
}
