// The text of server-sent events.
import { oneLine } from '../one-line.ts'
import type { AnthropicError, AnthropicStreamEvent } from './schema-answer.ts'

/** One event; its name stands before the data as well, where the SDKs look for it. */
export function frame(event: AnthropicStreamEvent | AnthropicError): string {
  return `event: ${event.type}\ndata: ${oneLine(event)}\n\n`
}

const DELTA_FIELDS = { text_delta: 'text', thinking_delta: 'thinking', input_json_delta: 'partial_json' } as const

/** Most of the events of a stream, put together without an object for each. */
export function deltaFrame(index: number, type: keyof typeof DELTA_FIELDS, text: string): string {
  return `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":{"type":"${type}","${DELTA_FIELDS[type]}":${oneLine(text)}}}\n\n`
}
