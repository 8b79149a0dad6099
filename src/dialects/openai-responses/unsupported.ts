// Fields that nothing behind the gateway can honour: they are reported to the caller, never dropped in silence.
import { never, type NotHonoured, only, reportNotHonoured } from '../not-honoured.ts'
import { report, reportStray } from '../stray-fields.ts'
import { type CountRequest, ResponsesRequest } from './schema.ts'

/** Known fields that are not honoured, each with a test for values that ask for nothing. */
const NOT_HONOURED: NotHonoured = {
  access_programs: never,
  client_metadata: never,
  context_management: never,
  image: never,
  max_tool_calls: never,
  moderation: never,
  prompt_cache_key: never,
  prompt_cache_options: never,
  prompt_cache_retention: never,
  service_tier: only('auto', 'default'),
  top_logprobs: only(0),
  truncation: only('disabled'),
}

export const ENCRYPTED_REASONING = 'reasoning.encrypted_content'

/** Parts of an answer that is asked for and would be there if there were any: those of tools which nothing here runs. */
const INCLUDED_ANYWAY = new Set([
  ENCRYPTED_REASONING,
  'file_search_call.results',
  'web_search_call.results',
  'web_search_call.action.sources',
  'message.input_image.image_url',
  'computer_call_output.output.image_url',
  'code_interpreter_call.outputs',
])

/** Paths of the top-level fields that are not honoured, and of those that are not known. */
export function unsupportedFields(body: ResponsesRequest): string[] {
  const paths = unsupportedInPrompt(body)
  for (const [index, included] of (body.include ?? []).entries()) {
    if (!INCLUDED_ANYWAY.has(included)) report(`include[${index}]`, paths)
  }
  if (body.stream_options?.include_obfuscation) report('stream_options.include_obfuscation', paths)
  if (body.stream_options) reportStray(body.stream_options, { include_obfuscation: true }, 'stream_options', paths)
  return paths
}

/** The same where there will be no answer, and nobody has looked at how it shall be. */
export function unsupportedInPrompt(body: CountRequest): string[] {
  const paths: string[] = []
  reportNotHonoured(body, NOT_HONOURED, paths)
  reportStray(body, ResponsesRequest.entries, '', paths)
  return paths
}
