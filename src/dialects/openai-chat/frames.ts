// The text of server-sent events. What never changes in a stream is put together once; a delta only adds its own text.
import type { AnswerContext } from '../dialect.ts'
import { oneLine } from '../one-line.ts'
import { envelope } from './envelope.ts'

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
