// What the stock learns from the claims: how many come at once, and which launch states come back.

/** More launch states than this are not told apart; the rarest is forgotten. */
const MAX_STATES = 64
/** A state that was claimed once may never come again, and is not worth a process. */
const WORTH_IT = 1.5

type Count = { weight: number; at: number }

/** Counts that fade: a claim weighs half after `halfLife` milliseconds. All times are milliseconds of one clock. */
export class Demand {
  private readonly counts = new Map<string, Count>()
  private readonly total: Count = { weight: 0, at: 0 }
  private peaks = { current: 0, previous: 0, since: 0 }

  constructor(private readonly options: { halfLife: number; peakWindow: number }) {}

  /** A claim of `launchState` (undefined: of none), while `active` claims run, itself included. */
  record(launchState: string | undefined, active: number, now: number): void {
    this.roll(now)
    this.peaks.current = Math.max(this.peaks.current, active)
    this.add(this.total, now)
    if (launchState === undefined) return
    const count = this.counts.get(launchState) ?? { weight: 0, at: now }
    this.add(count, now)
    this.counts.set(launchState, count)
    if (this.counts.size > MAX_STATES) this.forgetRarest(launchState, now)
  }

  /** The most claims that ran at once in the last one to two windows. */
  peak(now: number): number {
    this.roll(now)
    return Math.max(this.peaks.current, this.peaks.previous)
  }

  /** The launch state that is claimed most, and its share of all claims (0 to 1); undefined when none comes back. */
  favourite(now: number): { launchState: string; share: number } | undefined {
    let best: { launchState: string; weight: number } | undefined
    for (const [launchState, count] of this.counts) {
      const weight = this.weigh(count, now)
      if (weight >= WORTH_IT && weight > (best?.weight ?? 0)) best = { launchState, weight }
    }
    return best && { launchState: best.launchState, share: best.weight / this.weigh(this.total, now) }
  }

  /** A state that could not be applied has to earn its place again. */
  forget(launchState: string): void {
    this.counts.delete(launchState)
  }

  private weigh(count: Count, now: number): number {
    return count.weight * 0.5 ** ((now - count.at) / this.options.halfLife)
  }

  private add(count: Count, now: number): void {
    count.weight = this.weigh(count, now) + 1
    count.at = now
  }

  private forgetRarest(except: string, now: number): void {
    let rarest: { launchState: string; weight: number } | undefined
    for (const [launchState, count] of this.counts) {
      const weight = this.weigh(count, now)
      if (launchState !== except && weight < (rarest?.weight ?? Infinity)) rarest = { launchState, weight }
    }
    if (rarest) this.counts.delete(rarest.launchState)
  }

  private roll(now: number): void {
    const windows = Math.floor((now - this.peaks.since) / this.options.peakWindow)
    if (windows <= 0) return
    this.peaks = {
      current: 0,
      previous: windows === 1 ? this.peaks.current : 0,
      since: this.peaks.since + windows * this.options.peakWindow,
    }
  }
}
