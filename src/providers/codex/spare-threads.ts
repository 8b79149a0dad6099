import type { ThreadSettings } from './protocol.ts'
import type { Thread } from './thread.ts'

type Settings = Omit<ThreadSettings, 'cwd'>

/** More kinds of threads than this are not kept; each thread takes 0.85 MB, and what its functions take (0.169.0). */
const KINDS = 4

/**
 * Threads that are opened before they are asked for: one for each of the latest settings. None of them has seen a word. It saves a
 * third of the time to the first token.
 */
export class SpareThreads {
  /** The oldest first. One that could not be opened is undefined. */
  private readonly spares = new Map<string, Promise<Thread | undefined>>()

  constructor(private readonly open: (settings: Settings) => Promise<Thread>) {}

  /** Opens one for the next turn with these settings. Never throws. */
  prepare(settings: Settings): void {
    const key = JSON.stringify(settings)
    if (this.spares.has(key)) return
    this.spares.set(
      key,
      this.open(settings).catch(() => undefined),
    )
    const [oldest] = this.spares.keys()
    if (this.spares.size > KINDS && oldest !== undefined) void this.remove(oldest)?.then((thread) => thread?.close())
  }

  /** The one for these settings, if there is one. It is the caller's now. */
  take(settings: Settings): Promise<Thread | undefined> | undefined {
    return this.remove(JSON.stringify(settings))
  }

  private remove(key: string): Promise<Thread | undefined> | undefined {
    const spare = this.spares.get(key)
    this.spares.delete(key)
    return spare
  }
}
