// Agents that are started ahead and serve one turn after the other, each alone. What single-use processes need is in
// process/pool.ts; here a process comes back.
import { GatewayError } from '../core/error.ts'
import { Backoff } from '../process/pool-backoff.ts'
import { Slots } from '../process/pool-slots.ts'
import { Arrivals } from './acp-arrivals.ts'
import { nextStep, type StockNumbers } from './acp-stock.ts'

export interface Worker {
  readonly id: string
  readonly alive: boolean
  /** Called once when the process is gone; at once where it is gone already. */
  onExit(listener: () => void): void
  /** Idempotent; never rejects. */
  dispose(): Promise<void>
}

/** What a driver's configuration says about its workers. Times in milliseconds. */
export type WorkerNumbers = StockNumbers & {
  /** Most idle workers; those that come back beyond it are stopped. */
  maxWarm: number
  /** Turns at once; more wait in line. */
  maxActive: number
  /** Turns that wait; more are refused. */
  maxQueue: number
  /** How long a turn waits; 0: no limit. */
  queueTimeout: number
}

export type WorkerEvent =
  | { type: 'booted'; id: string; duration: number }
  | { type: 'boot-failed'; error: unknown; retryIn: number }
  | { type: 'claimed'; id: string; cold: boolean; waited: number }
  | { type: 'released'; id: string; reused: boolean; duration: number }
  | { type: 'refused'; reason: 'queue-full' | 'queue-timeout'; retryAfter: number }
  | { type: 'exited'; id: string; retryIn: number }

export type WorkersOptions<W extends Worker> = WorkerNumbers & {
  /** Starts a worker that is ready for a turn. Rejects when `signal` aborts. */
  boot(signal: AbortSignal): Promise<W>
  log(event: WorkerEvent): void
}

export interface WorkerLease<W extends Worker> {
  readonly worker: W
  /** The first token is out: boots in the background disturb it no more. */
  markResponding(): void
  /** The turn is over, and the worker is as good as back: nobody who waits needs another one started. */
  comesBack(): void
  /** Gives the worker back; one that is not `reusable` is stopped. Idempotent. */
  release(reusable: boolean): void
}

const FIRST_BACKOFF = 250
const LONGEST_BACKOFF = 30_000

export class Workers<W extends Worker> {
  private readonly slots: Slots
  private readonly backoff = new Backoff(FIRST_BACKOFF, LONGEST_BACKOFF)
  private readonly arrivals = new Arrivals<W>()
  private readonly idle: W[] = []
  private readonly busy = new Set<W>()
  private readonly quiet = new Set<object>()
  private readonly ending = new AbortController()
  private readonly pending = new Set<Promise<unknown>>()
  private booting = 0
  /** Workers that are on their way back. */
  private returning = 0
  private running = false
  private lastClaim = performance.now()
  private timer: Timer | undefined

  constructor(private readonly options: WorkersOptions<W>) {
    this.slots = new Slots(options)
  }

  /** Begins to keep idle workers. */
  start(): void {
    this.running = true
    this.lastClaim = performance.now()
    this.balance()
  }

  /**
   * Lends a worker: an idle one, else the first that becomes free or has started.
   * @throws GatewayError `queue_full` with a `retryAfter`, what the boot threw, or the reason of the abort
   */
  async claim(signal: AbortSignal): Promise<WorkerLease<W>> {
    this.ending.signal.throwIfAborted()
    const asked = performance.now()
    await this.slots.take(signal, (reason, retryAfter) => this.options.log({ type: 'refused', reason, retryAfter }))
    const turn = {}
    this.quiet.add(turn)
    try {
      signal.throwIfAborted()
      const cold = this.idle.length === 0
      const worker = this.idle.pop() ?? (await this.wait(signal))
      this.busy.add(worker)
      this.lastClaim = performance.now()
      this.options.log({ type: 'claimed', id: worker.id, cold, waited: this.lastClaim - asked })
      this.balance()
      return this.lease(worker, turn)
    } catch (error) {
      this.quiet.delete(turn)
      this.slots.free()
      throw error
    }
  }

  snapshot(): { workers: { worker: W; state: 'idle' | 'busy' }[]; booting: number; waiting: number } {
    const workers = [
      ...this.idle.map((worker) => ({ worker, state: 'idle' as const })),
      ...[...this.busy].map((worker) => ({ worker, state: 'busy' as const })),
    ]
    return { workers, booting: this.booting, waiting: this.slots.waiting }
  }

  /** Refuses those that wait and stops all workers, lent ones too. Idempotent; never rejects. */
  async close(): Promise<void> {
    if (!this.ending.signal.aborted) {
      const reason = new GatewayError('provider_unavailable', 'The gateway is shutting down.')
      this.running = false
      clearTimeout(this.timer)
      this.ending.abort(reason)
      this.slots.refuseAll(reason)
      this.arrivals.refuseAll(reason)
      for (const worker of [...this.idle.splice(0), ...this.busy]) this.track(worker.dispose())
    }
    while (this.pending.size > 0) await Promise.all(this.pending)
  }

  private wait(signal: AbortSignal): Promise<W> {
    const arrival = this.arrivals.next(signal)
    this.balance()
    return arrival
  }

  /** Starts what is missing: for those that wait at once, for the stock when it disturbs nobody. */
  private balance(): void {
    clearTimeout(this.timer)
    while (this.booting + this.returning < this.arrivals.waiting) this.boot()
    if (!this.running) return
    const now = performance.now()
    const step = nextStep(this.options, {
      now,
      lastClaim: this.lastClaim,
      idle: this.idle.length,
      booting: this.booting > 0,
      quiet: this.quiet.size > 0,
      backoff: this.backoff.remaining(now),
    })
    if (step.do === 'boot') this.boot()
    if (step.do === 'shrink') this.shrink(step.to)
    if (step.do === 'look') this.later(step.wait)
  }

  private later(wait: number): void {
    this.timer = setTimeout(() => this.balance(), Math.ceil(wait))
    this.timer.unref()
  }

  private shrink(to: number): void {
    for (const worker of this.idle.splice(0, this.idle.length - to)) this.track(worker.dispose())
  }

  private boot(): void {
    this.booting += 1
    this.track(this.bootOne())
  }

  private async bootOne(): Promise<void> {
    const since = performance.now()
    try {
      const worker = await this.options.boot(this.ending.signal)
      this.booting -= 1
      this.backoff.succeed()
      this.options.log({ type: 'booted', id: worker.id, duration: performance.now() - since })
      worker.onExit(() => this.drop(worker))
      this.keep(worker, 'unused')
    } catch (error) {
      this.booting -= 1
      const retryIn = this.backoff.fail(performance.now())
      if (!this.ending.signal.aborted) this.options.log({ type: 'boot-failed', error, retryIn })
      // Those for whom another boot is under way go on waiting.
      if (this.arrivals.waiting > this.booting + this.returning) this.arrivals.refuse(error)
    }
    this.balance()
  }

  /** What was used last is lent first: the code of a worker is compiled better with each turn. */
  private keep(worker: W, state: 'used' | 'unused'): boolean {
    if (!worker.alive || this.ending.signal.aborted) {
      this.track(worker.dispose())
      return false
    }
    if (this.arrivals.give(worker)) return true
    const { warm, maxWarm } = this.options
    if (this.idle.length >= Math.max(1, warm, maxWarm)) {
      this.track(worker.dispose())
      return false
    }
    if (state === 'used') this.idle.push(worker)
    else this.idle.unshift(worker)
    return true
  }

  private lease(worker: W, turn: object): WorkerLease<W> {
    const since = performance.now()
    let released = false
    const markResponding = () => {
      if (this.quiet.delete(turn)) this.balance()
    }
    let returning = false
    const comesBack = () => {
      if (released || returning) return
      returning = true
      this.returning += 1
    }
    const release = (reusable: boolean) => {
      if (released) return
      released = true
      if (returning) this.returning -= 1
      this.quiet.delete(turn)
      this.busy.delete(worker)
      const duration = performance.now() - since
      let reused = false
      if (reusable) reused = this.keep(worker, 'used')
      else this.track(worker.dispose())
      this.options.log({ type: 'released', id: worker.id, reused, duration })
      this.slots.free(duration)
      this.balance()
    }
    return { worker, markResponding, comesBack, release }
  }

  /** It died while nobody used it. */
  private drop(worker: W): void {
    const position = this.idle.indexOf(worker)
    if (position === -1) return
    this.idle.splice(position, 1)
    this.options.log({ type: 'exited', id: worker.id, retryIn: this.backoff.fail(performance.now()) })
    this.track(worker.dispose())
    this.balance()
  }

  private track(action: Promise<unknown>): void {
    this.pending.add(action)
    void action.finally(() => this.pending.delete(action))
  }
}
