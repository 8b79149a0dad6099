// The text of server-sent events. What never changes in a stream is put together once; a delta only adds its own text.
import type { AnswerContext } from '../dialect.ts'
import { envelope } from './envelope.ts'

/** Valid inside a JSON string and inside an SSE line, but line breaks to the readers of some clients. */
const LINE_BREAKS = /[\u0085\u2028\u2029]/
const EVERY_LINE_BREAK = /[\u0085\u2028\u2029]/g

/** JSON on one line, for every reader's idea of a line. Lone surrogates come out escaped: the bytes are valid UTF-8. */
export function oneLine(value: unknown): string {
  const json = JSON.stringify(value)
  if (!LINE_BREAKS.test(json)) return json
  return json.replace(EVERY_LINE_BREAK, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** One SSE event. */
export const frame = (json: string) => `data: ${json}\n\n`

export const DONE = frame('[DONE]')

/** What all chunks of one stream begin and end with. */
export type ChunkFrame = { head: string; tail: string }

/** @param includeUsage every chunk then says `usage: null`, and one more has the numbers */
export function chunkFrame(context: AnswerContext, includeUsage: boolean): ChunkFrame {
  const fields = oneLine(envelope('chat.completion.chunk', context)).slice(0, -1)
  return { head: `data: ${fields},`, tail: includeUsage ? ',"usage":null}\n\n' : '}\n\n' }
}
