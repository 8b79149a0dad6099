import { sumUsage, type Usage } from '../../core/usage.ts'
import type { CompletionUsage } from './schema.ts'

/** The usage of all answers; `undefined` where no answer told any, for zeros would be a lie. */
export function encodeUsage(answers: readonly (Usage | undefined)[]): CompletionUsage | undefined {
  const usage = sumUsage(answers.filter((known) => known !== undefined))
  if (!usage) return undefined
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
  }
}
