// Fields that nothing behind the gateway can honour: they are reported to the caller, never dropped in silence.
import { report, reportStray } from '../stray-fields.ts'
import { type GenerateContentRequest, GeminiRequest } from './schema.ts'

/** Thresholds that block nothing. */
const BLOCKS_NOTHING = new Set(['OFF', 'BLOCK_NONE', 'HARM_BLOCK_THRESHOLD_UNSPECIFIED'])

/** Paths of the top-level fields that are not honoured, and of those that are not known. */
export function unsupportedFields(body: GenerateContentRequest): string[] {
  const paths: string[] = []
  reportStray(body, GeminiRequest.entries, '', paths)
  if (body.safetySettings?.some(({ threshold }) => threshold && !BLOCKS_NOTHING.has(threshold)))
    report('safetySettings', paths)
  if (body.serviceTier && !/^(?:unspecified|standard)$/i.test(body.serviceTier)) report('serviceTier', paths)
  if (body.store) report('store', paths)
  if (body.continuationToken) report('continuationToken', paths)
  return paths
}
