// Starts a process of the agent.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { GatewayError } from '../../core/error.ts'
import { childEnvironment } from '../../process/environment.ts'
import { findExecutable } from '../../process/find-executable.ts'
import type { McpServer } from '../../tools/mcp-server.ts'
import { startAcp } from '../acp-process.ts'
import type { AcpOptions } from './options.ts'
import { AcpWorker } from './worker.ts'

/** The absolute path of the agent's program, if it is there. */
export function findAgent({ command, environment }: AcpOptions): string | undefined {
  return findExecutable(command, { path: environment['PATH'] })
}

/** `mcp` shows it the caller's functions. @throws GatewayError `provider_unavailable`, or the reason of the abort */
export async function bootAgent(options: AcpOptions, mcp: McpServer, signal: AbortSignal): Promise<AcpWorker> {
  const { name, args, env = {}, files = {}, inherit = [], environment, sandbox } = options
  const command = findAgent(options)
  if (command === undefined) {
    throw new GatewayError('provider_unavailable', `The agent "${name}" is not installed on this machine.`)
  }
  const folder = await sandbox.createFolder('agent')
  const [work, temporary] = [join(folder.path, 'work'), join(folder.path, 'tmp')]
  const inFolder = (text: string) => text.replaceAll('{folder}', folder.path)
  mkdirSync(work, { mode: 0o700 })
  mkdirSync(temporary, { mode: 0o700 })
  for (const [path, text] of Object.entries(files)) writeWithin(folder.path, path, inFolder(text))
  const own = Object.fromEntries(Object.entries(env).map(([variable, value]) => [variable, inFolder(value)]))
  let worker: AcpWorker | undefined
  const agent = await startAcp(
    {
      name: `The agent "${name}"`,
      command,
      args: args.map(inFolder),
      env: childEnvironment(environment, inherit, { TMPDIR: temporary, ...own }),
      cwd: work,
      sandbox,
      folder,
      onPermission: (request) => worker?.permission(request) ?? { outcome: { outcome: 'cancelled' } },
    },
    signal,
  )
  worker = new AcpWorker(agent, { work, mcp })
  return worker
}

/** @throws Error for a path that leads out of the folder */
function writeWithin(folder: string, path: string, text: string): void {
  const file = join(folder, path)
  if (!file.startsWith(folder + sep)) throw new Error(`"${path}" is not in the folder of the process.`)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(file, text, { mode: 0o600 })
}
