import type { Match, PooledProcess } from './pool-types.ts'

/** The idle processes, oldest first. */
export class Stock<P extends PooledProcess> implements Iterable<P> {
  private readonly idle = new Set<P>()

  /** `onLost` hears of each process that died while it was idle. */
  constructor(private readonly onLost: (process: P) => void) {}

  get size(): number {
    return this.idle.size
  }

  [Symbol.iterator](): Iterator<P> {
    return this.idle[Symbol.iterator]()
  }

  add(process: P): void {
    this.idle.add(process)
    process.onExit(() => this.drop(process))
    if (!process.alive) this.drop(process)
  }

  /** Takes out the living process that fits best: same launch state, else a plain one, else any. */
  take(launchState: string | undefined): { process: P; match: Match } | undefined {
    let best: { process: P; match: Match } | undefined
    for (const process of this.idle) {
      if (!process.alive) {
        this.drop(process)
        continue
      }
      const match = fit(process, launchState)
      if (!best || ORDER[match] < ORDER[best.match]) best = { process, match }
    }
    if (best) this.idle.delete(best.process)
    return best
  }

  /** How many have this launch state. */
  count(launchState: string): number {
    return [...this.idle].filter((process) => process.launchState === launchState).length
  }

  /** Takes out the oldest, until no more than `size` are left. */
  trim(size: number): P[] {
    const surplus = [...this.idle].slice(0, Math.max(0, this.idle.size - size))
    for (const process of surplus) this.idle.delete(process)
    return surplus
  }

  private drop(process: P): void {
    if (this.idle.delete(process)) this.onLost(process)
  }
}

const ORDER: Record<Match, number> = { same: 0, plain: 1, other: 2 }

function fit(process: PooledProcess, launchState: string | undefined): Match {
  if (process.launchState === launchState) return 'same'
  return process.launchState === undefined ? 'plain' : 'other'
}
