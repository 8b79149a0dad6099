import type { Dialect } from '../dialect.ts'
import { encodeAnswer } from './answer.ts'
import { decode, type GeminiCall } from './decode.ts'
import { encodeError } from './errors.ts'
import { GeminiStream } from './stream.ts'

/**
 * Google's Gemini API: `POST /v1beta/models/{model}:generateContent` and `:streamGenerateContent`. The path says how the answer
 * comes, and the request whether thoughts are in it, so that each call has a dialect of its own.
 */
export function gemini({ form, body }: GeminiCall): Dialect<GeminiCall> {
  const includeThoughts = body.generationConfig?.thinkingConfig?.includeThoughts === true
  return {
    name: 'gemini',
    decode,
    answer: (answers, _request, context) => encodeAnswer(answers, context, includeThoughts),
    stream: (request, context) =>
      new GeminiStream(request, context, form === 'array' ? 'array' : 'events', includeThoughts),
    error: encodeError,
  }
}
