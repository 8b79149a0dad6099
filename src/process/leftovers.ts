// Files that a CLI leaves behind and that cligate caused: session transcripts, process notes. They are removed after a while,
// also when the gateway was restarted in between.
import { Journal, type Leftover } from './leftovers-journal.ts'
import { inodeOf, removablePath, removeLeftover } from './leftovers-remove.ts'

export interface Leftovers {
  /**
   * Notes a file (a socket is one too) to be removed after the delay, or at once with `now`. It need not be there yet. A folder is
   * removed, with all that is in it, only when it was added as one. Paths that are not absolute and plain, the root, the home
   * folder and those around it are passed over. Never throws.
   */
  add(path: string, options?: { now?: boolean; folder?: boolean }): void
  /** Removes what is due; gives how many files and folders that were. Never rejects. */
  sweep(): Promise<number>
  /** Removes what is due, and stops; the rest is done by a later run. Idempotent. */
  close(): Promise<void>
}

export type LeftoversOptions = {
  /** The journal, 0600; its folder exists. */
  file: string
  /** Milliseconds; 0 = at once; 12 hours by default. */
  delayMs?: number
  /** False: nothing is noted, and nothing removed. */
  enabled?: boolean
}

const DEFAULT_DELAY = 720 * 60_000
/** Timers cannot wait for more than 24 days, nor do they run while a machine sleeps. */
const LONGEST_TIMER = 3_600_000
/** A removal that fails is tried again, so many times and so far apart. */
const ATTEMPTS = 5
const RETRY_AFTER = 600_000

/** Opens the list, and begins to remove what is due. */
export function openLeftovers(options: LeftoversOptions): Leftovers {
  const { file, delayMs = DEFAULT_DELAY, enabled = true } = options
  if (!enabled) return { add() {}, sweep: async () => 0, close: async () => {} }

  const journal = new Journal(file)
  const entries = journal.load()
  const failures = new Map<string, { count: number; retryAt: number }>()
  let timer: Timer | undefined
  /** When the timer is due; kept, since there may be thousands of entries. */
  let scheduled = Infinity
  let sweeping = Promise.resolve(0)
  let closed = false

  const dueAt = (entry: Leftover) => failures.get(entry.path)?.retryAt ?? (entry.now ? entry.at : entry.at + delayMs)

  function schedule(due: number): void {
    if (closed || due >= scheduled) return
    scheduled = due
    clearTimeout(timer)
    timer = setTimeout(() => void sweep(), Math.min(LONGEST_TIMER, Math.max(0, due - Date.now())))
    timer.unref()
  }

  function scheduleAll(): void {
    scheduled = Infinity
    let next = Infinity
    for (const entry of entries.values()) next = Math.min(next, dueAt(entry))
    schedule(next)
  }

  function sweep(): Promise<number> {
    sweeping = sweeping.then(removeDue)
    return sweeping
  }

  async function removeDue(): Promise<number> {
    const due = [...entries.values()].filter((entry) => dueAt(entry) <= Date.now())
    let removed = 0
    for (const entry of due) {
      const result = await removeLeftover(entry)
      if (result === 'failed' && failedOnce(entry.path)) continue
      if (result === 'removed') removed++
      failures.delete(entry.path)
      // It may have been added anew while it was being removed.
      if (entries.get(entry.path) !== entry) continue
      entries.delete(entry.path)
      journal.done(entry.path)
    }
    scheduleAll()
    return removed
  }

  /** Whether it is worth another try. */
  function failedOnce(path: string): boolean {
    const count = (failures.get(path)?.count ?? 0) + 1
    failures.set(path, { count, retryAt: Date.now() + RETRY_AFTER })
    return count < ATTEMPTS
  }

  scheduleAll()
  return {
    add(given, { now = false, folder = false } = {}) {
      const path = removablePath(given)
      if (path === undefined) return
      const inode = inodeOf(path)
      const entry: Leftover = {
        path,
        at: Date.now(),
        ...(now && { now: true }),
        ...(folder && { folder: true }),
        ...(inode !== undefined && { inode }),
      }
      entries.set(path, entry)
      failures.delete(path)
      journal.add(entry)
      schedule(dueAt(entry))
    },
    sweep,
    async close() {
      closed = true
      clearTimeout(timer)
      await sweep()
    },
  }
}
