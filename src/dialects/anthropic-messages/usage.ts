import type { Usage } from '../../core/usage.ts'
import { encodeGatewayUsage } from '../gateway-usage.ts'
import type { AnthropicDeltaUsage, AnthropicUsage } from './schema-answer.ts'

/** The usage of a whole answer. */
export function encodeUsage(usage: Usage | undefined): AnthropicUsage {
  const counts = encodeDeltaUsage(usage)
  return {
    ...counts,
    input_tokens: counts.input_tokens ?? 0,
    cache_creation: null,
    service_tier: null,
    inference_geo: null,
    speed: null,
  }
}

/**
 * What is known when a stream begins; zeros else, which clients add to. The end of the stream has the true numbers, and
 * alone `x_cligate`: the SDKs would keep this one.
 */
export function encodeStartUsage(usage: Usage | undefined): AnthropicUsage {
  const { x_cligate: _, ...start } = encodeUsage(
    usage ?? { input: 0, output: 0, cachedRead: 0, cacheWrite: 0, reasoning: 0 },
  )
  return start
}

/** The usage at the end of a stream. What Anthropic has no place for stands in `x_cligate`. */
export function encodeDeltaUsage(usage: Usage | undefined): AnthropicDeltaUsage {
  if (!usage) {
    return {
      input_tokens: null,
      cache_creation_input_tokens: null,
      cache_read_input_tokens: null,
      output_tokens: 0,
      output_tokens_details: null,
      server_tool_use: null,
      x_cligate: { unknown: true },
    }
  }
  return {
    // Anthropic counts the cache apart from the input.
    input_tokens: Math.max(0, usage.input - usage.cachedRead - usage.cacheWrite),
    cache_creation_input_tokens: usage.cacheWrite,
    cache_read_input_tokens: usage.cachedRead,
    output_tokens: usage.output,
    output_tokens_details: { thinking_tokens: usage.reasoning },
    server_tool_use: null,
    ...encodeGatewayUsage(usage),
  }
}
