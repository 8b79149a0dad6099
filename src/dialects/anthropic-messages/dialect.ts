import type { Dialect } from '../dialect.ts'
import { encodeAnswer } from './answer.ts'
import { decode } from './decode.ts'
import { encodeError } from './errors.ts'
import type { MessagesRequest } from './schema.ts'
import { MessageStream } from './stream.ts'

/** Anthropic's Messages: `POST /v1/messages`. */
export const anthropicMessages: Dialect<MessagesRequest> = {
  name: 'anthropic-messages',
  decode,
  answer: (answers, _request, context) => encodeAnswer(answers, context),
  stream: (_request, context) => new MessageStream(context),
  error: encodeError,
}
