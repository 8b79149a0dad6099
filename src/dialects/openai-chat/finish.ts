import type { FinishReason } from '../../core/event.ts'
import type { AnswerForm } from './form.ts'

/** OpenAI's finish reasons. `error` has none: an answer that ended so is an error, not an answer. */
const FINISH_REASONS = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
  'content-filter': 'content_filter',
} as const satisfies Record<Exclude<FinishReason, 'error'>, string>

export function finishReason(finish: Exclude<FinishReason, 'error'>, { legacy }: AnswerForm) {
  return legacy && finish === 'tool-calls' ? 'function_call' : FINISH_REASONS[finish]
}
