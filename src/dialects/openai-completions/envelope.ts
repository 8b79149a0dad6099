import type { FinishReason } from '../../core/event.ts'
import type { AnswerContext } from '../dialect.ts'
import { finishReason } from './finish.ts'
import type { Completion } from './schema.ts'

/** What every body and every chunk of one answer has in common. `created` is in seconds since 1970. */
export function envelope(context: AnswerContext): Pick<Completion, 'id' | 'object' | 'created' | 'model'> {
  return {
    id: `cmpl-${context.id}`,
    object: 'text_completion',
    created: Math.floor(context.created / 1000),
    model: context.model,
  }
}

export function choice(index: number, text: string, finish?: FinishReason): Completion['choices'][number] {
  return { text, index, logprobs: null, finish_reason: finish ? finishReason(finish) : null }
}
