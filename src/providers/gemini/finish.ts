import type { FinishReason } from '../../core/event.ts'

const FILTERED = new Set([
  'SAFETY',
  'RECITATION',
  'BLOCKLIST',
  'PROHIBITED_CONTENT',
  'SPII',
  'LANGUAGE',
  'IMAGE_SAFETY',
])

/** The service's reason in our words; undefined where it says nothing to the purpose. */
export function toFinishReason(finish: string | undefined): FinishReason | undefined {
  if (finish === 'MAX_TOKENS') return 'length'
  return finish !== undefined && FILTERED.has(finish) ? 'content-filter' : undefined
}
