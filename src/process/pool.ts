// The warm stock: processes that are started before they are asked for. It knows nothing of what a process is.
import { GatewayError } from '../core/error.ts'
import { Backoff } from './pool-backoff.ts'
import { Demand } from './pool-demand.ts'
import { Filler, type Turn } from './pool-filler.ts'
import { Lifecycle } from './pool-lifecycle.ts'
import { Slots } from './pool-slots.ts'
import { Stock } from './pool-stock.ts'
import {
  DEFAULT_TUNING,
  type Lease,
  type Match,
  type PooledProcess,
  type PoolOptions,
  type PoolTuning,
} from './pool-types.ts'

export type { Lease, PooledProcess, PoolEvent, PoolOptions } from './pool-types.ts'

export type PoolSnapshot<P> = {
  idle: number
  booting: number
  active: number
  waiting: number
  processes: { process: P; state: 'idle' | 'busy' }[]
}

/** Lends single-use processes, and starts the next ones in the background. */
export class Pool<P extends PooledProcess> {
  private readonly stock: Stock<P>
  private readonly slots: Slots
  private readonly demand: Demand
  private readonly backoff: Backoff
  private readonly lifecycle: Lifecycle<P>
  private readonly filler: Filler<P>
  private readonly turns = new Set<Turn>()
  private readonly busy = new Set<P>()
  private coldBoots = 0
  private closing: Promise<void> | undefined

  constructor(
    private readonly options: PoolOptions<P>,
    private readonly tuning: PoolTuning = DEFAULT_TUNING,
  ) {
    this.stock = new Stock((process) => this.onLost(process))
    this.slots = new Slots(options)
    this.demand = new Demand(tuning)
    this.backoff = new Backoff(tuning.backoff, tuning.maxBackoff)
    this.lifecycle = new Lifecycle(options)
    const { stock, demand, lifecycle, backoff, turns } = this
    this.filler = new Filler({ stock, demand, lifecycle, backoff, turns }, options, tuning)
  }

  /** Begins to fill the stock, in the background. */
  start(): void {
    if (!this.closing) this.filler.start()
  }

  /**
   * Lends a process: an idle one that fits best, else one that boots for it. Throws GatewayError `queue_full` with a `retryAfter`
   * when too many claims run and wait, what the boot threw, or the reason of the abort.
   */
  async claim(launchState: string | undefined, signal: AbortSignal): Promise<Lease<P>> {
    if (this.closing) throw closed()
    const asked = performance.now()
    await this.slots.take(signal, (reason, retryAfter) => this.options.log({ type: 'refused', reason, retryAfter }))
    const turn: Turn = { since: performance.now(), responding: false }
    this.turns.add(turn)
    try {
      signal.throwIfAborted()
      this.demand.record(launchState, this.slots.active, turn.since)
      this.filler.noteClaim()
      const { process, match } = await this.find(launchState, signal)
      this.busy.add(process)
      this.options.log({ type: 'claimed', id: process.id, match, waited: performance.now() - asked })
      this.filler.fill()
      return this.lease(process, match === 'cold', turn)
    } catch (error) {
      this.end(turn)
      throw error
    }
  }

  snapshot(): PoolSnapshot<P> {
    const list = (processes: Iterable<P>, state: 'idle' | 'busy') =>
      [...processes].map((process) => ({ process, state }))
    return {
      idle: this.stock.size,
      booting: this.filler.booting + this.coldBoots,
      active: this.slots.active,
      waiting: this.slots.waiting,
      processes: [...list(this.stock, 'idle'), ...list(this.busy, 'busy')],
    }
  }

  /** Refuses those that wait, and disposes everything, lent processes too. Idempotent; never rejects. */
  close(): Promise<void> {
    this.closing ??= this.shutDown()
    return this.closing
  }

  private async find(
    launchState: string | undefined,
    signal: AbortSignal,
  ): Promise<{ process: P; match: Match | 'cold' }> {
    const idle = this.stock.take(launchState)
    if (idle) {
      this.backoff.succeed()
      return idle
    }
    this.coldBoots++
    try {
      const adopted = await this.filler.adopt(launchState, signal)
      const process = adopted ?? (await this.bootNow(launchState, signal))
      if (!signal.aborted && !this.closing) return { process, match: 'cold' }
      void this.lifecycle.dispose(process)
      signal.throwIfAborted()
      throw closed()
    } finally {
      this.coldBoots--
    }
  }

  private async bootNow(launchState: string | undefined, signal: AbortSignal): Promise<P> {
    try {
      return await this.lifecycle.boot(launchState, false, signal)
    } catch (error) {
      if (!signal.aborted && !this.closing) {
        const retryIn = this.backoff.fail(performance.now())
        this.options.log({ type: 'boot-failed', background: false, error, retryIn })
      }
      throw error
    }
  }

  private lease(process: P, cold: boolean, turn: Turn): Lease<P> {
    let released: Promise<void> | undefined
    return {
      process,
      cold,
      markResponding: () => {
        if (turn.responding) return
        turn.responding = true
        this.filler.fill()
      },
      release: () => {
        released ??= this.release(process, turn)
        return released
      },
    }
  }

  private async release(process: P, turn: Turn): Promise<void> {
    this.busy.delete(process)
    const disposed = this.lifecycle.dispose(process)
    const held = performance.now() - turn.since
    this.options.log({ type: 'released', id: process.id, duration: held })
    this.end(turn, held)
    await disposed
  }

  /** The slot goes on before the process is gone: one that is slow to die holds nobody up. */
  private end(turn: Turn, held?: number): void {
    this.turns.delete(turn)
    this.slots.free(held)
    this.filler.fill()
  }

  private onLost(process: P): void {
    const retryIn = this.backoff.fail(performance.now())
    this.options.log({ type: 'exited', id: process.id, retryIn })
    void this.lifecycle.dispose(process)
    this.filler.fill()
  }

  private async shutDown(): Promise<void> {
    this.filler.stop()
    this.slots.refuseAll(closed())
    const processes = [...this.stock.trim(0), ...this.busy]
    this.busy.clear()
    for (const process of processes) void this.lifecycle.dispose(process)
    await this.lifecycle.end(closed(), this.tuning.closeTimeout)
  }
}

function closed(): GatewayError {
  return new GatewayError('provider_unavailable', 'The gateway is shutting down.')
}
