type Waiter<T> = { fits: (item: T) => boolean; give: (item: T) => void; refuse: (reason: unknown) => void }

/** The line of those that wait for the next item that fits them: first come, first served. */
export class Arrivals<T> {
  private readonly waiters = new Set<Waiter<T>>()

  get waiting(): number {
    return this.waiters.size
  }

  /** Rejects with the reason when `signal` aborts. */
  async next(signal: AbortSignal, fits: (item: T) => boolean): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const waiter: Waiter<T> = { fits, give: resolve, refuse: reject }
    // The line is left at once: nothing must go to somebody who has given up.
    const leave = () => {
      this.waiters.delete(waiter)
      reject(signal.reason)
    }
    this.waiters.add(waiter)
    signal.addEventListener('abort', leave, { once: true })
    try {
      return await promise
    } finally {
      signal.removeEventListener('abort', leave)
    }
  }

  /** To the first in line that it fits; false when there is none. */
  give(item: T): boolean {
    for (const waiter of this.waiters) {
      if (!waiter.fits(item)) continue
      this.waiters.delete(waiter)
      waiter.give(item)
      return true
    }
    return false
  }

  /** The first in line; false when nobody waits. */
  refuse(reason: unknown): boolean {
    const [waiter] = this.waiters
    if (!waiter) return false
    this.waiters.delete(waiter)
    waiter.refuse(reason)
    return true
  }

  refuseAll(reason: unknown): void {
    while (this.refuse(reason));
  }
}
