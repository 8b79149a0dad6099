// What the tests of this dialect share: requests, events in a legal order, and strict readers of our bytes.
import { expect } from 'bun:test'
import * as fc from 'fast-check'
import * as v from 'valibot'
import type { ChatEvent, FinishReason } from '../../../src/core/event.ts'
import type { ChatRequest } from '../../../src/core/request.ts'
import { decode, type GeminiCall } from '../../../src/dialects/gemini/decode.ts'
import { gemini } from '../../../src/dialects/gemini/dialect.ts'
import { GeminiRequest } from '../../../src/dialects/gemini/schema.ts'
import { GeminiError, GeminiResponse } from '../../../src/dialects/gemini/schema-answer.ts'
import { respell } from '../../../src/dialects/gemini/spelling.ts'
import type { AnswerContext } from '../../../src/dialects/dialect.ts'
import { check } from '../../../src/dialects/check.ts'

export const context: AnswerContext = { id: 'abc123', model: 'demo/any "model"', created: 1_700_000_000_999 }
export const HELLO = [{ role: 'user', parts: [{ text: 'hello' }] }]

/** A parsed body as the HTTP layer gives it on. */
export function call(json: unknown, form: GeminiCall['form'] = 'whole'): GeminiCall {
  return { model: 'demo/text', form, body: check(GeminiRequest, respell(json)) }
}

export const read = (fields: object = {}): ChatRequest => decode(call({ contents: HELLO, ...fields }))
export const conversation = (...contents: unknown[]) => read({ contents })
export const user = (...parts: unknown[]) => ({ role: 'user', parts })
export const model = (...parts: unknown[]) => ({ role: 'model', parts })
export const config = (generationConfig: object) => read({ generationConfig })

export const start: ChatEvent = { type: 'stream-start', model: 'provider-model', created: 1 }
export const usage = { input: 100, output: 20, cachedRead: 80, cacheWrite: 7, reasoning: 5 }

/** Texts that broke some encoder somewhere. */
const nasty = fc.constantFrom(
  '',
  '漢字かな',
  '👩‍👩‍👧‍👦',
  '\ud83d',
  '\u2028a\u2029b\u0085c',
  'a\0b',
  '\r\n\r\n',
  'data: {}\n\n',
  '"\\',
  '\ufeff',
)
export const text = fc.oneof(nasty, fc.string({ unit: 'grapheme', maxLength: 12 }))

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
    fc.record({ signature: fc.oneof(fc.base64String({ minLength: 4, maxLength: 8 }), text) }),
    fc.record({ encrypted: text }),
  ),
})

const finish: fc.Arbitrary<ChatEvent> = fc
  .constantFrom<FinishReason>('stop', 'length', 'tool-calls', 'content-filter')
  .map((reason): ChatEvent => ({ type: 'finish', reason }))

/** All events of one answer, whose blocks come one behind the other. */
export const answerEvents: fc.Arbitrary<ChatEvent[]> = fc
  .record({ blocks: fc.array(block, { maxLength: 5 }), finish })
  .map(({ blocks, finish }) => {
    const events: ChatEvent[] = [start]
    events.push(...blocks.flatMap(eventsOf), { type: 'usage', usage }, finish)
    return events
  })

function eventsOf({ kind, pieces, id, name, opaque }: Block, block: number): ChatEvent[] {
  switch (kind) {
    case 'text':
      return [
        { type: 'text-start', block },
        ...pieces.map((text): ChatEvent => ({ type: 'text-delta', block, text })),
        { type: 'text-end', block },
      ]
    case 'reasoning':
      return [
        { type: 'reasoning-start', block },
        ...pieces.map((text): ChatEvent => ({ type: 'reasoning-delta', block, text })),
        { type: 'reasoning-end', block, ...opaque },
      ]
    case 'tool-call':
      return [
        { type: 'tool-call-start', block, id, name },
        ...pieces.map((text): ChatEvent => ({ type: 'tool-call-delta', block, arguments: text })),
        { type: 'tool-call-end', block },
      ]
    default:
      return kind satisfies never
  }
}

/** Cuts events into batches of the given sizes, over and over. */
export function batchesOf(events: readonly ChatEvent[], sizes: readonly number[]): ChatEvent[][] {
  const left = [...events]
  const batches: ChatEvent[][] = []
  while (left.length > 0) batches.push(left.splice(0, sizes[batches.length % sizes.length]))
  return batches
}

/** The whole text of a stream. */
export function encoded(
  batches: readonly ChatEvent[][],
  form: 'events' | 'array' = 'events',
  includeThoughts = true,
): string {
  const asked = call({ contents: HELLO, generationConfig: { thinkingConfig: { includeThoughts } } }, form)
  const stream = gemini(asked).stream(decode(asked), context)
  return batches.map((events) => stream.push({ choice: 0, events })).join('') + stream.end()
}

/** The chunks in a stream. Refuses whatever is not as documented. */
export function chunksIn(stream: string, form: 'events' | 'array' = 'events'): (GeminiResponse | GeminiError)[] {
  const texts = form === 'array' ? (JSON.parse(stream) as unknown[]) : eventsIn(stream)
  return texts.map((chunk) => {
    const isError = typeof chunk === 'object' && chunk !== null && 'error' in chunk
    const parsed: unknown = v.parse(isError ? GeminiError : GeminiResponse, chunk)
    expect(parsed).toEqual(chunk)
    return chunk as GeminiResponse | GeminiError
  })
}

function eventsIn(stream: string): unknown[] {
  if (stream === '') return []
  expect(stream.endsWith('\n\n')).toBe(true)
  return stream
    .slice(0, -2)
    .split('\n\n')
    .map((event) => {
      const json = /^data: ([^\r\n\u0085\u2028\u2029]*)$/.exec(event)?.[1]
      if (json === undefined) throw new Error(`not one line of data: ${event}`)
      return JSON.parse(json) as unknown
    })
}

/** All parts of a stream, texts of one kind in a row put together. */
export function partsIn(chunks: readonly (GeminiResponse | GeminiError)[]) {
  const parts: Record<string, unknown>[] = []
  for (const chunk of chunks) {
    for (const part of ('candidates' in chunk && chunk.candidates?.[0]?.content.parts) || []) {
      const last = parts.at(-1)
      const goesOn = 'text' in part && part.thoughtSignature === undefined && last && 'text' in last
      if (goesOn && last['thought'] === part.thought) last['text'] = `${String(last['text'])}${part.text}`
      else parts.push({ ...part })
    }
  }
  return parts
}
