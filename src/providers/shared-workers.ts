// A CLI whose one process takes all turns: the process in use, the next one, and those that only finish what they have begun.
import { GatewayError } from '../core/error.ts'
import { Backoff } from '../process/pool-backoff.ts'
import { Slots } from '../process/pool-slots.ts'
import { orAbort } from '../core/or-abort.ts'
import type { ProcessInfo } from './driver.ts'
import type { Cli } from './installation.ts'
import { type SharedWorker, type SharedWorkersOptions, toProcessInfo } from './shared-worker.ts'

/** Milliseconds: the first wait after a crash or a failed start, and the longest. */
const BACKOFF = { first: 250, longest: 30_000 }
/** A request waits no longer than this for another attempt, in milliseconds. */
const PATIENCE = 2_000

/** `stamp` is that of when it was started. */
type Entry<W> = { worker: W; stamp: string; retired: boolean }

export abstract class SharedWorkers<W extends SharedWorker> {
  private current: Entry<W> | undefined
  private booting: Promise<Entry<W>> | undefined
  private readonly all = new Map<W, Entry<W>>()
  private readonly backoff = new Backoff(BACKOFF.first, BACKOFF.longest)
  private lastError: unknown
  private retry: Timer | undefined
  private readonly closing = new AbortController()
  private readonly slots: Slots

  constructor(
    private readonly cli: Cli,
    private readonly shared: SharedWorkersOptions,
  ) {
    this.slots = new Slots(shared)
  }

  /** Aborts when it closes. */
  get closed(): AbortSignal {
    return this.closing.signal
  }

  /** The CLI, if it is there. */
  abstract find(): unknown

  /** What a process reads only when it starts, as a text that changes with it: the user's login and settings. */
  protected abstract stamp(): string
  /**
   * Finds the CLI; gives what starts a process of it.
   * @throws GatewayError `provider_unavailable`, which is no reason to wait before the next attempt
   */
  protected abstract prepare(signal: AbortSignal): Promise<(signal: AbortSignal) => Promise<W>>
  /** Whether a fresh one shall take its place. Asked after each turn. */
  protected abstract isWornOut(worker: W): boolean

  /**
   * Waits until another turn may run; gives what to call when it is over.
   * @throws GatewayError `queue_full`; the reason of the abort
   */
  async admit(signal: AbortSignal): Promise<() => void> {
    await this.slots.take(signal, (reason, retryAfter) =>
      this.shared.log.debug({ reason, retryAfter }, `${this.cli.title}: a turn is refused.`),
    )
    const begun = performance.now()
    return () => this.slots.free(performance.now() - begun)
  }

  /**
   * The process for a turn: the present one, or one that is started now. Give it back with `release`.
   * @throws GatewayError `provider_unavailable`, `internal_error`; the reason of the abort
   */
  async acquire(turn: string, signal: AbortSignal): Promise<W> {
    const worker = await this.ready(signal)
    worker.running.add(turn)
    return worker
  }

  /** A process that could take a turn. */
  async ready(signal: AbortSignal): Promise<W> {
    const { worker } = await orAbort(this.get(), signal)
    return worker
  }

  /** After a turn. `answered`: the process has proved to work. */
  release(worker: W, turn: string, answered: boolean): void {
    worker.running.delete(turn)
    const entry = this.all.get(worker)
    if (!entry) return
    if (answered) this.backoff.succeed()
    if (entry.retired) return this.disposeIdle(entry)
    if (entry === this.current && this.isWornOut(worker)) this.replace('worn out')
  }

  /** Whether the next turn is likely to be given to it: no other process takes its place. */
  isNext(worker: W): boolean {
    return this.current?.worker === worker && !this.isWornOut(worker)
  }

  /**
   * Starts a process ahead of its first turn; again, at growing intervals, where it does not start or crashes. Nothing where the CLI is not
   * there: the first turn says so, and `cligate doctor` does.
   */
  start(): void {
    if (this.shared.warm && !this.closing.signal.aborted && this.find() !== undefined) this.bootInBackground()
  }

  processes(): ProcessInfo[] {
    return [...this.all.keys()].map((worker) => toProcessInfo(this.cli.provider, worker))
  }

  async close(): Promise<void> {
    const reason = new GatewayError('provider_unavailable', 'The gateway is shutting down.')
    this.closing.abort(reason)
    this.slots.refuseAll(reason)
    clearTimeout(this.retry)
    await this.booting?.catch(() => {})
    await Promise.all([...this.all.keys()].map((worker) => worker.dispose()))
  }

  /** Has another process take the place of the present one. It is started first: no turn waits for it. */
  protected replace(why: string): void {
    if (!this.current || this.backoff.remaining(performance.now()) > 0) return
    this.shared.log.debug({ pid: this.current.worker.pid, why }, `A process of ${this.cli.title} is replaced.`)
    this.boot().catch((error: unknown) => {
      if (this.closing.signal.aborted) return
      this.shared.log.warn({ error }, `A process of ${this.cli.title} could not be replaced.`)
    })
  }

  private async get(): Promise<Entry<W>> {
    const entry = await this.presentOrNext()
    if (entry.stamp === this.stamp()) return entry
    // It was begun before the login has changed. Once: what changes with each start would never come to an end.
    return this.presentOrNext()
  }

  private async presentOrNext(): Promise<Entry<W>> {
    this.closing.signal.throwIfAborted()
    const { current } = this
    if (current?.worker.alive && current.stamp === this.stamp()) return current
    if (current?.worker.alive) {
      const { pid } = current.worker
      this.shared.log.info(
        { pid },
        `The login or the settings of ${this.cli.title} have changed: its process is replaced.`,
      )
      this.retire(current)
    }
    return this.boot()
  }

  private boot(): Promise<Entry<W>> {
    this.booting ??= this.bootAfterWait().finally(() => (this.booting = undefined))
    return this.booting
  }

  private async bootAfterWait(): Promise<Entry<W>> {
    const { signal } = this.closing
    const start = await this.prepare(signal)
    const wait = this.backoff.remaining(performance.now())
    if (wait > PATIENCE) throw this.unavailable(wait)
    if (wait > 0) await orAbort(Bun.sleep(wait), signal)
    const stamp = this.stamp()
    const begun = performance.now()
    try {
      const worker = await start(signal)
      const duration = performance.now() - begun
      this.shared.log.debug({ pid: worker.pid, duration }, `A process of ${this.cli.title} has started.`)
      return this.install({ worker, stamp, retired: false })
    } catch (error) {
      this.lastError = error
      if (!signal.aborted) this.backoff.fail(performance.now())
      throw error
    }
  }

  private install(entry: Entry<W>): Entry<W> {
    this.lastError = undefined
    this.all.set(entry.worker, entry)
    entry.worker.onExit((crashed) => this.onExit(entry, crashed))
    const previous = this.current
    this.current = entry
    if (previous) this.retire(previous)
    return entry
  }

  private unavailable(wait: number): GatewayError {
    const retryAfter = Math.ceil(wait / 1000)
    const { lastError: cause } = this
    if (cause instanceof GatewayError) return new GatewayError(cause.code, cause.message, { cause, retryAfter })
    const message = `${this.cli.title} keeps ending. Run: cligate doctor`
    return new GatewayError('provider_unavailable', message, { cause, retryAfter })
  }

  private onExit(entry: Entry<W>, crashed: boolean): void {
    const { worker } = entry
    if (this.current === entry) this.current = undefined
    void worker.dispose().then(() => this.all.delete(worker))
    if (!crashed || this.closing.signal.aborted) return
    const retryIn = this.backoff.fail(performance.now())
    const { pid } = worker
    const fields = { pid, retryIn, stderr: worker.lastWords() }
    this.shared.log.warn(fields, `A process of ${this.cli.title} has ended by itself.`)
    if (this.shared.warm) this.bootInBackground(retryIn)
  }

  /** Until there is one, or the failure is none that passes by itself: then the next turn tries. */
  private bootInBackground(wait = 0, again = false): void {
    clearTimeout(this.retry)
    this.retry = setTimeout(() => {
      if (this.current?.worker.alive) return
      this.boot().catch((error: unknown) => {
        if (this.closing.signal.aborted) return
        const retryIn = passes(error) ? this.backoff.remaining(performance.now()) : 0
        this.shared.log[again ? 'debug' : 'info']({ error, retryIn }, `${this.cli.title} cannot be used.`)
        if (retryIn > 0) this.bootInBackground(retryIn, true)
      })
    }, wait)
    this.retry.unref()
  }

  /** It ends when its turns are over. */
  private retire(entry: Entry<W>): void {
    entry.retired = true
    if (this.current === entry) this.current = undefined
    this.disposeIdle(entry)
  }

  private disposeIdle({ worker }: Entry<W>): void {
    if (worker.running.size === 0) void worker.dispose()
  }
}

/** Not so where the CLI is not safe to use. */
function passes(error: unknown): boolean {
  return !(error instanceof GatewayError && error.code === 'internal_error')
}
