// The process in use, the next one, and those that only finish what they have begun.
import { GatewayError } from '../../core/error.ts'
import { Backoff } from '../../process/pool-backoff.ts'
import { bootQwen } from './boot.ts'
import { orAbort } from '../acp-cancelable.ts'
import { findQwen, type Installation } from './executable.ts'
import { INSTALL, MINIMUM_VERSION, type QwenOptions, RECYCLE, UPDATE } from './options.ts'
import { settingsStamp, userHome } from './user-settings.ts'
import { isAtLeast } from '../acp-version.ts'
import type { QwenWorker } from './worker.ts'

/** Milliseconds: the first wait after a crash or a failed start, and the longest. */
const BACKOFF = { first: 250, longest: 30_000 }
/** A request waits no longer than this for another attempt, in milliseconds. */
const PATIENCE = 2_000
/** Memory is looked at every so many turns. */
const LOOK_EVERY = 10

/** A process, and the settings that it was started with. */
type Entry = { worker: QwenWorker; stamp: string; retired: boolean }

export class QwenWorkers {
  private current: Entry | undefined
  private booting: Promise<Entry> | undefined
  private readonly all = new Map<QwenWorker, Entry>()
  private readonly backoff = new Backoff(BACKOFF.first, BACKOFF.longest)
  private lastError: unknown
  private retry: Timer | undefined
  private readonly closing = new AbortController()

  constructor(private readonly options: QwenOptions) {}

  get workers(): readonly QwenWorker[] {
    return [...this.all.keys()]
  }

  /** The CLI, if it is there. */
  find(): Installation | undefined {
    const { executable: configured, node, environment } = this.options
    return findQwen({ configured, node, path: environment['PATH'] })
  }

  /**
   * The process for a turn: the present one, or one that is started now. Give it back with `release`.
   * @throws GatewayError `provider_unavailable`, `internal_error`; the reason of the abort
   */
  async acquire(turn: string, signal: AbortSignal): Promise<QwenWorker> {
    const worker = await this.ready(signal)
    worker.running.add(turn)
    return worker
  }

  /** A process that could take a turn. */
  async ready(signal: AbortSignal): Promise<QwenWorker> {
    const { worker } = await orAbort(this.get(), signal)
    return worker
  }

  /** After a turn, when its session is closed. `answered`: the process has proved to work. */
  release(worker: QwenWorker, turn: string, answered: boolean): void {
    worker.running.delete(turn)
    const entry = this.all.get(worker)
    if (!entry) return
    if (answered) this.backoff.succeed()
    if (entry.retired) return this.disposeIdle(entry)
    if (entry === this.current && this.isWornOut(worker)) this.replace()
  }

  /** Starts a process ahead of its first turn, and keeps one from then on. */
  start(): void {
    if (this.options.warm && !this.closing.signal.aborted) this.bootInBackground()
  }

  async close(): Promise<void> {
    this.closing.abort(new GatewayError('provider_unavailable', 'The gateway is shutting down.'))
    clearTimeout(this.retry)
    await this.booting?.catch(() => {})
    await Promise.all(this.workers.map((worker) => worker.dispose()))
  }

  private async get(): Promise<Entry> {
    this.closing.signal.throwIfAborted()
    const { current } = this
    if (current?.worker.alive && current.stamp === this.stamp()) return current
    if (current?.worker.alive) {
      this.options.log.info(
        { pid: current.worker.pid },
        'The settings of Qwen Code have changed: its process is replaced.',
      )
      this.retire(current)
    }
    return this.boot()
  }

  private boot(): Promise<Entry> {
    this.booting ??= this.bootAfterWait().finally(() => (this.booting = undefined))
    return this.booting
  }

  private async bootAfterWait(): Promise<Entry> {
    const { signal } = this.closing
    const installation = this.installation()
    const wait = this.backoff.remaining(performance.now())
    if (wait > PATIENCE) throw this.unavailable(wait)
    if (wait > 0) await orAbort(Bun.sleep(wait), signal)
    const stamp = this.stamp()
    const begun = performance.now()
    try {
      const worker = await bootQwen(this.options, installation, signal)
      this.options.log.debug(
        { pid: worker.pid, duration: performance.now() - begun },
        'A process of Qwen Code has started.',
      )
      return this.install({ worker, stamp, retired: false })
    } catch (error) {
      this.lastError = error
      if (!signal.aborted) this.backoff.fail(performance.now())
      throw error
    }
  }

  private install(entry: Entry): Entry {
    this.lastError = undefined
    this.all.set(entry.worker, entry)
    entry.worker.onExit((crashed) => this.onExit(entry, crashed))
    const previous = this.current
    this.current = entry
    if (previous) this.retire(previous)
    return entry
  }

  private installation(): Installation {
    const installation = this.find()
    if (!installation) throw new GatewayError('provider_unavailable', `Qwen Code is not installed. Run: ${INSTALL}`)
    const { minimumVersion: minimum = MINIMUM_VERSION } = this.options
    if (isAtLeast(installation.version, minimum)) return installation
    const message = `Qwen Code ${installation.version} is older than ${minimum}, the oldest that cligate can drive. Run: ${UPDATE}`
    throw new GatewayError('provider_unavailable', message)
  }

  private unavailable(wait: number): GatewayError {
    const retryAfter = Math.ceil(wait / 1000)
    const { lastError: cause } = this
    if (cause instanceof GatewayError) return new GatewayError(cause.code, cause.message, { cause, retryAfter })
    return new GatewayError('provider_unavailable', 'Qwen Code keeps ending. Run: cligate doctor', {
      cause,
      retryAfter,
    })
  }

  private onExit(entry: Entry, crashed: boolean): void {
    const { worker } = entry
    void worker.dispose().then(() => this.all.delete(worker))
    if (this.current === entry) this.current = undefined
    if (!crashed || this.closing.signal.aborted) return
    const retryIn = this.backoff.fail(performance.now())
    const { pid } = worker
    this.options.log.warn({ pid, retryIn, stderr: worker.lastWords() }, 'A process of Qwen Code has ended by itself.')
    if (this.options.warm) this.bootInBackground(retryIn)
  }

  private bootInBackground(wait = 0): void {
    clearTimeout(this.retry)
    this.retry = setTimeout(() => {
      if (this.current?.worker.alive) return
      this.boot().catch((error: unknown) => {
        if (!this.closing.signal.aborted) this.options.log.info({ error }, 'Qwen Code cannot be used.')
      })
    }, wait)
    this.retry.unref()
  }

  private isWornOut(worker: QwenWorker): boolean {
    const { turns = RECYCLE.turns, memory = RECYCLE.memory } = this.options.recycle ?? {}
    if (worker.stuck || worker.sessions > turns) return true
    return worker.sessions % LOOK_EVERY === 0 && worker.memory >= memory
  }

  /** The next one is started first: no turn waits for it. */
  private replace(): void {
    this.options.log.debug({ pid: this.current?.worker.pid }, 'A process of Qwen Code is worn out, and replaced.')
    this.boot().catch((error: unknown) => {
      if (!this.closing.signal.aborted)
        this.options.log.warn({ error }, 'A process of Qwen Code could not be replaced.')
    })
  }

  /** It ends when its turns are over. */
  private retire(entry: Entry): void {
    entry.retired = true
    if (this.current === entry) this.current = undefined
    this.disposeIdle(entry)
  }

  private disposeIdle({ worker }: Entry): void {
    if (worker.running.size === 0) void worker.dispose()
  }

  private stamp(): string {
    return settingsStamp(userHome(this.options.account, this.options.environment))
  }
}
