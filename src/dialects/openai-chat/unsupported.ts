// Fields that nothing behind the gateway can honour: they are reported to the caller, never dropped in silence.
import { never, type NotHonoured, only, reportNotHonoured } from '../not-honoured.ts'
import { report, reportStray } from '../stray-fields.ts'
import { ChatCompletionRequest, ChatStreamOptions } from './schema.ts'

/** Known fields that are not honoured, each with a test for values that ask for nothing. */
const NOT_HONOURED: NotHonoured = {
  logit_bias: (value) => Object.keys(Object(value)).length === 0,
  logprobs: only(false),
  top_logprobs: only(0),
  store: only(false),
  service_tier: only('auto', 'default'),
  verbosity: only('medium'),
  prediction: never,
  audio: never,
  web_search_options: never,
  moderation: never,
  prompt_cache_key: never,
  prompt_cache_options: never,
  prompt_cache_retention: never,
}

/**
 * Paths of the top-level fields that are not honoured, and of those that are not known. Fields named `__proto__`,
 * `prototype` or `constructor` are not among them: valibot 1.5 leaves them out of what it gives.
 */
export function unsupportedFields(body: ChatCompletionRequest): string[] {
  const paths: string[] = []
  reportNotHonoured(body, NOT_HONOURED, paths)
  // Two names of one person: the older counts.
  if (body.user && body.safety_identifier && body.safety_identifier !== body.user) report('safety_identifier', paths)
  if (body.stream_options?.include_obfuscation) report('stream_options.include_obfuscation', paths)
  if (body.stream_options) reportStray(body.stream_options, ChatStreamOptions.entries, 'stream_options', paths)
  reportStray(body, ChatCompletionRequest.entries, '', paths)
  return paths
}
