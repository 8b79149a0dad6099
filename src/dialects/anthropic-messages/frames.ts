// The text of server-sent events.
import type { AnthropicError, AnthropicStreamEvent } from './schema-answer.ts'

/** Valid inside a JSON string and inside an SSE line, but line breaks to the readers of some clients. */
const LINE_BREAKS = /[\u0085\u2028\u2029]/
const EVERY_LINE_BREAK = /[\u0085\u2028\u2029]/g

/** JSON on one line, for every reader's idea of a line. Lone surrogates come out escaped: the bytes are valid UTF-8. */
export function oneLine(value: unknown): string {
  const json = JSON.stringify(value)
  if (!LINE_BREAKS.test(json)) return json
  return json.replace(EVERY_LINE_BREAK, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** One event; its name stands before the data as well, where the SDKs look for it. */
export function frame(event: AnthropicStreamEvent | AnthropicError): string {
  return `event: ${event.type}\ndata: ${oneLine(event)}\n\n`
}

const DELTA_FIELDS = { text_delta: 'text', thinking_delta: 'thinking', input_json_delta: 'partial_json' } as const

/** Most of the events of a stream, put together without an object for each. */
export function deltaFrame(index: number, type: keyof typeof DELTA_FIELDS, text: string): string {
  return `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":{"type":"${type}","${DELTA_FIELDS[type]}":${oneLine(text)}}}\n\n`
}
