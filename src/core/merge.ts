import type { Batch, ChoiceBatch } from './event.ts'

/** Reads several answers side by side; each batch comes as soon as it is there, with the number of its answer. */
export async function* merge(sources: AsyncIterable<Batch>[]): AsyncGenerator<ChoiceBatch> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]())
  // A queue and not Promise.race: a race leaves a reaction on every answer that stays silent, for each batch of the others.
  const settled: { choice: number; next: Promise<IteratorResult<Batch>> }[] = []
  let wake = () => {}
  const pull = (choice: number) => {
    const next = iterators[choice]!.next()
    const arrive = () => {
      settled.push({ choice, next })
      wake()
    }
    next.then(arrive, arrive)
  }
  let running = iterators.length
  try {
    for (const choice of iterators.keys()) pull(choice)
    while (running > 0) {
      const arrived = settled.shift()
      if (!arrived) {
        await new Promise<void>((resolve) => (wake = resolve))
        continue
      }
      const result = await arrived.next
      if (result.done) {
        running -= 1
        continue
      }
      yield { choice: arrived.choice, events: result.value }
      pull(arrived.choice)
    }
  } finally {
    for (const iterator of iterators) iterator.return?.().catch(() => {})
  }
}
