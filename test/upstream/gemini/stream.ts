// Chunks as server-sent events, as Google writes them: data alone, lines ended by CR LF.
import type { Answer } from '../reply.ts'
import { type Frame, write } from '../streaming.ts'
import { answerChunks } from './chunks.ts'

export function* streamFrames(answer: Answer, id: string, model: string): Iterable<Frame> {
  for (const item of answerChunks(answer, id, model)) {
    if ('chunk' in item) {
      yield write(`data: ${json(item.chunk)}\r\n\r\n`)
      continue
    }
    const { step } = item
    if (step.type === 'wait') yield step
    else if (step.type === 'bytes') {
      yield typeof step.bytes === 'string' ? write(step.bytes) : { type: 'write', bytes: step.bytes }
    } else if (step.type === 'cut' || step.type === 'silence') yield { type: step.type }
  }
}

/** Google writes line separators as escapes, and its own client library takes no others. */
function json(chunk: object): string {
  return JSON.stringify(chunk).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
}
