import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import type { Batch, ChatEvent } from '../../src/core/event.ts'
import { merge } from '../../src/core/merge.ts'
import { batchesOf, batchSizes, inBatches, orderedEvents } from './samples.ts'

const line = (text: string): Batch => [{ type: 'raw', line: text }]

/** A source whose batches come when the test says so. */
function source() {
  const queue: PromiseWithResolvers<IteratorResult<Batch>>[] = []
  const iterator = {
    pulls: 0,
    returned: 0,
    next() {
      const answer = Promise.withResolvers<IteratorResult<Batch>>()
      iterator.pulls += 1
      queue.push(answer)
      return answer.promise
    },
    return() {
      iterator.returned += 1
      return Promise.resolve<IteratorResult<Batch>>({ done: true, value: undefined })
    },
    give: (text: string) => queue.shift()!.resolve({ done: false, value: line(text) }),
    fail: (error: Error) => queue.shift()!.reject(error),
    end: () => queue.shift()!.resolve({ done: true, value: undefined }),
    [Symbol.asyncIterator]: () => iterator,
  }
  return iterator
}

describe('merge', () => {
  test('gives a batch as soon as it is there, whoever it comes from', async () => {
    const [slow, quick] = [source(), source()]
    const merged = merge([slow, quick])
    for (const text of ['a', 'b', 'c']) {
      const next = merged.next()
      quick.give(text)
      expect((await next).value).toEqual({ choice: 1, events: line(text) })
    }
    const next = merged.next()
    slow.give('late')
    expect((await next).value).toEqual({ choice: 0, events: line('late') })
    const end = merged.next()
    slow.end()
    quick.end()
    expect((await end).done).toBe(true)
  })

  test('asks a source for the next batch only when the reader wants more', async () => {
    const only = source()
    const merged = merge([only])
    const first = merged.next()
    only.give('a')
    await first
    await Promise.resolve()
    expect(only.pulls).toBe(1)
    const second = merged.next()
    only.give('b')
    await second
    expect(only.pulls).toBe(2)
  })

  test('an answer that never waits does not starve another', async () => {
    const endless = {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: false as const, value: line('loud') }) }),
    }
    const seen: number[] = []
    for await (const { choice } of merge([endless, batchesOf(line('1'), line('2'), line('3'))])) {
      seen.push(choice)
      if (seen.filter((number) => number === 1).length === 3 || seen.length > 100) break
    }
    expect(seen.filter((number) => number === 1)).toHaveLength(3)
  })

  test('a failure is thrown and all sources are closed', async () => {
    const [broken, silent] = [source(), source()]
    const next = merge([broken, silent]).next()
    broken.fail(new Error('It broke.'))
    await expect(next).rejects.toThrow('It broke.')
    expect([broken.returned, silent.returned]).toEqual([1, 1])
  })

  test('a reader who leaves closes all sources, and a failure after that is nobody’s', async () => {
    const [first, second] = [source(), source()]
    const merged = merge([first, second])
    const next = merged.next()
    first.give('a')
    await next
    await merged.return(undefined)
    expect([first.returned, second.returned]).toEqual([1, 1])
    // An unhandled rejection would fail the test run.
    second.fail(new Error('too late'))
    await Bun.sleep(0)
  })

  test('no sources: no batches', async () => {
    expect((await merge([]).next()).done).toBe(true)
  })

  test('every source keeps its own batches and their order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(orderedEvents, batchSizes), { maxLength: 5 }), async (answers) => {
        const given = answers.map(([events, sizes]) => inBatches(events, sizes))
        const seen: ChatEvent[][][] = answers.map(() => [])
        for await (const { choice, events } of merge(given.map((batches) => batchesOf(...batches)))) {
          seen[choice]!.push(events)
        }
        expect(seen).toEqual(given)
      }),
    )
  })

  test('a long answer beside a silent one costs no memory per batch', async () => {
    const silent = source()
    let left = 200_000
    async function* long(): AsyncGenerator<Batch> {
      while (left-- > 0) yield line('x')
    }
    Bun.gc(true)
    const before = process.memoryUsage().heapUsed
    const merged = merge([silent, long()])
    for (let count = 0; count < 200_000; count += 1) await merged.next()
    Bun.gc(true)
    const grown = process.memoryUsage().heapUsed - before
    await merged.return(undefined)
    // Promise.race would hold one reaction for each batch, some 20 MB here.
    expect(grown).toBeLessThan(8_000_000)
  })
})
