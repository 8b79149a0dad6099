import type { TokenUsage } from '../reply.ts'

/** Usage as `message_start` has it: the prompt is counted, the answer has only begun. */
export function startUsage(usage: TokenUsage): unknown {
  return { ...promptUsage(usage), output_tokens: Math.min(1, usage.output), service_tier: 'standard' }
}

/** Usage as `message_delta` and the whole message have it; cumulative. */
export function finalUsage(usage: TokenUsage): unknown {
  return {
    ...promptUsage(usage),
    output_tokens: usage.output,
    ...(usage.thinking > 0 ? { output_tokens_details: { thinking_tokens: usage.thinking } } : {}),
  }
}

function promptUsage(usage: TokenUsage) {
  return {
    input_tokens: usage.input,
    cache_creation_input_tokens: usage.cacheWrite,
    cache_read_input_tokens: usage.cacheRead,
  }
}
