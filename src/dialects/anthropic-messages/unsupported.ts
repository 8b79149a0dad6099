// Fields that nothing behind the gateway can honour: they are reported to the caller, never dropped in silence.
import * as v from 'valibot'
import { never, type NotHonoured, only, reportNotHonoured } from '../not-honoured.ts'
import { reportStray } from '../stray-fields.ts'
import { AnthropicMessagesRequest, type CountRequest } from './schema.ts'

const KEEPS_ALL = v.looseObject({
  edits: v.optional(
    v.array(v.looseObject({ type: v.pipe(v.string(), v.startsWith('clear_thinking_')), keep: v.literal('all') })),
  ),
})
/** Claude Code (2.1.329) asks with every call to keep all thinking, which is what happens anyway. */
const keepsAll = (value: unknown) => v.is(KEEPS_ALL, value)

/** Known fields that are not honoured, each with a test for values that ask for nothing. */
const NOT_HONOURED: NotHonoured = {
  service_tier: only('auto', 'standard_only'),
  speed: only('standard'),
  billing_policy: never,
  compaction: never,
  container: never,
  context_management: keepsAll,
  diagnostics: never,
  fallback_credit_token: never,
  fallbacks: never,
  inference_geo: never,
}

/** Paths of the top-level fields that are not honoured, and of those that are not known. */
export function unsupportedFields(body: CountRequest): string[] {
  const paths: string[] = []
  reportNotHonoured(body, NOT_HONOURED, paths)
  reportStray(body, AnthropicMessagesRequest.entries, '', paths)
  return paths
}
