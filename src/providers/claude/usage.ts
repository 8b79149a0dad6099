// Tokens as Anthropic counts them, as the gateway counts them.
import type { Usage } from '../../core/usage.ts'
import { asFields, type Fields, fieldsAt, numberAt } from '../fields.ts'

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

const BY_MODEL = {
  inputTokens: 'input_tokens',
  outputTokens: 'output_tokens',
  cacheReadInputTokens: 'cache_read_input_tokens',
  cacheCreationInputTokens: 'cache_creation_input_tokens',
}

/** The tokens of two requests together. */
export function addTokens(one: Fields, other: Fields): Fields {
  const sum = (read: (tokens: Fields) => number | undefined) => (read(one) ?? 0) + (read(other) ?? 0)
  const thought = sum((tokens) => numberAt(fieldsAt(tokens, 'output_tokens_details'), 'thinking_tokens'))
  return {
    ...Object.fromEntries(
      Object.values(BY_MODEL).map((field) => [field, sum((tokens) => numberAt(tokens, field))] as const),
    ),
    output_tokens_details: { thinking_tokens: thought },
  }
}

/** The tokens of all models of a `result` line: of a turn with searches, which another model may have made. */
export function tokensOfAll(byModel: Fields | undefined): Fields | undefined {
  const each = Object.entries(byModel ?? {}).map(([model, counts]) => tokensOf({ [model]: counts }))
  return each.length === 0 ? undefined : each.reduce(addTokens, {})
}

/**
 * The tokens that a `result` line counts by model, under the service's names. Its other count is zero where the budget ended
 * the turn (2.1.329). What it does not tell is left out.
 */
export function tokensOf(byModel: Fields | undefined): Fields {
  const [only, ...more] = Object.values(byModel ?? {})
  // More than one model is more than the answer.
  if (more.length > 0) return {}
  const counted = Object.entries(BY_MODEL).map(([name, field]) => [field, numberAt(asFields(only), name)] as const)
  const thought = numberAt(asFields(only), 'thinkingTokens')
  return {
    ...Object.fromEntries(counted.filter(([, count]) => count !== undefined)),
    ...(thought === undefined ? {} : { output_tokens_details: { thinking_tokens: thought } }),
  }
}
