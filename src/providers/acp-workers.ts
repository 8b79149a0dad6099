// Agents that are started ahead and serve one turn after the other, each alone. What single-use processes need is in
// process/pool.ts; here a process comes back.
import { GatewayError } from '../core/error.ts'
import { Backoff } from '../process/pool-backoff.ts'
import { Slots } from '../process/pool-slots.ts'
import { Arrivals } from './acp-arrivals.ts'
import { IdleWorkers } from './acp-idle.ts'
import { nextStep } from './acp-stock.ts'
import type { Worker, WorkerLease, WorkersOptions } from './acp-workers-types.ts'

export type { Worker, WorkerEvent, WorkerLease, WorkerNumbers, WorkersOptions } from './acp-workers-types.ts'

const FIRST_BACKOFF = 250
const LONGEST_BACKOFF = 30_000

export class Workers<W extends Worker> {
  private readonly slots: Slots
  private readonly backoff = new Backoff(FIRST_BACKOFF, LONGEST_BACKOFF)
  private readonly arrivals = new Arrivals<W>()
  private readonly idle: IdleWorkers<W>
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
    this.idle = new IdleWorkers(Math.max(1, options.warm, options.maxWarm))
  }

  /** Begins to keep idle workers. */
  start(): void {
    this.running = true
    this.lastClaim = performance.now()
    this.balance()
  }

  /**
   * Lends a worker: an idle one, else the first that becomes free or has started. Those that do not fit are left to others; of the
   * idle ones, one that suits comes first.
   * @throws GatewayError `queue_full` with a `retryAfter`, what the boot threw, or the reason of the abort
   */
  async claim(
    signal: AbortSignal,
    fits: (worker: W) => boolean = () => true,
    suits: (worker: W) => boolean = fits,
  ): Promise<WorkerLease<W>> {
    this.ending.signal.throwIfAborted()
    const asked = performance.now()
    await this.slots.take(signal, (reason, retryAfter) => this.options.log({ type: 'refused', reason, retryAfter }))
    const turn = {}
    this.quiet.add(turn)
    try {
      signal.throwIfAborted()
      const ready = this.takeIdle(fits, suits)
      const worker = ready ?? (await this.wait(signal, fits))
      this.busy.add(worker)
      this.lastClaim = performance.now()
      this.options.log({ type: 'claimed', id: worker.id, cold: ready === undefined, waited: this.lastClaim - asked })
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
      ...this.idle.all().map((worker) => ({ worker, state: 'idle' as const })),
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
      for (const worker of [...this.idle.shrink(0), ...this.busy]) this.track(worker.dispose())
    }
    while (this.pending.size > 0) await Promise.all(this.pending)
  }

  private takeIdle(fits: (worker: W) => boolean, suits: (worker: W) => boolean): W | undefined {
    while (true) {
      const worker = this.idle.take(fits, suits)
      if (worker === undefined || this.options.isStale?.(worker) !== true) return worker
      this.track(worker.dispose())
    }
  }

  private wait(signal: AbortSignal, fits: (worker: W) => boolean): Promise<W> {
    const arrival = this.arrivals.next(signal, fits)
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
      idle: this.idle.size,
      booting: this.booting > 0,
      quiet: this.quiet.size > 0,
      backoff: this.backoff.remaining(now),
    })
    if (step.do === 'boot') this.boot()
    if (step.do === 'shrink') for (const worker of this.idle.shrink(step.to)) this.track(worker.dispose())
    if (step.do === 'look') this.later(step.wait)
  }

  private later(wait: number): void {
    this.timer = setTimeout(() => this.balance(), Math.ceil(wait))
    this.timer.unref()
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

  /** @returns whether it goes on: in another turn, or in the stock */
  private keep(worker: W, state: 'used' | 'unused'): boolean {
    const wanted = this.arrivals.waiting > 0
    if (!worker.alive || this.ending.signal.aborted || (wanted && this.options.isStale?.(worker) === true)) {
      this.track(worker.dispose())
      return false
    }
    if (this.arrivals.give(worker)) return true
    const surplus = this.idle.put(worker, state)
    if (surplus) this.track(surplus.dispose())
    return surplus !== worker
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
    if (!this.idle.remove(worker)) return
    this.options.log({ type: 'exited', id: worker.id, retryIn: this.backoff.fail(performance.now()) })
    this.track(worker.dispose())
    this.balance()
  }

  private track(action: Promise<unknown>): void {
    this.pending.add(action)
    void action.finally(() => this.pending.delete(action))
  }
}
