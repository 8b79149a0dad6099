// What the tests of this dialect share: requests, a strict reader of our bytes, and a client that puts them together.
import { expect } from 'bun:test'
import * as v from 'valibot'
import type { ChatEvent } from '../../../src/core/event.ts'
import type { ChatRequest } from '../../../src/core/request.ts'
import { check } from '../../../src/dialects/check.ts'
import { openaiResponses, type ResponsesSurroundings } from '../../../src/dialects/openai-responses/dialect.ts'
import { NO_HISTORY } from '../../../src/dialects/openai-responses/history.ts'
import type { ResponsesOutputItem, ResponsesResponse } from '../../../src/dialects/openai-responses/schema-answer.ts'
import { ResponsesStreamEvent } from '../../../src/dialects/openai-responses/schema-events.ts'
import { ResponsesRequest } from '../../../src/dialects/openai-responses/schema.ts'
import { context } from '../answers.ts'

export const LEAST = { model: 'demo/text', input: 'hello' }
/** Milliseconds since 1970, in the tests. */
export const NOW = 1_700_000_005_000

/** Checks a parsed body as the HTTP layer does. */
export function checkBody(json: unknown): ResponsesRequest {
  return check(ResponsesRequest, json)
}

/** A parsed body as the HTTP layer gets it, decoded. */
export function read(fields: Record<string, unknown> = {}, history = NO_HISTORY): ChatRequest {
  return openaiResponses({ history }).decode(checkBody({ ...LEAST, ...fields }))
}

export const conversation = (...input: unknown[]) => read({ input })
export const content = (...parts: unknown[]) => conversation({ role: 'user', content: parts })
export const call = (id = 'call_1', more: object = {}) => ({
  type: 'function_call',
  call_id: id,
  name: 'look',
  arguments: '{}',
  ...more,
})
export const output = (id = 'call_1', what: unknown = 'seen') => ({
  type: 'function_call_output',
  call_id: id,
  output: what,
})

/** A dialect that has decoded a request with these fields. */
export function asked(fields: Record<string, unknown> = {}, surroundings: ResponsesSurroundings = {}) {
  const dialect = openaiResponses({ now: () => NOW, ...surroundings })
  const chat = dialect.decode(checkBody({ ...LEAST, ...fields }))
  return { dialect, chat }
}

/** The bytes of a whole stream. */
export function encoded(batches: readonly ChatEvent[][], fields: Record<string, unknown> = {}): Uint8Array {
  const { dialect, chat } = asked(fields)
  const stream = dialect.stream(chat, context)
  const frames = batches.map((events) => stream.push({ choice: 0, events }))
  return new TextEncoder().encode(frames.join('') + stream.end())
}

/** The events in the bytes. Refuses whatever is not a name and one line of data, not as documented, or out of count. */
export function eventsIn(bytes: Uint8Array, first = 0): ResponsesStreamEvent[] {
  const all = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  if (all === '') return []
  if (!all.endsWith('\n\n')) throw new Error('the stream ends within an event')
  return all
    .slice(0, -2)
    .split('\n\n')
    .map((event, index) => {
      const [, name, json] = /^event: ([a-z_.]+)\ndata: ([^\r\n\u0085\u2028\u2029]*)$/.exec(event) ?? []
      if (json === undefined) throw new Error(`not a name and one line of data: ${event}`)
      const data: unknown = JSON.parse(json)
      const parsed = v.parse(ResponsesStreamEvent, data)
      expect(parsed as unknown).toEqual(data)
      expect(parsed.type as string).toBe(name!)
      expect(parsed.sequence_number).toBe(first + index)
      return parsed
    })
}

type Open = { item: ResponsesOutputItem; text: string; part: 'none' | 'open' | 'closed'; textDone: boolean }

/**
 * Puts a stream together as a client does that allows nothing out of its place: one item at a time, one part in it, texts
 * only in an open part, and everything once.
 */
export function reassemble(events: readonly ResponsesStreamEvent[]) {
  const items: ResponsesOutputItem[] = []
  const texts: string[] = []
  let open: Open | undefined
  let last: ResponsesResponse | undefined
  const here = (event: { item_id: string; output_index: number }) => {
    if (!open) throw new Error('a text outside of an item')
    expect(event.item_id).toBe(open.item.id)
    expect(event.output_index).toBe(items.length)
    return open
  }
  const say = (event: { item_id: string; output_index: number; delta: string }, needsPart: boolean) => {
    const item = here(event)
    expect(item.part).toBe(needsPart ? 'open' : 'none')
    expect(item.textDone).toBe(false)
    expect(event.delta).not.toBe('')
    item.text += event.delta
  }
  const done = (event: { item_id: string; output_index: number }, text: string) => {
    const item = here(event)
    expect(text).toBe(item.text)
    expect(item.textDone).toBe(false)
    item.textDone = true
  }
  const types = events.map(({ type }) => type)
  expect(types[0]).toBe('response.created')
  expect(types.filter((type) => type === 'response.in_progress')).toHaveLength(1)
  for (const [position, event] of events.entries()) {
    switch (event.type) {
      case 'response.created':
        expect(position).toBe(0)
        expect(event.response.output).toEqual([])
        break
      case 'response.queued':
        expect(position).toBe(1)
        break
      case 'response.in_progress':
        expect(items).toEqual([])
        expect(event.response.output).toEqual([])
        break
      case 'response.output_item.added':
        if (open) throw new Error('an item begins in another')
        expect(event.output_index).toBe(items.length)
        open = { item: event.item, text: '', part: 'none', textDone: false }
        break
      case 'response.output_item.done':
        if (!open) throw new Error('an item ends that has not begun')
        expect(event.output_index).toBe(items.length)
        expect(event.item.id).toBe(open.item.id)
        expect(event.item.type).toBe(open.item.type)
        expect(open.part).not.toBe('open')
        items.push(event.item)
        texts.push(open.text)
        open = undefined
        break
      case 'response.content_part.added':
      case 'response.reasoning_summary_part.added':
        expect(here(event).part).toBe('none')
        here(event).part = 'open'
        break
      case 'response.content_part.done':
      case 'response.reasoning_summary_part.done':
        expect(here(event)).toMatchObject({ part: 'open', textDone: true, text: event.part.text })
        here(event).part = 'closed'
        break
      case 'response.output_text.delta':
      case 'response.reasoning_text.delta':
      case 'response.reasoning_summary_text.delta':
        say(event, true)
        break
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta':
        say(event, false)
        break
      case 'response.output_text.done':
      case 'response.reasoning_text.done':
      case 'response.reasoning_summary_text.done':
        done(event, event.text)
        break
      case 'response.function_call_arguments.done':
        done(event, event.arguments)
        break
      case 'response.custom_tool_call_input.done':
        done(event, event.input)
        break
      case 'response.completed':
      case 'response.incomplete':
        expect(open).toBeUndefined()
        expect(event.response.output).toEqual(items)
        expect(position).toBe(events.length - 1)
        last = event.response
        break
      case 'response.failed':
        expect(position).toBe(events.length - 1)
        last = event.response
        break
      case 'error':
        throw new Error(`an error: ${event.message}`)
      default:
        event satisfies never
    }
  }
  if (!last) throw new Error('no end')
  return { items, texts, response: last }
}
