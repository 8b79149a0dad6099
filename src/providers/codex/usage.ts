// Tokens as Codex reports them, as the gateway counts them.
import type { Usage } from '../../core/usage.ts'
import { type Fields, numberAt } from '../fields.ts'

/** OpenAI's input includes what the cache gave. */
export function toUsage(tokens: Fields): Usage {
  return {
    input: numberAt(tokens, 'inputTokens') ?? 0,
    output: numberAt(tokens, 'outputTokens') ?? 0,
    cachedRead: numberAt(tokens, 'cachedInputTokens') ?? 0,
    cacheWrite: numberAt(tokens, 'cacheWriteInputTokens') ?? 0,
    reasoning: numberAt(tokens, 'reasoningOutputTokens') ?? 0,
  }
}

/** For an answer that was cut, of which nobody reports the tokens. */
export function estimatedUsage(input: number, output: number): Usage {
  return { input, output, cachedRead: 0, cacheWrite: 0, reasoning: 0, estimated: true }
}
