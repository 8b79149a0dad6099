import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { limitTokens } from '../../src/content/token-limit.ts'
import type { Batch, ChatEvent } from '../../src/core/event.ts'
import {
  batchesOf,
  batchSizes,
  eventsOf,
  inBatches,
  orderedEvents,
  START,
  textAnswer,
  textOf,
  USAGE,
} from '../core/samples.ts'
import { call, finish, oneByOne, outline, play, reasonOf, say, think, turn, usageOf } from './scripted-turn.ts'

const limited = (most: number, ...batches: Batch[]) => play(limitTokens(() => batchesOf(...batches), most))
const joined = (events: readonly ChatEvent[]) => {
  const all: ChatEvent[] = []
  for (const event of events) {
    const last = all.at(-1)
    if (event.type === 'text-delta' && last?.type === 'text-delta' && last.block === event.block) {
      all[all.length - 1] = { ...last, text: last.text + event.text }
    } else if (event.type !== 'text-delta' || event.text !== '') all.push(event)
  }
  return all
}

describe('cuts', () => {
  test.each([
    ['at the end of a word', 3, ['tick ', 'tick ', 'tick ', 'tick '], 'tick tick'],
    ['inside a delta', 3, ['tick tick tick tick '], 'tick tick'],
    ['behind the first word, whole', 1, ['Tru', 'e, of course'], 'True,'],
    ['inside a word only where it is very long', 8, ['x'.repeat(100)], 'x'.repeat(30)],
    ['a text without spaces', 4, ['水从山上流下来'], '水从山上'],
    ['never an emoji of many parts', 4, ['👩‍👩‍👧‍👦'.repeat(3)], '👩‍👩‍👧‍👦'],
    ['never a letter from its accents', 4, ['e\u0301'.repeat(8)], 'e\u0301'.repeat(4)],
    ['never a flag', 4, ['🇳🇴🇮🇹🇫🇷'], '🇳🇴🇮🇹'],
  ])('%s', async (_, most, deltas, text) => {
    const { events, error } = await limited(most, ...oneByOne(textAnswer(...deltas)))
    expect(error).toBeUndefined()
    expect(textOf(events)).toBe(text)
    expect(reasonOf(events)).toBe('length')
    expect(usageOf(events)).toMatchObject({ output: most, estimated: true })
  })

  test('any text at the same place, however it comes, and never inside of a character', async () => {
    const letters = fc.constantFrom(
      'a',
      'b',
      'word',
      ' ',
      '\r',
      '\n',
      '😀',
      '👩‍👩‍👧‍👦',
      '🇳🇴',
      '界',
      'e\u0301',
      'क्षि',
      '\u0600',
      '\ud83d',
    )
    const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })
    let cuts = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(letters, { maxLength: 40 }).map((all) => all.join('')),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 30 }),
        batchSizes,
        async (text, lengths, most, sizes) => {
          const pieces: string[] = []
          for (let at = 0, turn = 0; at < text.length; turn += 1) {
            const length = lengths[turn % lengths.length]!
            pieces.push(text.slice(at, at + length))
            at += length
          }
          const whole = await limited(most, textAnswer(text))
          const cut = await limited(most, ...inBatches(textAnswer(...pieces), sizes))
          expect(cut.error).toBeUndefined()
          expect(textOf(cut.events)).toBe(textOf(whole.events))
          expect(reasonOf(cut.events)).toBe(reasonOf(whole.events)!)
          const said = textOf(cut.events)
          expect(text.startsWith(said)).toBe(true)
          if (said === text) return
          cuts += 1
          const parts = [...graphemes.segment(text)].map(({ index }) => index)
          expect(parts).toContain(said.length)
        },
      ),
      { numRuns: 1_000 },
    )
    expect(cuts).toBeGreaterThan(100)
  })

  test('a limit in front of the second block, which is then not there at all', async () => {
    const { events } = await limited(1, ...oneByOne([START, ...say(0, 'one'), ...say(1, 'two'), ...finish()]))
    expect(outline(events)).toEqual(['stream-start', 'text-start', 'usage', 'finish'])
    expect(reasonOf(events)).toBe('length')
  })

  test('the arguments of a call count, it comes whole, and no call begins behind the limit', async () => {
    const json = JSON.stringify({ city: 'Oslo', days: 3 })
    const { events } = await limited(2, [
      START,
      ...say(0, 'I'),
      ...call(1, 'look', 'a', json),
      ...call(2),
      ...finish('tool-calls'),
    ])
    expect(outline(events)).toEqual(['stream-start', 'text-start', 'tool-call-start', 'usage', 'finish'])
    expect(events.find((event) => event.type === 'tool-call-delta')).toMatchObject({ arguments: json })
    expect(reasonOf(events)).toBe('length')
  })

  test('thinking does not count, and passes', async () => {
    const answer = [START, ...think(0, 'word '.repeat(100)), ...say(1, 'one'), ...finish()]
    expect(await limited(2, answer)).toMatchObject({ events: answer })
  })
})

describe('leaves alone', () => {
  test('an answer that just fits', async () => {
    const answer = textAnswer('one two', ' three')
    expect((await limited(3, ...oneByOne(answer))).events).toEqual(answer)
  })

  test('every event of an answer below the limit, but for how its text is cut', async () => {
    await fc.assert(
      fc.asyncProperty(orderedEvents, batchSizes, async (events, sizes) => {
        const result = await eventsOf(limitTokens(() => batchesOf(...inBatches(events, sizes)), 1e9)(...turn()))
        expect(joined(result)).toEqual(joined(events))
      }),
    )
  })

  test('a failure, with half a character in front of it', async () => {
    const error = { type: 'error', error: new Error('no') } as unknown as ChatEvent
    const [start, open] = textAnswer()
    const events = await eventsOf(
      limitTokens(
        () => batchesOf([start!, open!, { type: 'text-delta', block: 0, text: 'a\ud83d' }], [error]),
        9,
      )(...turn()),
    )
    expect(textOf(events)).toBe('a\ud83d')
    expect(events.at(-1)).toBe(error)
  })
})

describe('when it cuts', () => {
  test('the turn is stopped before anybody reads the end', async () => {
    let stopped = false
    const run = async function* (): AsyncGenerator<Batch> {
      try {
        for (const event of textAnswer(...Array<string>(100).fill('tick '))) yield [event]
      } finally {
        stopped = true
      }
    }
    for await (const batch of limitTokens(run, 2)(...turn())) {
      expect(stopped).toBe(batch.at(-1)?.type === 'finish')
    }
  })

  test('a reader who leaves stops it too', async () => {
    let stopped = false
    const run = async function* (): AsyncGenerator<Batch> {
      try {
        for (;;) yield [START]
      } finally {
        stopped = true
      }
    }
    for await (const _ of limitTokens(run, 2)(...turn())) break
    expect(stopped).toBe(true)
  })

  // A rejection that nobody handles fails the test that runs.
  test.each([
    ['reads on', 'next'],
    ['leaves', 'return'],
  ] as const)('what the stopped turn fails with is nobody’s: a slow reader %s', async (_, then) => {
    for (const slowly of [true, false]) {
      const closing = Promise.withResolvers<void>()
      let closed = false
      const close = async () => {
        await Bun.sleep(1)
        closed = true
        closing.resolve()
        throw new Error('it ended badly')
      }
      const run = async function* (): AsyncGenerator<Batch> {
        try {
          for (const event of textAnswer('one ', 'two ', 'three ')) yield [event]
        } finally {
          await close()
        }
      }
      const batches = limitTokens(run, 1)(...turn())[Symbol.asyncIterator]()
      let batch: Batch = []
      while (batch.at(-1)?.type !== 'finish') batch = (await batches.next()).value
      if (slowly) {
        await closing.promise
        await Bun.sleep(1)
      }
      expect(await batches[then]!()).toMatchObject({ done: true })
      expect(closed).toBe(true)
    }
  })

  test('usage that came with the rest is the true one; else it is estimated, also of the question', async () => {
    expect(usageOf((await limited(1, textAnswer('one ', 'two ', 'three'))).events)).toEqual(USAGE)
    const { events } = await limited(1, ...oneByOne(textAnswer('one ', 'two ', 'three')))
    expect(usageOf(events)).toMatchObject({ input: 6, output: 1, estimated: true })
  })
})
