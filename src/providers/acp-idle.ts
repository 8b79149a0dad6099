/** The workers that wait for a turn. Those that were used are worth more: the code of a worker is compiled better with each turn. */
export class IdleWorkers<W> {
  /** The one that was put here last stands last, in both. */
  private readonly unused: W[] = []
  private readonly used: W[] = []

  constructor(private readonly most: number) {}

  get size(): number {
    return this.unused.length + this.used.length
  }

  all(): W[] {
    return [...this.unused, ...this.used]
  }

  /**
   * Takes the one that was used last of those that fit, else the unused one that has waited longest. Of those that fit, one that
   * suits comes before all others.
   */
  take(fits: (worker: W) => boolean, suits: (worker: W) => boolean = fits): W | undefined {
    const best = (worker: W) => fits(worker) && suits(worker)
    const worker =
      this.used.findLast(best) ?? this.unused.find(best) ?? this.used.findLast(fits) ?? this.unused.find(fits)
    if (worker !== undefined) this.remove(worker)
    return worker
  }

  /** @returns the one that there is no room for: unused and the oldest, or the one whose use is longest ago */
  put(worker: W, state: 'used' | 'unused'): W | undefined {
    this[state].push(worker)
    return this.shrink(this.most)[0]
  }

  /** @returns whether it was here */
  remove(worker: W): boolean {
    for (const list of [this.unused, this.used]) {
      const position = list.indexOf(worker)
      if (position === -1) continue
      list.splice(position, 1)
      return true
    }
    return false
  }

  /** Takes away those that are worth least, until so many are left. */
  shrink(to: number): W[] {
    const tooMany = Math.max(0, this.size - to)
    const gone = this.unused.splice(0, tooMany)
    return [...gone, ...this.used.splice(0, tooMany - gone.length)]
  }
}
