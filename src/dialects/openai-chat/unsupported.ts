// Fields that nothing behind the gateway can honour: they are reported to the caller, never dropped in silence.
import { join } from '../path.ts'
import { ChatCompletionRequest, ChatStreamOptions } from './schema.ts'

const never = () => false
const only =
  (...values: unknown[]) =>
  (value: unknown) =>
    values.includes(value)

/** Known fields that are not honoured, each with a test for values that ask for nothing. */
const NOT_HONOURED: Record<string, (value: unknown) => boolean> = {
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

/** More paths than any caller reads; a body of a million unknown fields does not become a million paths. */
const MAX_PATHS = 100

/** Adds a path to those that are not honoured; `...` stands for what is beyond the limit. */
export function report(path: string, paths: string[]): void {
  if (paths.length < MAX_PATHS) paths.push(path)
  else if (paths.length === MAX_PATHS) paths.push('...')
}

/**
 * Paths of the top-level fields that are not honoured, and of those that are not known. Fields named `__proto__`,
 * `prototype` or `constructor` are not among them: valibot 1.5 leaves them out of what it gives.
 */
export function unsupportedFields(body: ChatCompletionRequest): string[] {
  const paths: string[] = []
  for (const [field, asksForNothing] of Object.entries(NOT_HONOURED)) {
    const value = body[field]
    if (!isVoid(value) && !asksForNothing(value)) report(field, paths)
  }
  if (body.stream_options?.include_obfuscation) report('stream_options.include_obfuscation', paths)
  if (body.stream_options) collectStray(body.stream_options, ChatStreamOptions.entries, 'stream_options', paths)
  collectStray(body, ChatCompletionRequest.entries, '', paths)
  return paths
}

/** Adds the paths of fields that `known` does not list. Empty ones are left out: SDKs echo `audio: null, annotations: []`. */
export function collectStray(value: object, known: object, path: string, paths: string[]): void {
  for (const [key, field] of Object.entries(value)) {
    if (!Object.hasOwn(known, key) && !isVoid(field)) report(join(path, key), paths)
  }
}

function isVoid(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}
