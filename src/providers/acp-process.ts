// Starts an agent and brings it to where it takes sessions.
import { GatewayError } from '../core/error.ts'
import type { Sandbox, SandboxFolder } from '../process/sandbox.ts'
import { type Child, spawnChild, type StopLadder } from '../process/spawn.ts'
import { AcpClient, type AcpClientOptions } from './acp-client.ts'
import type { InitializeResponse } from './acp-types.ts'

export type AcpLaunch = AcpClientOptions & {
  command: string
  args: readonly string[]
  /** The whole environment. */
  env: Record<string, string>
  cwd: string
  sandbox: Sandbox
  /** What the process may write into; removed with it. */
  folder: SandboxFolder
  /** Milliseconds; a boot that takes longer has failed. 30 s by default. */
  bootTimeout?: number
  /** Looks at what the agent says on stderr while it boots: an error ends the boot, where it would wait for a person. */
  giveUp?(stderr: string): GatewayError | undefined
}

const BOOT_TIMEOUT = 30_000
/** How often its stderr is looked at meanwhile, in milliseconds. */
const LOOK_EVERY = 200
/** SIGTERM ends a well-behaved agent in some 30 ms (Gemini CLI 0.61.0, Qwen Code 0.24.4). */
const LADDER: StopLadder = { endInputMs: 0, termMs: 500 }

let started = 0

/** An agent that is there and initialised. */
export class AcpProcess {
  readonly id: string
  private ended = false
  private disposing: Promise<void> | undefined

  constructor(
    readonly child: Child,
    readonly client: AcpClient,
    readonly info: InitializeResponse,
    readonly folder: SandboxFolder,
  ) {
    started += 1
    this.id = `acp-${started}`
    void child.exited.then(() => (this.ended = true))
  }

  get alive(): boolean {
    return !this.ended && this.disposing === undefined
  }

  onExit(listener: () => void): void {
    void this.child.exited.then(listener)
  }

  /** Stops it with all it started, and removes its folder. Idempotent; never rejects. */
  dispose(ladder: StopLadder = LADDER): Promise<void> {
    if (this.disposing && ladder.termMs === 0) this.child.kill('SIGKILL')
    this.disposing ??= stop(this.child, this.folder, this.client, ladder)
    return this.disposing
  }
}

/**
 * Starts the process and initialises it. The folder is removed where that fails.
 * @throws GatewayError `provider_unavailable`, or the reason of the abort
 */
export async function startAcp(launch: AcpLaunch, signal: AbortSignal): Promise<AcpProcess> {
  const { name, folder } = launch
  let child: Child | undefined
  const boot = new AbortController()
  const leave = () => boot.abort(signal.reason)
  const limit = launch.bootTimeout ?? BOOT_TIMEOUT
  const timer = setTimeout(() => boot.abort(new Error(`It took longer than ${limit} ms.`)), limit)
  const look = () => {
    const error = launch.giveUp?.(child?.stderrTail() ?? '')
    if (error) boot.abort(error)
  }
  const looking = launch.giveUp && setInterval(look, LOOK_EVERY)
  signal.addEventListener('abort', leave, { once: true })
  try {
    signal.throwIfAborted()
    child = spawnChild({ command: launch.command, args: launch.args, env: launch.env, cwd: launch.cwd })
    await launch.sandbox.adopt(child, folder)
    const client = await AcpClient.connect(child, launch)
    const info = await client.initialize(boot.signal)
    return new AcpProcess(child, client, info, folder)
  } catch (error) {
    await stop(child, folder, undefined, { endInputMs: 0, termMs: 0 })
    signal.throwIfAborted()
    look()
    const known = [boot.signal.reason, error].find(
      (reason) => reason instanceof GatewayError && reason.code !== 'provider_error',
    )
    if (known) throw known
    const cause = new Error(`${String(error)} ${child?.stderrTail() ?? ''}`, { cause: error })
    throw new GatewayError('provider_unavailable', `${name} did not start. Run: cligate doctor`, { cause })
  } finally {
    clearTimeout(timer)
    clearInterval(looking)
    signal.removeEventListener('abort', leave)
  }
}

async function stop(
  child: Child | undefined,
  folder: SandboxFolder,
  client: AcpClient | undefined,
  ladder: StopLadder,
): Promise<void> {
  await child?.stop(ladder)
  client?.close()
  await folder.remove().catch(() => {})
}
