// Qwen Code for a caller who wants its own lines (0.24.4): one process, one prompt by stdin, no tools.
import { mkdirSync, writeFileSync } from 'node:fs'
import { GatewayError } from '../../core/error.ts'
import type { RawRequest } from '../../core/raw.ts'
import { type RawLauncher, refuseUnknown, verifyNoTools } from '../raw-launch.ts'
import { qwenEnvironment, RAW_ARGUMENTS, workerFolder } from './command.ts'
import { findQwen } from './executable.ts'
import { readLogin } from './login.ts'
import { INSTALL, type QwenOptions } from './options.ts'
import { turnSettings } from './settings.ts'
import { findModel } from './user-settings.ts'

export function createQwenRaw(options: QwenOptions): RawLauncher {
  const { environment, account, executable: configured, node } = options
  return {
    provider: 'qwen',
    async prepare(request, sandboxFolder) {
      refuseOthers(request)
      const installation = findQwen({ configured, path: environment['PATH'], node })
      if (!installation) {
        throw new GatewayError('provider_unavailable', `Qwen Code is not installed. Run: ${INSTALL}`)
      }
      const { command, args } = installation
      const login = readLogin(account, environment)
      const model = request.model ?? login.defaultModel
      const folder = workerFolder(sandboxFolder.path)
      for (const path of [folder.work, folder.temporary, folder.programs]) mkdirSync(path, { mode: 0o700 })
      const settings = turnSettings({
        model,
        configured: findModel(login.user, model),
        login,
        parameters: { sampling: {}, reasoning: undefined },
        logFolder: folder.temporary,
      })
      writeFileSync(folder.settings, JSON.stringify(settings), { mode: 0o600 })
      const system = [request.system, request.appendSystem].filter(Boolean).join('\n\n')
      writeFileSync(folder.system, system, { mode: 0o600 })
      return {
        command,
        args: [...args, ...RAW_ARGUMENTS],
        env: qwenEnvironment(environment, account, login.user, folder, args.length === 0),
        cwd: folder.work,
        input: request.prompt,
        verify: (line) => verifyNoTools(line),
        isLast: (line) => line.startsWith('{"type":"result"'),
      }
    },
  }
}

function refuseOthers({ agent, maxTurns, jsonSchema }: RawRequest): void {
  refuseUnknown('Qwen Code', {
    cwd: agent !== undefined,
    max_turns: maxTurns !== undefined,
    json_schema: jsonSchema !== undefined,
  })
}
