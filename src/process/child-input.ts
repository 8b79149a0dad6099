import type { FileSink } from 'bun'

/** The stdin of a child, where no failure is an exception: a CLI may die or close it at any time. */
export class ChildInput {
  private open = true

  constructor(private readonly sink: FileSink) {}

  /** Writes and flushes; false when nothing can be written any more. What the pipe does not take at once waits in memory. */
  write(text: string): boolean {
    return this.attempt(() => {
      this.watch(this.sink.write(text))
      this.watch(this.sink.flush())
    })
  }

  /** Closes stdin behind what has been written. */
  end(): void {
    this.attempt(() => this.watch(this.sink.end()))
    this.open = false
  }

  private attempt(action: () => void): boolean {
    if (!this.open) return false
    try {
      action()
    } catch {
      // EPIPE is thrown at once where the child has closed its end.
      this.open = false
    }
    return this.open
  }

  /** A large write gives a promise, whose late rejection (EPIPE) would end the whole gateway if nobody took it. */
  private watch(result: unknown): void {
    if (!(result instanceof Promise)) return
    result.catch(() => {
      this.open = false
    })
  }
}
