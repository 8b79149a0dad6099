import type { FinishReason } from '../../core/event.ts'

/** Google's finish reasons; calls have none of their own. `error` has none: an answer that ended so is an error. */
export const FINISH_REASONS = {
  stop: 'STOP',
  length: 'MAX_TOKENS',
  'tool-calls': 'STOP',
  'content-filter': 'SAFETY',
} as const satisfies Record<Exclude<FinishReason, 'error'>, string>

/** Instead of candidates, where the provider refused before a word was said. */
export const REFUSED = { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } } as const
