import type { Backoff } from './pool-backoff.ts'
import type { Demand } from './pool-demand.ts'
import type { Lifecycle } from './pool-lifecycle.ts'
import type { Stock } from './pool-stock.ts'
import type { PooledProcess, PoolOptions, PoolTuning } from './pool-types.ts'

/** A claim that runs. `since` by performance.now(). */
export type Turn = { since: number; responding: boolean }

/** A boot in the background, and the claim that waits for it, if one does. */
type Boot<P> = { launchState: string | undefined; hand: ((process: P | undefined) => void) | undefined }

export type FillerParts<P extends PooledProcess> = {
  stock: Stock<P>
  demand: Demand
  lifecycle: Lifecycle<P>
  backoff: Backoff
  turns: ReadonlySet<Turn>
}

/** Keeps the stock at its size with boots in the background, at times when they disturb no turn. */
export class Filler<P extends PooledProcess> {
  private readonly boots = new Set<Boot<P>>()
  private running = false
  private heldSince: number | undefined
  private lastClaim = 0
  private retry: Timer | undefined
  private upkeep: Timer | undefined

  constructor(
    private readonly parts: FillerParts<P>,
    private readonly options: PoolOptions<P>,
    private readonly tuning: PoolTuning,
  ) {}

  get booting(): number {
    return this.boots.size
  }

  start(): void {
    if (this.running || this.options.warm <= 0) return
    this.running = true
    this.noteClaim()
    this.fill()
  }

  stop(): void {
    this.running = false
    clearTimeout(this.retry)
    clearTimeout(this.upkeep)
    this.upkeep = undefined
  }

  /** A claim came: the stock is wanted. */
  noteClaim(): void {
    this.lastClaim = performance.now()
    if (this.running && this.upkeep === undefined) this.scheduleUpkeep()
  }

  /** Begins what boots are due; call it whenever something has changed. */
  fill(): void {
    clearTimeout(this.retry)
    while (this.running && this.boots.size < Math.max(1, this.options.maxBoots)) {
      const now = performance.now()
      if (this.missing(now) <= 0) {
        this.heldSince = undefined
        return
      }
      const wait = Math.max(this.parts.backoff.remaining(now), this.held(now))
      if (wait > 0) {
        this.retry = setTimeout(() => this.fill(), Math.ceil(wait))
        this.retry.unref()
        return
      }
      void this.boot(this.nextState(now))
    }
  }

  /**
   * The process of a boot that is under way: it comes sooner than one that begins only now. Undefined when there is no such
   * boot or it failed. When `signal` aborts, the process goes to the stock instead.
   */
  async adopt(launchState: string | undefined, signal: AbortSignal): Promise<P | undefined> {
    const free = [...this.boots].filter((boot) => boot.hand === undefined)
    const boot = free.find((candidate) => candidate.launchState === launchState) ?? free[0]
    if (!boot) return undefined
    const { promise, resolve, reject } = Promise.withResolvers<P | undefined>()
    const leave = () => {
      boot.hand = undefined
      reject(signal.reason)
    }
    boot.hand = resolve
    signal.addEventListener('abort', leave, { once: true })
    this.fill()
    try {
      return await promise
    } finally {
      signal.removeEventListener('abort', leave)
    }
  }

  private async boot(launchState: string | undefined): Promise<void> {
    const boot: Boot<P> = { launchState, hand: undefined }
    this.boots.add(boot)
    let booted: P | undefined
    try {
      booted = await this.parts.lifecycle.boot(launchState, true)
      if (!boot.hand) await this.parts.lifecycle.prepare(booted, launchState)
    } catch (error) {
      booted = undefined
      if (launchState !== undefined) this.parts.demand.forget(launchState)
      const retryIn = this.parts.backoff.fail(performance.now())
      if (this.running) this.options.log({ type: 'boot-failed', background: true, error, retryIn })
    }
    this.boots.delete(boot)
    if (boot.hand) boot.hand(booted)
    else if (booted) this.keep(booted)
    this.fill()
  }

  /** Into the stock, if it still wants one: it may have shrunk since the boot began. */
  private keep(process: P): void {
    if (this.running && this.parts.stock.size < this.target(performance.now())) this.parts.stock.add(process)
    else this.discard(process)
  }

  private discard(process: P): void {
    this.options.log({ type: 'discarded', id: process.id })
    void this.parts.lifecycle.dispose(process)
  }

  /** How many idle processes there should be. */
  private target(now: number): number {
    const { warm, maxWarm, idleTimeout } = this.options
    if (idleTimeout > 0 && now - this.lastClaim >= idleTimeout) return Math.min(1, warm)
    return Math.max(warm, Math.min(maxWarm, this.parts.demand.peak(now)))
  }

  private missing(now: number): number {
    const coming = [...this.boots].filter((boot) => boot.hand === undefined).length
    return this.target(now) - this.parts.stock.size - coming
  }

  /**
   * Milliseconds to wait for turns that have no first token yet: a boot beside them costs them 2 to 4 times their time to it
   * (Claude Code 2.1.329, 2 cores). Bounded, else a busy gateway would never refill, and boot in front of its callers.
   */
  private held(now: number): number {
    if (![...this.parts.turns].some((turn) => !turn.responding)) {
      this.heldSince = undefined
      return 0
    }
    this.heldSince ??= now
    return this.heldSince + this.tuning.holdBoots - now
  }

  /** Up to half of the stock is kept with the most claimed launch state, by its share, and one at least. */
  private nextState(now: number): string | undefined {
    const favourite = this.parts.demand.favourite(now)
    if (!favourite) return undefined
    const { launchState, share } = favourite
    const target = this.target(now)
    const wanted = Math.min(Math.floor(target / 2), Math.max(1, Math.round(target * share)))
    const coming = [...this.boots].filter((boot) => boot.launchState === launchState && !boot.hand).length
    return this.parts.stock.count(launchState) + coming < wanted ? launchState : undefined
  }

  /** The next time at which the stock may have to shrink; none while it rests, until the next claim. */
  private scheduleUpkeep(): void {
    const { idleTimeout } = this.options
    const rest = idleTimeout > 0 ? this.lastClaim + idleTimeout - performance.now() : Infinity
    this.upkeep = undefined
    if (rest <= 0) return
    this.upkeep = setTimeout(() => this.shrink(), Math.ceil(Math.min(rest, this.tuning.peakWindow)))
    this.upkeep.unref()
  }

  private shrink(): void {
    for (const process of this.parts.stock.trim(this.target(performance.now()))) this.discard(process)
    this.scheduleUpkeep()
  }
}
