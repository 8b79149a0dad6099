import { GatewayError } from './error.ts'
import type { Batch } from './event.ts'

/** How long a turn may be silent and how long it may take, in milliseconds; 0 means no limit. */
export type Timeouts = { firstEvent: number; betweenEvents: number; total: number }

/**
 * Passes batches on and ends the turn that is too slow: aborts `turn` (so that the driver frees what it holds even when
 * nobody reads any more) and throws `timeout`. Only the provider's silence counts, never the time a slow reader takes;
 * the total runs on regardless, so that a reader who stalls cannot hold a process for ever. Whatever aborts `turn` ends
 * the reading at once, with the reason of the abort, also where the provider does not listen.
 */
export async function* withDeadlines(
  batches: AsyncIterable<Batch>,
  timeouts: Timeouts,
  turn: AbortController,
): AsyncGenerator<Batch> {
  const source = batches[Symbol.asyncIterator]()
  const expire = (what: string, after: number) =>
    turn.abort(new GatewayError('timeout', `The provider ${what} within ${after / 1000} s.`))
  const start = (limit: number, what: string) => (limit > 0 ? setTimeout(expire, limit, what, limit) : undefined)
  // Not Promise.race: a race against a promise that lives as long as the turn leaves a reaction on it for each batch.
  let giveUp: (reason: unknown) => void = () => {}
  const onAbort = () => giveUp(turn.signal.reason)
  const next = () =>
    new Promise<IteratorResult<Batch>>((resolve, reject) => {
      giveUp = reject
      source.next().then(resolve, reject)
    })
  turn.signal.addEventListener('abort', onAbort, { once: true })
  const total = start(timeouts.total, 'did not finish')
  let silence: Timer | undefined
  try {
    for (let first = true; ; first = false) {
      turn.signal.throwIfAborted()
      silence = first ? start(timeouts.firstEvent, 'sent nothing') : start(timeouts.betweenEvents, 'sent nothing more')
      const result = await next()
      clearTimeout(silence)
      if (result.done) return
      yield result.value
    }
  } finally {
    turn.signal.removeEventListener('abort', onAbort)
    clearTimeout(silence)
    clearTimeout(total)
    // Not awaited: a generator that is suspended in an await settles only when that await does, and a provider that is
    // slow to clean up does not hold the answer.
    source.return?.().catch(() => {})
  }
}
