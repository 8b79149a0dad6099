import type { FinishReason } from '../../core/event.ts'
import type { Usage } from '../../core/usage.ts'

/** Why the model stopped: as the service said it, or, where that is not known, by the tokens that were left. */
export function finishReason(
  said: string | undefined,
  usage: Usage | undefined,
  maxTokens: number | undefined,
): FinishReason {
  switch (said) {
    case 'length':
      return 'length'
    case 'content_filter':
      return 'content-filter'
    default:
      return said === undefined && maxTokens !== undefined && (usage?.output ?? 0) >= maxTokens ? 'length' : 'stop'
  }
}
