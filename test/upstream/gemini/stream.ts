// Chunks as server-sent events, as Google writes them: data alone, lines ended by CR LF.
import type { Answer } from '../reply.ts'
import { type Frame, write } from '../streaming.ts'
import { answerChunks } from './chunks.ts'

export function* streamFrames(answer: Answer, id: string, model: string): Iterable<Frame> {
  for (const item of answerChunks(answer, id, model)) {
    if ('chunk' in item) {
      yield write(`data: ${JSON.stringify(item.chunk)}\r\n\r\n`)
      continue
    }
    const { step } = item
    if (step.type === 'wait') yield step
    else if (step.type === 'bytes') {
      yield typeof step.bytes === 'string' ? write(step.bytes) : { type: 'write', bytes: step.bytes }
    } else if (step.type === 'cut' || step.type === 'silence') yield { type: step.type }
  }
}
