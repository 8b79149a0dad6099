import type { Dialect } from '../dialect.ts'
import { encodeAnswer } from './answer.ts'
import { decode } from './decode.ts'
import { encodeError } from './errors.ts'
import type { CompletionRequest } from './schema.ts'
import { CompletionStream } from './stream.ts'

/** OpenAI's Completions, the API before chats: `POST /v1/completions`. What an answer is like is in the request alone. */
export function openaiCompletions(body: CompletionRequest): Dialect<CompletionRequest> {
  return {
    name: 'openai-completions',
    decode,
    answer: (answers, _request, context) => encodeAnswer(answers, body, context),
    stream: (_request, context) => new CompletionStream(body, context),
    error: encodeError,
  }
}
