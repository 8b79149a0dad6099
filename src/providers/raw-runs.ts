// CLIs that run for callers who want their own output: started, listed, and stopped.
import { type Timeouts, withDeadlines } from '../core/deadlines.ts'
import { GatewayError } from '../core/error.ts'
import type { Batch } from '../core/event.ts'
import { newId } from '../core/ids.ts'
import type { RawRequest, RawRun } from '../core/raw.ts'
import { LineTooLongError } from '../process/lines.ts'
import type { Sandbox, SandboxFolder } from '../process/sandbox.ts'
import { type Child, spawnChild } from '../process/spawn.ts'
import type { ProcessInfo } from './driver.ts'
import type { RawCommand, RawLauncher } from './raw-launch.ts'

export type RawRunsOptions = {
  launchers: readonly RawLauncher[]
  sandbox: Sandbox
  timeouts: Timeouts
  /** Runs at once; more are refused. */
  maxActive: number
}

/** Milliseconds that a process may take to exit by itself behind its last line. */
const LINGER = 5_000

type Active = { id: string; provider: string; child: Child; turn: AbortController; stopping: boolean }

/** Why a run ends that somebody stopped: its reader has an end, and no error. */
const STOPPED = new GatewayError('client_closed_request', 'The process was stopped.')

export class RawRuns {
  private readonly active = new Map<string, Active>()
  private starting = 0
  private closed = false

  constructor(private readonly options: RawRunsOptions) {}

  /** The names of the providers that can be asked. */
  get providers(): string[] {
    return this.options.launchers.map(({ provider }) => provider)
  }

  /**
   * Starts the CLI. It runs until its work is done, `signal` aborts, nobody reads it any more, or somebody stops it.
   * @throws GatewayError what keeps it from starting
   */
  async start(request: RawRequest, signal: AbortSignal): Promise<RawRun> {
    const launcher = this.options.launchers.find(({ provider }) => provider === request.provider)
    if (!launcher) {
      const known = this.providers.join(', ') || 'none is enabled'
      const message = `provider must be one of those that give their own output: ${known}.`
      throw new GatewayError('invalid_request', message, { param: 'provider' })
    }
    if (this.active.size + this.starting >= this.options.maxActive) {
      throw new GatewayError('queue_full', 'Too many agents run here. Try again later.', { retryAfter: 5 })
    }
    this.starting += 1
    try {
      return await this.launch(launcher, request, signal)
    } finally {
      this.starting -= 1
    }
  }

  /** False where there is no such process. Resolves when it is gone, with all that it started. */
  async stop(id: string): Promise<boolean> {
    const run = this.active.get(id)
    if (!run) return false
    run.turn.abort(STOPPED)
    await this.end(run)
    return true
  }

  processes(): ProcessInfo[] {
    return [...this.active.values()].map(({ id, provider, child, stopping }) => ({
      pid: child.pid,
      provider,
      state: stopping ? 'stopping' : 'busy',
      startedAt: child.startedAt,
      turn: id,
    }))
  }

  async close(): Promise<void> {
    this.closed = true
    await Promise.all([...this.active.keys()].map((id) => this.stop(id)))
  }

  private async launch(launcher: RawLauncher, request: RawRequest, signal: AbortSignal): Promise<RawRun> {
    const folder = await this.options.sandbox.createFolder('raw')
    let command: RawCommand | undefined
    let child: Child
    try {
      command = await launcher.prepare(request, folder, signal)
      signal.throwIfAborted()
      if (this.closed) throw new GatewayError('provider_unavailable', 'The gateway is shutting down.')
      child = spawnChild(command)
    } catch (error) {
      await tidy(command, undefined, folder)
      throw error
    }
    await this.options.sandbox.adopt(child, folder)
    child.write(command.input)
    child.endInput()
    const run: Active = {
      id: newId('chat_'),
      provider: launcher.provider,
      child,
      turn: new AbortController(),
      stopping: false,
    }
    this.active.set(run.id, run)
    void child.exited.then(() => {
      this.active.delete(run.id)
      return tidy(command, child.pid, folder)
    })
    const leave = () => run.turn.abort(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    if (signal.aborted) leave()
    run.turn.signal.addEventListener('abort', () => void this.end(run), { once: true })
    if (run.turn.signal.aborted) void this.end(run)
    return {
      id: run.id,
      provider: run.provider,
      lines: this.read(run, command),
      exited: child.exited.then((exit) => ({ ...exit, stopped: run.turn.signal.reason === STOPPED })),
      lastWords: () => child.stderrTail(),
    }
  }

  private async *read(run: Active, command: RawCommand): AsyncGenerator<string[]> {
    try {
      for await (const batch of withDeadlines(rawBatches(run.child, command), this.options.timeouts, run.turn)) {
        yield batch.flatMap((event) => (event.type === 'raw' ? [event.line] : []))
      }
      await run.child.exited
    } catch (error) {
      if (error !== STOPPED) throw error
    } finally {
      void this.end(run)
    }
  }

  /** At once, with the whole group: on SIGTERM some CLIs ask the model once more, and shells outlive their agent. */
  private async end(run: Active): Promise<void> {
    run.stopping = true
    await run.child.stop({ endInputMs: 0, termMs: 0 })
  }
}

async function tidy(command: RawCommand | undefined, pid: number | undefined, folder: SandboxFolder): Promise<void> {
  await Promise.allSettled([command?.cleanUp?.(pid), folder.remove()])
}

async function* rawBatches(child: Child, { isOwn, isLast, verify }: RawCommand): AsyncGenerator<Batch> {
  let linger: Timer | undefined
  try {
    for await (const lines of child.lines) {
      if (verify) for (const line of lines) verify(line)
      const wanted = isOwn ? lines.filter((line) => !isOwn(line)) : lines
      if (linger === undefined && wanted.some(isLast)) linger = setTimeout(() => child.kill('SIGKILL'), LINGER)
      if (wanted.length > 0) yield wanted.map((line) => ({ type: 'raw', line }))
    }
  } catch (error) {
    if (!(error instanceof LineTooLongError)) throw error
    throw new GatewayError('provider_error', 'The CLI wrote a line that is too long.', { cause: error })
  } finally {
    clearTimeout(linger)
  }
}
