import type { Usage } from '../../core/usage.ts'
import { encodeGatewayUsage } from '../gateway-usage.ts'
import type { ResponsesUsage } from './schema-answer.ts'

/** Null where nobody told numbers, for zeros would be a lie. What OpenAI has no place for stands in `x_cligate`. */
export function encodeUsage(usage: Usage | undefined): ResponsesUsage | null {
  if (!usage) return null
  return {
    input_tokens: usage.input,
    input_tokens_details: { cached_tokens: usage.cachedRead, cache_write_tokens: usage.cacheWrite },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: usage.input + usage.output,
    ...encodeGatewayUsage(usage),
  }
}
