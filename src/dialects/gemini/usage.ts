import { sumUsage, type Usage } from '../../core/usage.ts'
import { encodeGatewayUsage } from '../gateway-usage.ts'
import type { GeminiUsage } from './schema-answer.ts'

/**
 * The usage of all answers to one request; `undefined` where no answer told any, for zeros would be a lie. What Google has no
 * place for stands in `x_cligate`.
 */
export function encodeUsage(answers: readonly (Usage | undefined)[]): GeminiUsage | undefined {
  const known = answers.filter((usage) => usage !== undefined)
  const usage = sumUsage(known)
  if (!usage) return undefined
  return {
    promptTokenCount: usage.input,
    // Google counts thinking beside the answer.
    candidatesTokenCount: Math.max(0, usage.output - usage.reasoning),
    ...(usage.reasoning > 0 ? { thoughtsTokenCount: usage.reasoning } : {}),
    ...(usage.cachedRead > 0 ? { cachedContentTokenCount: usage.cachedRead } : {}),
    totalTokenCount: usage.input + usage.output,
    ...encodeGatewayUsage(usage, known.length < answers.length),
  }
}
