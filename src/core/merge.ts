import type { Batch, ChoiceBatch } from './event.ts'

/** Reads several answers side by side; each batch comes as soon as it is there, with the number of its answer. */
export async function* merge(sources: AsyncIterable<Batch>[]): AsyncGenerator<ChoiceBatch> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]())
  const pull = async (choice: number) => ({ choice, result: await iterators[choice]!.next() })
  const pending = new Map(iterators.map((_, choice) => [choice, pull(choice)]))
  try {
    while (pending.size > 0) {
      const { choice, result } = await Promise.race(pending.values())
      if (result.done) {
        pending.delete(choice)
        continue
      }
      yield { choice, events: result.value }
      pending.set(choice, pull(choice))
    }
  } finally {
    for (const left of pending.values()) left.catch(() => {})
    for (const iterator of iterators) iterator.return?.().catch(() => {})
  }
}
