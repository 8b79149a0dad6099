// Tokens as Anthropic counts them, as the gateway counts them.
import type { Usage } from '../../core/usage.ts'
import { type Fields, fieldsAt, numberAt } from '../acp-fields.ts'

/** Anthropic counts what the cache gave and took apart from the input; here the input is all of the prompt. */
export function toUsage(tokens: Fields, costUsd?: number): Usage {
  const cachedRead = numberAt(tokens, 'cache_read_input_tokens') ?? 0
  const cacheWrite = numberAt(tokens, 'cache_creation_input_tokens') ?? 0
  return {
    input: (numberAt(tokens, 'input_tokens') ?? 0) + cachedRead + cacheWrite,
    output: numberAt(tokens, 'output_tokens') ?? 0,
    cachedRead,
    cacheWrite,
    reasoning: numberAt(fieldsAt(tokens, 'output_tokens_details'), 'thinking_tokens') ?? 0,
    ...(costUsd === undefined ? {} : { costUsd }),
  }
}
