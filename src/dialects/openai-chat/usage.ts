import { sumUsage, type Usage } from '../../core/usage.ts'
import { encodeGatewayUsage } from '../gateway-usage.ts'
import type { ChatUsage } from './schema-answer.ts'

/**
 * The usage of all answers to one request; `undefined` where no answer told any, for zeros would be a lie.
 * What OpenAI has no place for stands in `x_cligate`.
 */
export function encodeUsage(answers: readonly (Usage | undefined)[]): ChatUsage | undefined {
  const known = answers.filter((usage) => usage !== undefined)
  const usage = sumUsage(known)
  if (!usage) return undefined
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cachedRead, cache_write_tokens: usage.cacheWrite, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
    ...encodeGatewayUsage(usage, known.length < answers.length),
  }
}
