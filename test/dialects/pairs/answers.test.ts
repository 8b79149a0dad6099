// An answer means the same in every API, in one piece and as a stream however it is cut, and after it went from any of them to
// any other. The official SDKs read it.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import * as fc from 'fast-check'
import { assertOrder } from '../../../src/core/assert-order.ts'
import { batchesOf } from '../answers.ts'
import { type Answer, eventsOf, meaningOf, type Reader, wholeAnswer } from './answer.ts'
import { chatReader } from './reader-chat.ts'
import { geminiReader } from './reader-gemini.ts'
import { messagesReader } from './reader-messages.ts'
import { responsesReader } from './reader-responses.ts'

setDefaultTimeout(180_000)

const READERS = [chatReader, responsesReader, messagesReader, geminiReader]
const PAIRS = READERS.flatMap((from) =>
  READERS.filter((to) => to !== from).map((to) => [from.name, to.name, from, to] as const),
)

const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 })
const cuts = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 })
const bytesOf = (text: string) => new TextEncoder().encode(text)

type Way = { batching: number[]; cut: number[]; pieces: number[] }
const way: fc.Arbitrary<Way> = fc.record({ batching: sizes, cut: cuts, pieces: sizes })

/** What a caller of one API understands of an answer: the same in one piece and in many. */
async function through(reader: Reader, answer: Answer, { batching, cut, pieces }: Way): Promise<Answer> {
  const events = eventsOf(answer, pieces)
  assertOrder(events)
  const stream = reader.stream(batchesOf(events, batching))
  reader.checkOrder(bytesOf(stream))
  const whole = meaningOf(await reader.read(bytesOf(reader.whole(answer)), false, cut))
  const streamed = meaningOf(await reader.read(bytesOf(stream), true, cut))
  if (!reader.streamsOtherwise?.when(answer)) expect(streamed).toEqual(whole)
  return whole
}

describe('an answer', () => {
  test.each(PAIRS)('from %s to %s', async (_from, _to, from, to) => {
    await fc.assert(
      fc.asyncProperty(wholeAnswer, way, async (answer, way) => {
        const first = await through(from, answer, way)
        expect(first).toEqual(meaningOf(from.left(answer)))
        const second = await through(to, first, way)
        expect(second).toEqual(meaningOf(to.left(first)))
      }),
      { numRuns: 50 },
    )
  })
})

describe.each(READERS.map((reader) => [reader.name, reader] as const))('a stream of %s', (_name, reader) => {
  test('says the same when it is cut in two at any place, and into its bytes', async () => {
    const [answer] = fc.sample(wholeAnswer, { numRuns: 1, seed: 3 })
    const bytes = bytesOf(reader.stream(batchesOf(eventsOf(answer!, [3]), [2])))
    const said = meaningOf(await reader.read(bytes, true, [bytes.length]))
    for (let place = 1; place < bytes.length; place += Math.ceil(bytes.length / 60))
      expect(meaningOf(await reader.read(bytes, true, [place, bytes.length]))).toEqual(said)
    expect(meaningOf(await reader.read(bytes, true, [1]))).toEqual(said)
  })

  test('says the same with signs of life anywhere between its events', async () => {
    await fc.assert(
      fc.asyncProperty(wholeAnswer, way, fc.infiniteStream(fc.boolean()), async (answer, { batching, cut }, silent) => {
        const stream = reader.stream(batchesOf(eventsOf(answer, [4]), batching))
        const frames = stream.split('\n\n').slice(0, -1)
        const alive = frames.map((frame) => `${frame}\n\n${silent.next().value ? reader.silence : ''}`).join('')
        expect(meaningOf(await reader.read(bytesOf(alive), true, cut))).toEqual(
          meaningOf(await reader.read(bytesOf(stream), true, cut)),
        )
      }),
      { numRuns: 15 },
    )
  })
})
