import { GatewayError } from '../core/error.ts'

type Waiter = { admit: () => void; refuse: (reason: unknown) => void }

/** How many claims run at once, and the line of those that wait: first come, first served. */
export class Slots {
  private readonly waiters = new Set<Waiter>()
  /** Mean time that a slot is held, in milliseconds; recent ones weigh more. */
  private meanHold: number | undefined
  private used = 0

  constructor(private readonly options: { maxActive: number; maxQueue: number; queueTimeout: number }) {}

  get active(): number {
    return this.used
  }

  get waiting(): number {
    return this.waiters.size
  }

  /** Resolves with a slot. Throws GatewayError `queue_full`, or the reason of the abort. `onRefuse` hears why, first. */
  async take(
    signal: AbortSignal,
    onRefuse: (reason: 'queue-full' | 'queue-timeout', retryAfter: number) => void,
  ): Promise<void> {
    signal.throwIfAborted()
    if (this.used < this.options.maxActive) {
      this.used++
      return
    }
    const refusal = (reason: 'queue-full' | 'queue-timeout', text: string) => {
      const retryAfter = this.retryAfter()
      onRefuse(reason, retryAfter)
      return new GatewayError('queue_full', text, { retryAfter })
    }
    if (this.waiters.size >= this.options.maxQueue) {
      throw refusal('queue-full', 'Too many requests are running and waiting. Try again later.')
    }
    await this.wait(signal, () =>
      refusal('queue-timeout', 'Too many requests are running: none ended in time for this one.'),
    )
  }

  private async wait(signal: AbortSignal, late: () => GatewayError): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    // The line is left at once, not in the `finally` below: a slot must not go to somebody who has given up.
    const refuse = (reason: unknown) => {
      this.waiters.delete(waiter)
      reject(reason)
    }
    const waiter: Waiter = { admit: resolve, refuse }
    const leave = () => refuse(signal.reason)
    const { queueTimeout } = this.options
    const timer = queueTimeout > 0 ? setTimeout(() => refuse(late()), queueTimeout) : undefined
    signal.addEventListener('abort', leave, { once: true })
    this.waiters.add(waiter)
    try {
      await promise
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', leave)
    }
  }

  /** Gives a slot back, after it was held for `held` milliseconds (unknown: undefined): to the first in line. */
  free(held?: number): void {
    if (held !== undefined) this.meanHold = this.meanHold === undefined ? held : 0.8 * this.meanHold + 0.2 * held
    const [first] = this.waiters
    if (!first) {
      this.used--
      return
    }
    this.waiters.delete(first)
    first.admit()
  }

  refuseAll(reason: unknown): void {
    for (const waiter of this.waiters) waiter.refuse(reason)
  }

  /** Whole seconds after which one more claim would get its slot, if the line stays as it is. */
  private retryAfter(): number {
    const hold = this.meanHold ?? 1000
    return Math.max(1, Math.ceil((hold * (this.waiters.size + 1)) / this.options.maxActive / 1000))
  }
}
