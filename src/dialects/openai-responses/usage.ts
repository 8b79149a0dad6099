import type { Usage } from '../../core/usage.ts'
import type { ResponsesUsage } from './schema-answer.ts'

/** Null where nobody told numbers, for zeros would be a lie. What OpenAI has no place for stands in `x_cligate`. */
export function encodeUsage(usage: Usage | undefined): ResponsesUsage | null {
  if (!usage) return null
  const extra: NonNullable<ResponsesUsage['x_cligate']> = {}
  if (usage.costUsd !== undefined) extra.cost_usd = usage.costUsd
  if (usage.estimated) extra.estimated = true
  return {
    input_tokens: usage.input,
    input_tokens_details: { cached_tokens: usage.cachedRead, cache_write_tokens: usage.cacheWrite },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: usage.input + usage.output,
    ...(Object.keys(extra).length > 0 ? { x_cligate: extra } : {}),
  }
}
