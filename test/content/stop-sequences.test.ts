import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { stopSequences } from '../../src/content/stop-sequences.ts'
import { assertOrder } from '../../src/core/assert-order.ts'
import type { Batch, ChatEvent } from '../../src/core/event.ts'
import {
  batchesOf,
  batchSizes,
  eventsOf,
  inBatches,
  orderedEvents,
  START,
  STOP,
  textAnswer,
  textOf,
  USAGE,
} from '../core/samples.ts'

/** What the filter should do, said as simply as possible. */
function naive(text: string, stops: string[]): { text: string; stop?: string } {
  const places = stops.filter((stop) => stop !== '' && text.includes(stop)).map((stop) => text.indexOf(stop))
  if (places.length === 0) return { text }
  const cut = Math.min(...places)
  const here = stops.filter((stop) => stop !== '' && text.startsWith(stop, cut))
  return { text: text.slice(0, cut), stop: here.toSorted((a, b) => a.length - b.length)[0]! }
}

async function filtered(stops: string[], ...batches: Batch[]): Promise<ChatEvent[]> {
  return eventsOf(stopSequences(stops)(batchesOf(...batches)))
}

const finishOf = (events: ChatEvent[]) => events.at(-1)

describe('cuts', () => {
  const cases: [string, string[], string[], string, string | undefined][] = [
    ['inside one delta', ['STOP'], ['abSTOPcd'], 'ab', 'STOP'],
    ['across deltas', ['STOP'], ['abS', 'T', 'O', 'Pcd'], 'ab', 'STOP'],
    ['at the very beginning', ['a'], ['abc'], '', 'a'],
    ['at the very end', ['c'], ['ab', 'c'], 'ab', 'c'],
    ['the earliest of several', ['two', 'one'], ['a one b two'], 'a ', 'one'],
    ['one that begins earlier and ends later', ['abcd', 'bc'], ['xab', 'c', 'd'], 'x', 'abcd'],
    ['the inner one when the longer breaks off', ['abcd', 'bc'], ['xab', 'c', 'e'], 'xa', 'bc'],
    ['the inner one when the text ends within the longer', ['abcd', 'bc'], ['xab', 'c'], 'xa', 'bc'],
    ['the shorter of two that begin together', ['abc', 'ab'], ['xabc'], 'x', 'ab'],
    ['behind a false start', ['aab'], ['aaa', 'ab'], 'aa', 'aab'],
    ['an emoji, not another that begins with the same half', ['😀'], ['a😁b', '\ud83d', '\ude00c'], 'a😁b', '😀'],
    ['line breaks', ['\n\nHuman:'], ['Hi\n', '\nHum', 'an: x'], 'Hi', '\n\nHuman:'],
    ['nothing where there is no match', ['STOP'], ['abS', 'TO'], 'abSTO', undefined],
    ['nothing for an empty stop', [''], ['abc'], 'abc', undefined],
  ]
  test.each(cases)('%s', async (_, stops, deltas, text, stop) => {
    const events = await filtered(stops, ...textAnswer(...deltas).map((event) => [event]))
    assertOrder(events)
    expect(textOf(events)).toBe(text)
    expect(finishOf(events)).toEqual(stop === undefined ? STOP : { type: 'finish', reason: 'stop', stopSequence: stop })
  })

  test('any text at any stops is cut as the naive way would, however it comes', async () => {
    const letters = fc.constantFrom('a', 'b', '\n', '😀', '😁', '界', 'e\u0301')
    const word = fc.array(letters, { maxLength: 6 }).map((all) => all.join(''))
    await fc.assert(
      fc.asyncProperty(
        fc.array(word, { maxLength: 12 }),
        fc.array(word, { maxLength: 4 }),
        batchSizes,
        fc.boolean(),
        async (deltas, stops, sizes, halves) => {
          // Surrogate pairs cut in two as well: each UTF-16 unit is a delta of its own.
          const pieces = halves ? deltas.flatMap((delta) => delta.split('')) : deltas
          const events = await filtered(stops, ...inBatches(textAnswer(...pieces), sizes))
          assertOrder(events)
          const expected = naive(deltas.join(''), stops)
          expect(textOf(events)).toBe(expected.text)
          const finish = finishOf(events)
          expect(finish?.type === 'finish' && finish.stopSequence).toBe(expected.stop as string)
        },
      ),
      { numRuns: 1_000 },
    )
  })
})

describe('leaves alone', () => {
  test('every event of an answer without a match, but for how its text is cut', async () => {
    const joined = (events: ChatEvent[]) => {
      const all: ChatEvent[] = []
      for (const event of events) {
        const last = all.at(-1)
        if (event.type === 'text-delta' && event.text === '') continue
        if (event.type === 'text-delta' && last?.type === 'text-delta' && last.block === event.block) {
          all[all.length - 1] = { type: 'text-delta', block: event.block, text: last.text + event.text }
        } else all.push(event)
      }
      return all
    }
    await fc.assert(
      fc.asyncProperty(orderedEvents, batchSizes, async (events, sizes) => {
        const result = await filtered(['\u0000none\u0000'], ...inBatches(events, sizes))
        expect(joined(result)).toEqual(joined(events))
      }),
    )
  })

  test('stop strings in reasoning and in tool arguments', async () => {
    const events: ChatEvent[] = [
      START,
      { type: 'reasoning-start', block: 0 },
      { type: 'reasoning-delta', block: 0, text: 'STOP' },
      { type: 'reasoning-end', block: 0 },
      { type: 'tool-call-start', block: 1, id: 'call-1', name: 'STOP' },
      { type: 'tool-call-delta', block: 1, arguments: 'STOP' },
      { type: 'tool-call-end', block: 1 },
      { type: 'finish', reason: 'tool-calls' },
    ]
    expect(await filtered(['STOP'], events)).toEqual(events)
  })

  test('a stop that the provider found itself', async () => {
    const events: ChatEvent[] = [
      ...textAnswer('ab').slice(0, -1),
      { type: 'finish', reason: 'stop', stopSequence: 'STOP' },
    ]
    expect(await filtered(['STOP'], events)).toEqual(events)
  })

  test('text before an error', async () => {
    const error = { type: 'error', error: expect.anything() } as unknown as ChatEvent
    const events = await filtered(['STOP'], [...textAnswer('abST').slice(0, 3), error])
    expect(textOf(events)).toBe('abST')
    expect(events.at(-1)?.type).toBe('error')
  })
})

describe('when it cuts', () => {
  test('it stops reading: the turn is cancelled', async () => {
    const read: string[] = []
    let closed = false
    async function* provider(): AsyncGenerator<Batch> {
      try {
        for (const event of textAnswer('a', 'STOP', 'b', 'c')) {
          read.push(event.type === 'text-delta' ? event.text : event.type)
          yield [event]
        }
      } finally {
        closed = true
      }
    }
    await eventsOf(stopSequences(['STOP'])(provider()))
    expect(read).toEqual(['stream-start', 'text-start', 'a', 'STOP'])
    expect(closed).toBe(true)
  })

  test('usage told so far stands, and none is made up', async () => {
    const usage = (output: number): ChatEvent => ({ type: 'usage', usage: { ...USAGE, output } })
    const [start, open, ...rest] = textAnswer('aSTOPb')
    const usages = (events: ChatEvent[]) =>
      events.flatMap((event) => (event.type === 'usage' ? [event.usage.output] : []))
    // Told before, in a batch of its own; then in the batch of the cut, twice; then only after it.
    expect(usages(await filtered(['STOP'], [start!], [usage(1)], [open!, ...rest]))).toEqual([1, USAGE.output])
    expect(usages(await filtered(['STOP'], [start!, open!, rest[0]!, usage(2), usage(3)], [STOP]))).toEqual([3])
    expect(usages(await filtered(['STOP'], [start!, open!, rest[0]!], [usage(4)]))).toEqual([])
  })

  test('all open blocks get their end', async () => {
    const events = await filtered(
      ['STOP'],
      [
        START,
        { type: 'reasoning-start', block: 0 },
        { type: 'text-start', block: 1 },
        { type: 'text-delta', block: 1, text: 'aSTOP' },
      ],
    )
    assertOrder(events)
    expect(events.filter((event) => event.type.endsWith('-end'))).toHaveLength(2)
  })

  test('a match that only the end of the block settles closes the block once', async () => {
    assertOrder(await filtered(['abcd', 'bc'], textAnswer('xabc')))
  })
})

describe('keeps back', () => {
  test('only what may be the beginning of a stop string, and gives it as soon as it is not', async () => {
    const events = textAnswer('abS', 'T', 'x', 'y')
    const batches: string[] = []
    for await (const batch of stopSequences(['STOP'])(batchesOf(...events.map((event) => [event])))) {
      if (textOf(batch) !== '') batches.push(textOf(batch))
    }
    expect(batches).toEqual(['ab', 'STx', 'y'])
  })

  test('nothing across two text blocks', async () => {
    const events: ChatEvent[] = [
      START,
      { type: 'text-start', block: 0 },
      { type: 'text-delta', block: 0, text: 'ST' },
      { type: 'text-end', block: 0 },
      { type: 'text-start', block: 1 },
      { type: 'text-delta', block: 1, text: 'OP' },
      { type: 'text-end', block: 1 },
      STOP,
    ]
    expect(await filtered(['STOP'], events)).toEqual(events)
  })
})

test('a text that almost stops all the time costs time in proportion to its length', async () => {
  const stop = `${'a'.repeat(2_000)}b`
  const time = async (length: number) => {
    const pieces = Array.from({ length: length / 50 }, () => 'a'.repeat(50))
    const begin = performance.now()
    expect(textOf(await filtered([stop, `${stop}c`], textAnswer(...pieces))).length).toBe(length)
    return performance.now() - begin
  }
  await time(20_000)
  // Looked at anew at each place, 400,000 characters would take 800 million steps.
  expect(await time(400_000)).toBeLessThan(1_500)
})
