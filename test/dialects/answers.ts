// Answers that the tests of all dialects encode, and what cuts them into pieces.
import * as fc from 'fast-check'
import type { ChatEvent, FinishReason } from '../../src/core/event.ts'
import type { AnswerContext } from '../../src/dialects/dialect.ts'

export const context: AnswerContext = { id: 'abc123', model: 'demo/any "model"', created: 1_700_000_000_999 }

export const start: ChatEvent = { type: 'stream-start', model: 'provider-model', created: 1 }
export const usage = { input: 100, output: 20, cachedRead: 80, cacheWrite: 7, reasoning: 5 }

/** Texts that broke some encoder somewhere. */
const nasty = fc.constantFrom(
  '',
  '漢字かな',
  'e\u0301\u0327',
  '👩‍👩‍👧‍👦',
  '\ud83d',
  '\ude00',
  '\u2028a\u2029b\u0085c',
  'a\0b',
  '\r\n\r\n',
  'event: error\ndata: {}\n\n',
  'data: [DONE]\n\n',
  'data: {"error":{}}\n\n',
  '"\\',
  '\u001b[31m',
  '\ufeff',
)
export const text = fc.oneof(
  nasty,
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 6 }).map((units) => String.fromCharCode(...units)),
)

type Block = {
  kind: 'text' | 'reasoning' | 'tool-call'
  pieces: string[]
  id: string
  name: string
  opaque: { signature?: string; encrypted?: string }
}
const block = (opaque: fc.Arbitrary<string>): fc.Arbitrary<Block> =>
  fc.record({
    kind: fc.constantFrom('text', 'reasoning', 'tool-call'),
    pieces: fc.array(text, { maxLength: 4 }),
    id: fc.string({ minLength: 1, maxLength: 8 }),
    name: fc.string({ minLength: 1, maxLength: 8 }),
    opaque: fc.oneof(fc.constant({}), fc.record({ signature: opaque }), fc.record({ encrypted: opaque })),
  })

/** What signatures mostly are. */
export const base64 = fc.base64String({ minLength: 4, maxLength: 8 })

const finish: fc.Arbitrary<ChatEvent> = fc.oneof(
  fc
    .constantFrom<FinishReason>('stop', 'length', 'tool-calls', 'content-filter')
    .map((reason): ChatEvent => ({ type: 'finish', reason })),
  text.map((stopSequence): ChatEvent => ({ type: 'finish', reason: 'stop', stopSequence })),
)

/**
 * All events of one answer. Its blocks come one behind the other, or overlap in every way: `order` draws which of the open ones
 * goes on, or that the next one starts.
 * @param opaque signatures and encrypted thoughts
 */
export const answerEvents = (overlap: boolean, opaque = base64): fc.Arbitrary<ChatEvent[]> =>
  fc
    .record({ blocks: fc.array(block(opaque), { maxLength: 5 }), order: fc.infiniteStream(fc.nat(6)), finish })
    .map(({ blocks, order, finish }) => {
      const events: ChatEvent[] = [start]
      const open: { number: number; block: Block; left: string[] }[] = []
      const waiting = blocks.map((block, number) => ({ block, number, left: [...block.pieces] }))
      while (waiting.length > 0 || open.length > 0) {
        const draw: number = order.next().value
        const mayStart = waiting.length > 0 && (open.length === 0 || (overlap && draw < 3))
        if (mayStart) {
          const next = waiting.shift()!
          const { id, name, kind } = next.block
          events.push(
            kind === 'tool-call'
              ? { type: 'tool-call-start', block: next.number, id, name }
              : { type: `${kind}-start`, block: next.number },
          )
          open.push(next)
          continue
        }
        const at = draw % open.length
        const { number, block, left } = open[at]!
        const piece = left.shift()
        if (piece === undefined) {
          open.splice(at, 1)
          const opaque = block.kind === 'reasoning' ? block.opaque : {}
          events.push({ type: `${block.kind}-end`, block: number, ...opaque })
        } else if (block.kind === 'tool-call') {
          events.push({ type: 'tool-call-delta', block: number, arguments: piece })
        } else {
          events.push({ type: `${block.kind}-delta`, block: number, text: piece })
        }
      }
      events.push({ type: 'usage', usage }, finish)
      return events
    })

/** Cuts events into batches of the given sizes, over and over. */
export function batchesOf(events: readonly ChatEvent[], sizes: readonly number[]): ChatEvent[][] {
  const left = [...events]
  const batches: ChatEvent[][] = []
  while (left.length > 0) batches.push(left.splice(0, sizes[batches.length % sizes.length]))
  return batches
}

/** Cuts bytes into pieces of the given sizes, over and over. */
export function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array<ArrayBuffer>[] {
  const pieces: Uint8Array<ArrayBuffer>[] = []
  for (let begin = 0, turn = 0; begin < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!
    pieces.push(new Uint8Array(bytes.slice(begin, begin + size)))
    begin += size
  }
  return pieces
}
