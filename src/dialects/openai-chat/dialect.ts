import type { Dialect } from '../dialect.ts'
import { encodeAnswer } from './answer.ts'
import { decode } from './decode.ts'
import { encodeError } from './errors.ts'
import type { ChatCompletionRequest } from './schema.ts'
import { ChatStream } from './stream.ts'

/** OpenAI's Chat Completions: `POST /v1/chat/completions`. */
export const openaiChat: Dialect<ChatCompletionRequest> = {
  name: 'openai-chat',
  decode,
  answer: encodeAnswer,
  stream: (request, context) => new ChatStream(request, context),
  error: encodeError,
}
