/** More items than this, and the sender is held back. */
const ROOM = 2000

/** What has come in and was not read yet; one array is all that came since the last read. One reader. */
export class Inbox<T> {
  private items: T[] = []
  private failure: { error: unknown } | undefined
  private wakeReader = () => {}
  private wakeSender = () => {}

  push(items: readonly T[]): void {
    if (items.length === 0 || this.failure) return
    this.items.push(...items)
    this.wakeReader()
  }

  /** Reads end with `error`, behind what has come in. */
  fail(error: unknown): void {
    this.failure ??= { error }
    this.wakeReader()
    this.wakeSender()
  }

  /** Never empty. Throws what it failed with, or the reason of the abort. */
  async take(signal?: AbortSignal): Promise<T[]> {
    while (this.items.length === 0) {
      signal?.throwIfAborted()
      if (this.failure) throw this.failure.error
      await this.changed(signal)
    }
    return this.takeNow()
  }

  /** What is there now; may be empty. */
  takeNow(): T[] {
    const taken = this.items
    this.items = []
    this.wakeSender()
    return taken
  }

  /** Resolves when the reader has caught up. */
  async room(): Promise<void> {
    while (this.items.length > ROOM && !this.failure) {
      await new Promise<void>((resolve) => (this.wakeSender = resolve))
    }
  }

  private async changed(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = () => resolve()
    this.wakeReader = wake
    signal?.addEventListener('abort', wake, { once: true })
    await promise
    signal?.removeEventListener('abort', wake)
    this.wakeReader = () => {}
  }
}
