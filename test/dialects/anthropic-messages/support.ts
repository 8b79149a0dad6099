// What the tests of this dialect share: requests, events in a legal order, and a strict reader of our bytes.
import { expect } from 'bun:test'
import * as fc from 'fast-check'
import * as v from 'valibot'
import type { ChatEvent, FinishReason } from '../../../src/core/event.ts'
import type { ChatRequest } from '../../../src/core/request.ts'
import { decode } from '../../../src/dialects/anthropic-messages/decode.ts'
import { MessageStream } from '../../../src/dialects/anthropic-messages/stream.ts'
import type { AnthropicContentBlock } from '../../../src/dialects/anthropic-messages/schema-answer.ts'
import { AnthropicError, AnthropicStreamEvent } from '../../../src/dialects/anthropic-messages/schema-answer.ts'
import { AnthropicMessagesRequest, type MessagesRequest } from '../../../src/dialects/anthropic-messages/schema.ts'
import type { AnswerContext } from '../../../src/dialects/dialect.ts'
import { check } from '../../../src/dialects/check.ts'

export const context: AnswerContext = { id: 'abc123', model: 'demo/any "model"', created: 1_700_000_000_999 }

/** Checks a parsed body as the HTTP layer does. */
export function checkBody(json: unknown): MessagesRequest {
  return check(AnthropicMessagesRequest, json)
}

/** A parsed body as the HTTP layer gets it, decoded. */
export function read(fields: Record<string, unknown> = {}): ChatRequest {
  const least = { model: 'demo/text', max_tokens: 2000, messages: [{ role: 'user', content: 'hello' }] }
  return decode(checkBody({ ...least, ...fields }))
}

export const conversation = (...messages: unknown[]) => read({ messages })
export const content = (...blocks: unknown[]) => conversation({ role: 'user', content: blocks })

export const start: ChatEvent = { type: 'stream-start', model: 'provider-model', created: 1 }
export const usage = { input: 100, output: 20, cachedRead: 80, cacheWrite: 7, reasoning: 5 }

/** Texts that broke some encoder somewhere. */
const nasty = fc.constantFrom(
  '',
  '漢字かな',
  'e\u0301\u0327',
  '👩‍👩‍👧‍👦',
  '\ud83d',
  '\u2028a\u2029b\u0085c',
  'a\0b',
  '\r\n\r\n',
  'event: error\ndata: {}\n\n',
  '"\\',
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
const block: fc.Arbitrary<Block> = fc.record({
  kind: fc.constantFrom('text', 'reasoning', 'tool-call'),
  pieces: fc.array(text, { maxLength: 4 }),
  id: fc.string({ minLength: 1, maxLength: 8 }),
  name: fc.string({ minLength: 1, maxLength: 8 }),
  opaque: fc.oneof(
    fc.constant({}),
    fc.record({ signature: fc.base64String({ minLength: 4, maxLength: 8 }) }),
    fc.record({ encrypted: fc.base64String({ minLength: 4, maxLength: 8 }) }),
  ),
})

const finish: fc.Arbitrary<ChatEvent> = fc.oneof(
  fc
    .constantFrom<FinishReason>('stop', 'length', 'tool-calls', 'content-filter')
    .map((reason): ChatEvent => ({ type: 'finish', reason })),
  text.map((stopSequence): ChatEvent => ({ type: 'finish', reason: 'stop', stopSequence })),
)

/**
 * All events of one answer. `order` draws which of the open blocks goes on, or that the next one starts: with one number
 * below 1 they come one behind the other, else they overlap in every way.
 */
export const answerEvents = (overlap: boolean): fc.Arbitrary<ChatEvent[]> =>
  fc
    .record({ blocks: fc.array(block, { maxLength: 5 }), order: fc.infiniteStream(fc.nat(6)), finish })
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

/** The bytes of a whole stream. */
export function encoded(batches: readonly ChatEvent[][]): Uint8Array {
  const stream = new MessageStream(context)
  const frames = batches.map((events) => stream.push({ choice: 0, events }))
  return new TextEncoder().encode(frames.join('') + stream.end())
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

type StreamEvent = v.InferOutput<typeof AnthropicStreamEvent> | AnthropicError

/** The events in the bytes. Refuses whatever is not a name and one line of data, or not as documented. */
export function eventsIn(bytes: Uint8Array): StreamEvent[] {
  const all = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  if (all === '') return []
  if (!all.endsWith('\n\n')) throw new Error('the stream ends within an event')
  return all
    .slice(0, -2)
    .split('\n\n')
    .map((event) => {
      const [, name, json] = /^event: ([a-z_]+)\ndata: ([^\r\n\u0085\u2028\u2029]*)$/.exec(event) ?? []
      if (json === undefined) throw new Error(`not a name and one line of data: ${event}`)
      const data: unknown = JSON.parse(json)
      const parsed = v.parse(name === 'error' ? AnthropicError : AnthropicStreamEvent, data)
      expect(parsed as unknown).toEqual(data)
      expect(parsed.type as string).toBe(name!)
      return parsed
    })
}

/** Puts a stream together as a client does that allows no block to overlap another, nor anything out of its place. */
export function reassemble(events: readonly StreamEvent[]) {
  const content: (AnthropicContentBlock & { json?: string })[] = []
  let open: (typeof content)[number] | undefined
  const [first, ping, ...rest] = events
  if (first?.type !== 'message_start') throw new Error('no message_start')
  expect(ping).toEqual({ type: 'ping' })
  expect(first.message.content).toEqual([])
  expect(rest.at(-1)).toEqual({ type: 'message_stop' })
  const end = rest.at(-2)
  if (end?.type !== 'message_delta') throw new Error('no message_delta')
  for (const event of rest.slice(0, -2)) {
    switch (event.type) {
      case 'content_block_start':
        if (open) throw new Error('a block starts in another')
        expect(event.index).toBe(content.length)
        open = structuredClone(event.content_block)
        content.push(open)
        break
      case 'content_block_delta':
        if (!open) throw new Error('a delta outside of a block')
        expect(event.index).toBe(content.length - 1)
        if (event.delta.type === 'text_delta' && open.type === 'text') open.text += event.delta.text
        else if (event.delta.type === 'thinking_delta' && open.type === 'thinking')
          open.thinking += event.delta.thinking
        else if (event.delta.type === 'signature_delta' && open.type === 'thinking')
          open.signature = event.delta.signature
        else if (event.delta.type === 'input_json_delta' && open.type === 'tool_use')
          open.json = (open.json ?? '') + event.delta.partial_json
        else throw new Error(`${event.delta.type} in ${open.type}`)
        break
      case 'content_block_stop':
        if (!open) throw new Error('a stop outside of a block')
        expect(event.index).toBe(content.length - 1)
        open = undefined
        break
      default:
        throw new Error(`${event.type} in the middle`)
    }
  }
  if (open) throw new Error('a block has no end')
  return { message: first.message, content, delta: end.delta, usage: end.usage }
}
