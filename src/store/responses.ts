// Stored responses: written behind the answer, bounded in age and size.
import type { Database } from 'bun:sqlite'
import { closeDatabase, IN_MEMORY, openDatabase } from './database.ts'
import { ResponseRows } from './response-rows.ts'
import type { ResponseStore, StoredResponse } from './stored-response.ts'

export type ResponseStoreOptions = {
  /** The database; it is made when it is first needed. */
  path: string
  enabled?: boolean
  /** How long a response is kept after it was made or last gone on from, in milliseconds. */
  maxAgeMs: number
  /** Most bytes that all of them may have; the oldest go first. */
  maxBytes: number
  /** Shared by stores that follow each other on one database: what the last has not written yet, the next finds. */
  unwritten?: UnwrittenResponses
  /** Milliseconds since 1970. */
  now?: () => number
  /** Is told, with what was thrown, when the database cannot be used. */
  warn?: (error: unknown, message: string) => void
}

/** What is not in the database yet: responses by id, null for what shall go; and ids of which use was made. */
export type UnwrittenResponses = { pending: Map<string, StoredResponse | null>; used: Set<string> }

export const noUnwrittenResponses = (): UnwrittenResponses => ({ pending: new Map(), used: new Set() })

/** How long responses wait to be written together, in milliseconds, and how many of them at most. */
const FLUSH_AFTER = 250
const LARGEST_BATCH = 100
/** How often it is looked for what is too old or too much, in milliseconds. */
const SWEEP_EVERY = 60_000
/** Longer than any conversation; a chain that leads back to itself ends here. */
const LONGEST_CHAIN = 10_000

/**
 * Opens nothing yet. A database that cannot be used is left as it is: responses are then kept in memory, as long as the
 * process lives, and the owner is warned.
 */
export function createResponseStore(options: ResponseStoreOptions): ResponseStore {
  const { enabled = true, now = Date.now, warn = () => {} } = options
  const { pending, used } = options.unwritten ?? noUnwrittenResponses()
  let timer: Timer | undefined
  let sweptAt = 0
  let closed = false
  let opened: { database: Database; rows: ResponseRows } | undefined

  const open = () => {
    if (opened) return opened.rows
    let database: Database
    try {
      database = openDatabase(options.path)
    } catch (error) {
      warn(error, 'The database of responses cannot be used: they are kept in memory only.')
      database = openDatabase(IN_MEMORY)
    }
    opened = { database, rows: new ResponseRows(database) }
    return opened.rows
  }

  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    if (closed) return
    if (pending.size === 0 && used.size === 0) return
    try {
      const rows = open()
      rows.write(pending, used, now())
      if (now() - sweptAt > SWEEP_EVERY) sweep(rows)
    } catch (error) {
      warn(error, 'Responses could not be stored.')
    }
    pending.clear()
    used.clear()
  }

  const sweep = (rows: ResponseRows) => {
    sweptAt = now()
    rows.removeUnusedSince(sweptAt - options.maxAgeMs)
    rows.shrinkTo(options.maxBytes)
  }

  const later = () => {
    if (pending.size >= LARGEST_BATCH) return flush()
    timer ??= setTimeout(flush, FLUSH_AFTER)
    timer.unref()
  }

  const find = (id: string): StoredResponse | undefined => {
    const waiting = pending.get(id)
    if (waiting !== undefined) return waiting ?? undefined
    try {
      return open().get(id, now() - options.maxAgeMs)
    } catch (error) {
      warn(error, 'A stored response could not be read.')
      return undefined
    }
  }

  const get = (owner: string, id: string) => {
    if (!enabled || closed) return undefined
    const found = find(id)
    return found?.owner === owner ? found : undefined
  }

  return {
    enabled,
    get,
    save(response) {
      if (!enabled || closed) return
      pending.set(response.id, response)
      later()
    },
    delete(owner, id) {
      if (!get(owner, id)) return false
      pending.set(id, null)
      later()
      return true
    },
    chain(owner, id) {
      const links: StoredResponse[] = []
      for (let next: string | undefined = id; next !== undefined; next = links.at(-1)?.previous) {
        const link = get(owner, next)
        if (!link || links.length >= LONGEST_CHAIN) return undefined
        links.push(link)
      }
      // What a conversation goes on from stays as long as the conversation.
      for (const link of links) used.add(link.id)
      later()
      return links.toReversed()
    },
    flush,
    close() {
      if (closed) return
      flush()
      closed = true
      if (!opened) return
      opened.rows.finalize()
      closeDatabase(opened.database)
    },
  }
}
