// Tokens as Qwen Code counts them (0.24.4), as the gateway counts them.
import type { Usage } from '../../core/usage.ts'
import { asFields, fieldsAt, numberAt } from '../fields.ts'
import type { AcpEvent } from '../acp-types.ts'
import type { Report } from './report.ts'

/** The usage that an update of the session carries: once for each request to the service, behind its last word. */
export function usageOf(event: AcpEvent | undefined): Usage | undefined {
  if (event?.type !== 'update') return undefined
  const usage = fieldsAt(asFields(event.update._meta), 'usage')
  if (!usage) return undefined
  return {
    input: numberAt(usage, 'inputTokens') ?? 0,
    output: numberAt(usage, 'outputTokens') ?? 0,
    cachedRead: numberAt(usage, 'cachedReadTokens') ?? 0,
    cacheWrite: 0,
    reasoning: numberAt(usage, 'thoughtTokens') ?? 0,
  }
}

/** The same out of the report, for an answer that Qwen Code did not accept. Undefined where the service counted nothing. */
export function reportedUsage(report: Report): Usage | undefined {
  if (report.failed || report.input + report.output === 0) return undefined
  return { input: report.input, output: report.output, cachedRead: report.cached, cacheWrite: 0, reasoning: 0 }
}
