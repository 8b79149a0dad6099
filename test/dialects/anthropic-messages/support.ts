// What the tests of this dialect share: requests, and a strict reader of our bytes.
import { expect } from 'bun:test'
import * as v from 'valibot'
import type { ChatEvent } from '../../../src/core/event.ts'
import type { ChatRequest } from '../../../src/core/request.ts'
import { decode } from '../../../src/dialects/anthropic-messages/decode.ts'
import { MessageStream } from '../../../src/dialects/anthropic-messages/stream.ts'
import type { AnthropicContentBlock } from '../../../src/dialects/anthropic-messages/schema-answer.ts'
import { AnthropicError, AnthropicStreamEvent } from '../../../src/dialects/anthropic-messages/schema-answer.ts'
import { AnthropicMessagesRequest, type MessagesRequest } from '../../../src/dialects/anthropic-messages/schema.ts'
import { check } from '../../../src/dialects/check.ts'
import { context } from '../answers.ts'

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

/** The bytes of a whole stream. */
export function encoded(batches: readonly ChatEvent[][]): Uint8Array {
  const stream = new MessageStream(context)
  const frames = batches.map((events) => stream.push({ choice: 0, events }))
  return new TextEncoder().encode(frames.join('') + stream.end())
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
