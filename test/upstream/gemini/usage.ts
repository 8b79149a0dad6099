import type { TokenUsage } from '../reply.ts'

/** Gemini counts what was cached within the prompt, and thoughts beside the answer. */
export function usageMetadata({ input, output, cacheRead, cacheWrite, thinking }: TokenUsage): Record<string, number> {
  const prompt = input + cacheRead + cacheWrite
  return {
    promptTokenCount: prompt,
    candidatesTokenCount: Math.max(0, output - thinking),
    ...(cacheRead > 0 ? { cachedContentTokenCount: cacheRead } : {}),
    ...(thinking > 0 ? { thoughtsTokenCount: thinking } : {}),
    totalTokenCount: prompt + Math.max(output, thinking),
  }
}
