type Waiter<T> = { give: (item: T) => void; refuse: (reason: unknown) => void }

/** The line of those that wait for the next item: first come, first served. */
export class Arrivals<T> {
  private readonly waiters = new Set<Waiter<T>>()

  get waiting(): number {
    return this.waiters.size
  }

  /** Rejects with the reason when `signal` aborts. */
  async next(signal: AbortSignal): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const waiter: Waiter<T> = { give: resolve, refuse: reject }
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

  /** To the first in line; false when nobody waits. */
  give(item: T): boolean {
    return this.first((waiter) => waiter.give(item))
  }

  refuse(reason: unknown): boolean {
    return this.first((waiter) => waiter.refuse(reason))
  }

  refuseAll(reason: unknown): void {
    while (this.refuse(reason));
  }

  private first(action: (waiter: Waiter<T>) => void): boolean {
    const [waiter] = this.waiters
    if (!waiter) return false
    this.waiters.delete(waiter)
    action(waiter)
    return true
  }
}
