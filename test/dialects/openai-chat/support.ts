// What the tests of this dialect share: requests, events in a legal order, and a reader of our bytes.
import * as fc from 'fast-check'
import type { ChatEvent, ChoiceBatch } from '../../../src/core/event.ts'
import type { ChatRequest } from '../../../src/core/request.ts'
import { decode } from '../../../src/dialects/openai-chat/decode.ts'
import { check } from '../../../src/dialects/check.ts'
import { ChatCompletionRequest } from '../../../src/dialects/openai-chat/schema.ts'
import { text } from '../answers.ts'

export const question = [{ role: 'user', content: 'hello' }]

/** Checks a parsed body as the HTTP layer does. */
export function checkBody(json: unknown): ChatCompletionRequest {
  return check(ChatCompletionRequest, json)
}

/** A parsed body as the HTTP layer gets it, decoded. */
export function read(fields: Record<string, unknown> = {}): ChatRequest {
  return decode(checkBody({ model: 'demo/text', messages: question, ...fields }))
}

export const conversation = (...messages: unknown[]) => read({ messages })

const usage = fc.record({
  input: fc.nat(),
  output: fc.nat(),
  cachedRead: fc.nat(),
  cacheWrite: fc.nat(),
  reasoning: fc.nat(),
  costUsd: fc.double({ min: 0, max: 100, noNaN: true }),
})

type Block = { kind: 'text' | 'reasoning' | 'tool-call'; pieces: string[]; id: string; name: string }
const block: fc.Arbitrary<Block> = fc.record({
  kind: fc.constantFrom('text', 'reasoning', 'tool-call'),
  pieces: fc.array(text, { maxLength: 5 }),
  id: fc.string({ minLength: 1, maxLength: 8 }),
  name: text,
})

/** All events of one answer. Texts come one block after the other; tool calls overlap with each other and with them. */
export const answerEvents: fc.Arbitrary<ChatEvent[]> = fc
  .record({
    blocks: fc.array(block, { maxLength: 5 }),
    usage: fc.option(usage, { nil: undefined }),
    reason: fc.constantFrom('stop', 'length', 'tool-calls', 'content-filter'),
  })
  .map(({ blocks, usage, reason }) => {
    const events: ChatEvent[] = [{ type: 'stream-start', model: 'provider-model', created: 1 }]
    const open: { block: number; pieces: string[] }[] = []
    const continueCall = () => {
      const call = open.shift()
      if (!call) return
      const piece = call.pieces.shift()
      if (piece === undefined) events.push({ type: 'tool-call-end', block: call.block })
      else {
        events.push({ type: 'tool-call-delta', block: call.block, arguments: piece })
        open.push(call)
      }
    }
    blocks.forEach(({ kind, pieces, id, name }, block) => {
      if (kind === 'tool-call') {
        events.push({ type: 'tool-call-start', block, id, name })
        open.push({ block, pieces: [...pieces] })
        return
      }
      events.push({ type: `${kind}-start`, block })
      for (const text of pieces) {
        events.push({ type: `${kind}-delta`, block, text })
        continueCall()
      }
      events.push({ type: `${kind}-end`, block })
    })
    while (open.length > 0) continueCall()
    if (usage) events.push({ type: 'usage', usage })
    events.push({ type: 'finish', reason })
    return events
  })

/** Cuts the events of several answers into batches and shuffles the answers into each other. */
export function batchesOf(answers: ChatEvent[][], sizes: number[]): ChoiceBatch[] {
  const left = answers.map((events, choice) => ({ choice, events: [...events] }))
  const batches: ChoiceBatch[] = []
  for (let turn = 0; left.some(({ events }) => events.length > 0); turn++) {
    const { choice, events } = left[turn % left.length]!
    const taken = events.splice(0, sizes[turn % sizes.length])
    if (taken.length > 0) batches.push({ choice, events: taken })
  }
  return batches
}

export async function* replay<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items
}

/** The `data` of each server-sent event in the bytes. Refuses anything but `data: ...` lines between blank lines. */
export function eventData(pieces: readonly Uint8Array[]): string[] {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const all = pieces.map((piece) => decoder.decode(piece, { stream: true })).join('') + decoder.decode()
  if (!all.endsWith('\n\n')) throw new Error('the stream ends within an event')
  return all
    .slice(0, -2)
    .split('\n\n')
    .map((event) => {
      if (!/^data: [^\r\n\u0085\u2028\u2029]*$/.test(event)) throw new Error(`not one line of data: ${event}`)
      return event.slice('data: '.length)
    })
}
