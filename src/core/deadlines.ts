import { GatewayError } from './error.ts'
import type { Batch } from './event.ts'

/** How long a turn may be silent and how long it may take, in milliseconds; 0 means no limit. */
export type Timeouts = { firstEvent: number; betweenEvents: number; total: number }

/**
 * Passes batches on and ends the turn that is too slow: aborts `turn` (so that the driver frees what it holds even when
 * nobody reads any more) and throws `timeout`. Only the provider's silence counts, never the time a slow reader takes;
 * the total runs on regardless, so that a reader who stalls cannot hold a process for ever.
 */
export async function* withDeadlines(
  batches: AsyncIterable<Batch>,
  timeouts: Timeouts,
  turn: AbortController,
): AsyncGenerator<Batch> {
  const source = batches[Symbol.asyncIterator]()
  const expired = Promise.withResolvers<never>()
  expired.promise.catch(() => {})
  const expire = (what: string, after: number) => {
    const error = new GatewayError('timeout', `The provider ${what} within ${after / 1000} s.`)
    turn.abort(error)
    expired.reject(error)
  }
  const total = timeouts.total > 0 ? setTimeout(expire, timeouts.total, 'did not finish', timeouts.total) : undefined
  let limit = timeouts.firstEvent
  let what = 'sent nothing'
  try {
    while (true) {
      const silence = limit > 0 ? setTimeout(expire, limit, what, limit) : undefined
      const next = await Promise.race([source.next(), expired.promise]).finally(() => clearTimeout(silence))
      if (next.done) return
      yield next.value
      limit = timeouts.betweenEvents
      what = 'sent nothing more'
    }
  } finally {
    clearTimeout(total)
    // Not awaited after an expiry: a generator that is suspended in an await settles only when that await does.
    const closed = source.return?.()
    if (!turn.signal.aborted) await closed
    else closed?.catch(() => {})
  }
}
