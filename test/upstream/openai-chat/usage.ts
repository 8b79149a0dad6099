import type { TokenUsage } from '../reply.ts'

/** OpenAI counts what the cache gave as part of the prompt, and thinking as part of the answer. */
export function completionUsage(usage: TokenUsage): unknown {
  const prompt = usage.input + usage.cacheRead + usage.cacheWrite
  return {
    prompt_tokens: prompt,
    completion_tokens: usage.output,
    total_tokens: prompt + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cacheRead },
    completion_tokens_details: { reasoning_tokens: usage.thinking },
  }
}
