// Answers that break off: to the caller they are errors, not answers.
import { GatewayError } from '../core/error.ts'
import type { Batch } from '../core/event.ts'

/** What an answer that finished with `error` is. */
export function brokenOff(): GatewayError {
  return new GatewayError('provider_error', 'The provider broke the answer off.')
}

/** The error with which a batch ends its answer; undefined where it ends none or ends it well. */
export function errorOf(events: Batch): GatewayError | undefined {
  const last = events.at(-1)
  if (last?.type === 'error') return last.error
  return last?.type === 'finish' && last.reason === 'error' ? brokenOff() : undefined
}
