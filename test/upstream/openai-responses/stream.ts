// Renders an answer as server-sent events.
import type { Answer } from '../reply.ts'
import { type Frame, write } from '../streaming.ts'
import { responseEvents } from './events.ts'

/** All frames of one streamed response. The API sends no `[DONE]`. */
export function* responseFrames(answer: Answer, id: string, model: string): Iterable<Frame> {
  let sequence = 0
  for (const piece of responseEvents(answer, id, model)) {
    if ('event' in piece) {
      const { type, ...fields } = piece.event
      const data = JSON.stringify({ type, sequence_number: sequence, ...fields })
      sequence += 1
      yield write(`event: ${type}\ndata: ${data}\n\n`)
      continue
    }
    const { step } = piece
    switch (step.type) {
      case 'ping':
        yield write(': ping\n\n')
        break
      case 'bytes':
        yield typeof step.bytes === 'string' ? write(step.bytes) : { type: 'write', bytes: step.bytes }
        break
      case 'wait':
      case 'cut':
      case 'silence':
        yield step
        break
      default:
        // The rest has become events, or ends the stream.
        return
    }
  }
}
