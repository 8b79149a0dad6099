import type { TokenUsage } from '../reply.ts'

/** OpenAI counts what the cache gave as part of the input. */
export function responseUsage(usage: TokenUsage): unknown {
  const input = usage.input + usage.cacheRead + usage.cacheWrite
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: usage.cacheRead },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.thinking },
    total_tokens: input + usage.output,
  }
}
