import { GatewayError } from '../../core/error.ts'
import type { FinishReason } from '../../core/event.ts'
import { sumUsage, type Usage } from '../../core/usage.ts'
import type { AnswerContext } from '../dialect.ts'
import type { Completion, CompletionUsage } from './schema.ts'

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

/** @throws GatewayError `provider_error` for an answer that finished with an error: that is none */
function finishReason(finish: FinishReason): Completion['choices'][number]['finish_reason'] {
  switch (finish) {
    case 'length':
      return 'length'
    case 'content-filter':
      return 'content_filter'
    case 'error':
      throw brokenOff()
    case 'stop':
    case 'tool-calls':
      return 'stop'
    default:
      return finish satisfies never
  }
}

export function brokenOff(): GatewayError {
  return new GatewayError('provider_error', 'The provider broke the answer off.')
}

/** The usage of all answers; `undefined` where no answer told any, for zeros would be a lie. */
export function encodeUsage(answers: readonly (Usage | undefined)[]): CompletionUsage | undefined {
  const usage = sumUsage(answers.filter((known) => known !== undefined))
  if (!usage) return undefined
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
  }
}
