import { describe, expect, jest, test } from 'bun:test'
import * as fc from 'fast-check'
import { marker, PROGRESS_PACE, progress } from '../../src/content/progress.ts'
import { assertOrder } from '../../src/core/assert-order.ts'
import type { Batch, ChatEvent } from '../../src/core/event.ts'
import { run } from '../../src/core/run.ts'
import {
  batchesOf,
  batchSizes,
  chatRequest,
  eventsOf,
  inBatches,
  NO_LIMITS,
  orderedEvents,
  planOf,
  START,
  STOP,
  textAnswer,
  textOf,
} from '../core/samples.ts'

/** A clock whose only timer fires when the test says so. */
function manualClock() {
  let due: (() => void) | undefined
  const clock = {
    waits: [] as number[],
    get armed() {
      return due !== undefined
    },
    schedule: (callback: () => void, milliseconds: number) => {
      clock.waits.push(milliseconds)
      due = callback
      return () => {
        if (due === callback) due = undefined
      }
    },
    tick() {
      const callback = due!
      due = undefined
      callback()
    },
  }
  return clock
}

/** A provider that gives a batch when told to. */
function provider() {
  const waiting: PromiseWithResolvers<IteratorResult<Batch>>[] = []
  const iterator = {
    closed: false,
    next() {
      const answer = Promise.withResolvers<IteratorResult<Batch>>()
      waiting.push(answer)
      return answer.promise
    },
    return() {
      iterator.closed = true
      return Promise.resolve<IteratorResult<Batch>>({ done: true, value: undefined })
    },
    give: (...events: Batch) => waiting.shift()!.resolve({ done: false, value: events }),
    end: () => waiting.shift()!.resolve({ done: true, value: undefined }),
    fail: (error: Error) => waiting.shift()!.reject(error),
    [Symbol.asyncIterator]: () => iterator,
  }
  return iterator
}

function begin() {
  const clock = manualClock()
  const source = provider()
  const filter = progress({ model: 'model-1', now: () => 1_700_000_000_000, schedule: clock.schedule })
  const batches = filter(source)[Symbol.asyncIterator]()
  const events: ChatEvent[] = []
  /** Lets something happen, and reads what comes of it. */
  const after = async (happen: () => void): Promise<Batch> => {
    const next = batches.next()
    happen()
    const result = await next
    const batch: Batch = result.done ? [] : result.value
    events.push(...batch)
    return batch
  }
  return { clock, source, batches, events, after }
}

const [, TEXT_START, ...TEXT_REST] = textAnswer('Hello')

describe('markers', () => {
  test('an hourglass, then the circles in turn, each with dots behind it', () => {
    const shown = Array.from({ length: 24 }, (_, place) => marker(place)).join('')
    expect(shown).toBe('⏳···◐···◓···◑···◒···◐···')
  })

  test('come less and less often, up to a limit', async () => {
    const { clock, after } = begin()
    for (let count = 0; count < 20; count += 1) await after(clock.tick)
    expect(clock.waits[0]).toBe(PROGRESS_PACE.first)
    for (const [place, wait] of clock.waits.entries()) {
      if (place > 0) expect(wait).toBeGreaterThanOrEqual(clock.waits[place - 1]!)
    }
    expect(clock.waits[1]! / clock.waits[0]!).toBe(PROGRESS_PACE.factor)
    expect(clock.waits.at(-1)).toBe(PROGRESS_PACE.longest)
  })

  test('before the provider’s first word: the filter begins the stream itself, once', async () => {
    const { clock, source, events, after } = begin()
    expect(await after(clock.tick)).toEqual([
      START,
      { type: 'text-start', block: 0 },
      { type: 'text-delta', block: 0, text: '⏳' },
    ])
    expect(await after(clock.tick)).toEqual([{ type: 'text-delta', block: 0, text: '·' }])
    const answer = await after(() => source.give(START, TEXT_START!, ...TEXT_REST))
    expect(answer.slice(0, 3)).toEqual([
      { type: 'text-delta', block: 0, text: '\n\n' },
      { type: 'text-end', block: 0 },
      { type: 'text-start', block: 1 },
    ])
    expect(textOf(events)).toBe('⏳·\n\nHello')
    assertOrder(events)
    expect(clock.armed).toBe(false)
  })

  test('a stream-start alone is not a batch of its own then', async () => {
    const { clock, source, events, after } = begin()
    await after(clock.tick)
    await after(() => {
      source.give(START)
      queueMicrotask(() => queueMicrotask(() => queueMicrotask(() => clock.tick())))
    })
    await after(() => source.give(TEXT_START!, ...TEXT_REST))
    assertOrder(events)
    expect(textOf(events)).toBe('⏳·\n\nHello')
  })

  test('while the model reasons: its block keeps its number, later ones move up', async () => {
    const { clock, source, events, after } = begin()
    await after(() => source.give(START, { type: 'reasoning-start', block: 0 }))
    await after(() => source.give({ type: 'reasoning-delta', block: 0, text: 'hm' }))
    expect(await after(clock.tick)).toEqual([
      { type: 'text-start', block: 1 },
      { type: 'text-delta', block: 1, text: '⏳' },
    ])
    expect(await after(() => source.give({ type: 'reasoning-end', block: 0 }))).toEqual([
      { type: 'reasoning-end', block: 0 },
    ])
    await after(() =>
      source.give(
        { type: 'text-start', block: 1 },
        { type: 'text-delta', block: 1, text: 'Hello' },
        { type: 'text-end', block: 1 },
        STOP,
      ),
    )
    assertOrder(events)
    expect(textOf(events)).toBe('⏳\n\nHello')
    expect(events.filter((event) => event.type === 'text-start')).toEqual([
      { type: 'text-start', block: 1 },
      { type: 'text-start', block: 2 },
    ])
  })

  test('end with a tool call too', async () => {
    const { clock, source, events, after } = begin()
    await after(clock.tick)
    await after(() =>
      source.give(
        START,
        { type: 'tool-call-start', block: 0, id: 'call-1', name: 'look' },
        { type: 'tool-call-end', block: 0 },
        { type: 'finish', reason: 'tool-calls' },
      ),
    )
    assertOrder(events)
    expect(clock.armed).toBe(false)
  })

  test('an answer without a word: no empty paragraph', async () => {
    const { clock, source, events, after } = begin()
    await after(clock.tick)
    await after(() => source.give(START, STOP))
    expect(textOf(events)).toBe('⏳')
    assertOrder(events)
  })

  test('never come once the answer has begun, however long it pauses', async () => {
    const { clock, source, events, after } = begin()
    await after(() => source.give(START, TEXT_START!, TEXT_REST[0]!))
    expect(clock.armed).toBe(false)
    await after(() => source.give(...TEXT_REST.slice(1)))
    expect(events).toEqual(textAnswer('Hello'))
  })
})

describe('leaves alone', () => {
  test('an answer that comes before the first marker is due', async () => {
    await fc.assert(
      fc.asyncProperty(orderedEvents, batchSizes, async (events, sizes) => {
        const filter = progress({ model: 'x', schedule: manualClock().schedule })
        const batches = inBatches(events, sizes)
        const seen: Batch[] = []
        for await (const batch of filter(batchesOf(...batches))) seen.push(batch)
        expect(seen).toEqual(batches)
      }),
    )
  })

  test('the order of any answer, wherever markers come in between', async () => {
    let marked = 0
    await fc.assert(
      fc.asyncProperty(orderedEvents, batchSizes, fc.infiniteStream(fc.boolean()), async (events, sizes, ticks) => {
        const clock = manualClock()
        // Fires the timer before some of the batches, and lets the filter take notice of it.
        async function* source(): AsyncGenerator<Batch> {
          for (const batch of inBatches(events, sizes)) {
            if (clock.armed && ticks.next().value) {
              clock.tick()
              for (let turn = 0; turn < 5; turn += 1) await Promise.resolve()
            }
            yield batch
          }
        }
        const seen = await eventsOf(progress({ model: 'model-1', schedule: clock.schedule })(source()))
        assertOrder(seen)
        if (textOf(seen).startsWith('⏳')) marked += 1
        expect(textOf(seen).replace(/^[⏳·◐◓◑◒]+(\n\n)?/u, '')).toBe(textOf(events))
        expect(clock.armed).toBe(false)
      }),
    )
    expect(marked).toBeGreaterThan(10)
  })

  test('a failure', async () => {
    const { clock, source, after } = begin()
    const failed = after(() => source.fail(new Error('It broke.')))
    await expect(failed).rejects.toThrow('It broke.')
    expect(clock.armed).toBe(false)
  })
})

describe('nothing is left over', () => {
  test('when the reader leaves between two markers', async () => {
    const { clock, source, batches, after } = begin()
    await after(clock.tick)
    await batches.return?.(undefined)
    expect([clock.armed, source.closed]).toEqual([false, true])
  })

  test('when the provider ends without a word', async () => {
    const { clock, source, after } = begin()
    await after(() => source.end())
    expect(clock.armed).toBe(false)
  })

  test('when the caller leaves while the provider is silent and deaf', async () => {
    jest.useFakeTimers()
    try {
      const caller = new AbortController()
      const plan = planOf(() => provider(), {
        filters: [progress({ model: 'model-1' })],
        timeouts: { ...NO_LIMITS, total: 600_000 },
      })
      const batches = run(plan, chatRequest(), 'id', caller.signal)
      const first = batches.next()
      while (jest.getTimerCount() < 2) await Promise.resolve()
      jest.advanceTimersByTime(PROGRESS_PACE.first)
      expect(textOf((await first).value?.events ?? [])).toBe('⏳')
      const next = batches.next()
      caller.abort()
      expect((await next).done).toBe(true)
      expect(jest.getTimerCount()).toBe(0)
    } finally {
      jest.useRealTimers()
    }
  })
})
