import type { Batch } from '../core/event.ts'

/**
 * The generator that `produce` makes, which is cancelled when `outer` aborts and also as soon as its reader leaves: a
 * generator alone would hear of the latter only when it next yields.
 */
export function cancelable(
  produce: (signal: AbortSignal) => AsyncGenerator<Batch>,
  outer: AbortSignal,
): AsyncIterable<Batch> {
  return {
    [Symbol.asyncIterator]() {
      const inner = new AbortController()
      const leave = () => inner.abort(outer.reason)
      if (outer.aborted) leave()
      outer.addEventListener('abort', leave, { once: true })
      const source = produce(inner.signal)
      const over = () => outer.removeEventListener('abort', leave)
      return {
        async next() {
          try {
            const result = await source.next()
            if (result.done) over()
            return result
          } catch (error) {
            over()
            throw error
          }
        },
        async return() {
          over()
          inner.abort()
          await source.return(undefined).catch(() => {})
          return { done: true, value: undefined }
        },
      }
    },
  }
}
