// Renders an answer as server-sent events.
import { errorBody } from '../openai-responses/errors.ts'
import type { Answer } from '../reply.ts'
import { type Frame, write } from '../streaming.ts'
import { deltas } from './deltas.ts'
import { finishReason } from './finish.ts'
import { completionUsage } from './usage.ts'

export type StreamOptions = { id: string; model: string; includeUsage: boolean }

/** All frames of one streamed completion, from the role to `[DONE]`. */
export function* completionFrames(answer: Answer, { id, model, includeUsage }: StreamOptions): Iterable<Frame> {
  const head = { id, object: 'chat.completion.chunk', created: 1_795_000_000, model }
  const chunk = (fields: object): Frame => write(`data: ${JSON.stringify({ ...head, ...fields })}\n\n`)
  const choice = (delta: object, reason: string | null) => ({ choices: [{ index: 0, delta, finish_reason: reason }] })

  for (const piece of deltas(answer)) {
    if ('delta' in piece) {
      yield chunk(choice(piece.delta, null))
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
        yield step
        break
      case 'cut':
      case 'silence':
        yield step
        return
      case 'failure':
        yield write(`data: ${JSON.stringify({ error: errorBody(step.failure) })}\n\n`)
        return
      default:
        // The stream ends here without saying why; the rest has become deltas.
        return
    }
  }
  yield chunk(choice({}, finishReason(answer.stop)))
  if (includeUsage) yield chunk({ choices: [], usage: completionUsage(answer.usage) })
  yield write('data: [DONE]\n\n')
}
