// Starts an app-server and brings it to where it takes turns.
import { GatewayError } from '../../core/error.ts'
import { type Child, spawnChild } from '../../process/spawn.ts'
import { loginOf } from './auth.ts'
import type { Catalog } from './catalog.ts'
import { codexEnvironment, serverArguments } from './command.ts'
import { createCodexFolder, userHome, writePrivate } from './home.ts'
import { checkRunning, checkSettings } from './init-check.ts'
import type { LimitWindow } from './limits.ts'
import type { CodexOptions } from './options.ts'
import { initializeParams } from './protocol.ts'
import { CodexWorker } from './worker.ts'

export type Installation = {
  executable: string
  catalog: Catalog
  onLimits: (windows: LimitWindow[]) => void
}

/** A boot that takes longer has failed, in milliseconds; 60 to 250 are usual. */
const BOOT_TIMEOUT = 30_000

/** @throws GatewayError `provider_unavailable`, or `internal_error` where it is not safe to chat with; the reason of the abort */
export async function bootCodex(
  options: CodexOptions,
  installation: Installation,
  signal: AbortSignal,
): Promise<CodexWorker> {
  signal.throwIfAborted()
  const worker = await start(options, installation)
  const kill = () => void worker.dispose(true)
  const timer = setTimeout(kill, BOOT_TIMEOUT)
  signal.addEventListener('abort', kill, { once: true })
  try {
    await handshake(worker, options)
    signal.throwIfAborted()
    return worker
  } catch (error) {
    await worker.dispose(true)
    signal.throwIfAborted()
    if (error instanceof GatewayError) throw error
    const cause = new Error(`${String(error)} ${worker.lastWords()}`, { cause: error })
    throw new GatewayError('provider_unavailable', 'Codex did not start. Run: cligate doctor', { cause })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', kill)
  }
}

async function start(options: CodexOptions, { executable, catalog, onLimits }: Installation): Promise<CodexWorker> {
  const { account, environment, sandbox } = options
  const folder = await createCodexFolder(sandbox, userHome(account, environment))
  let child: Child | undefined
  try {
    const args = serverArguments(options, writePrivate(folder, 'models.json', catalog.patched))
    const env = codexEnvironment(environment, account, folder)
    child = spawnChild({ command: executable, args, env, cwd: folder.work })
    await sandbox.adopt(child, folder.sandbox)
    return new CodexWorker(child, folder, onLimits)
  } catch (error) {
    await child?.stop({ endInputMs: 0, termMs: 0 })
    await folder.sandbox.remove()
    throw error
  }
}

async function handshake(worker: CodexWorker, options: CodexOptions): Promise<void> {
  const { rpc } = worker
  await rpc.call('initialize', initializeParams())
  rpc.notify('initialized')
  // First and alone: asked for its MCP servers, Codex starts those that it has.
  const settings = checkSettings(await rpc.call('config/read', {}), options.web)
  if (settings) throw settings
  const [mcpServers, hooks, auth] = await Promise.all([
    rpc.call('mcpServerStatus/list', {}),
    rpc.call('hooks/list', {}),
    rpc.call('getAuthStatus', { includeToken: false, refreshToken: false }),
  ])
  const running = checkRunning({ mcpServers, hooks })
  if (running) throw running
  worker.login = loginOf(options, auth)
}
