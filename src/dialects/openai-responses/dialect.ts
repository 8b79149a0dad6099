import type { AnswerContext, Dialect } from '../dialect.ts'
import { encodeAnswer } from './answer.ts'
import { type Decoded, decode } from './decode.ts'
import { summaryOf } from './decode-parameters.ts'
import { envelopeOf } from './envelope.ts'
import { encodeError } from './errors.ts'
import { type History, NO_HISTORY } from './history.ts'
import { presented } from './items.ts'
import type { ResponsesRequest } from './schema.ts'
import type { ResponsesResponse } from './schema-answer.ts'
import type { InputItem } from './schema-items.ts'
import { ResponseStream } from './stream.ts'
import { ENCRYPTED_REASONING } from './unsupported.ts'

/** A response that is over, with all that is opaque, and with what its request added to the conversation. */
export type Finished = { response: ResponsesResponse; input: readonly InputItem[] }

export type ResponsesDialect = Omit<Dialect<ResponsesRequest>, 'stream'> & {
  stream(request: unknown, context: AnswerContext): ResponseStream
  /** What the request added to the conversation, once it is decoded. */
  input(): readonly InputItem[]
}

export type ResponsesSurroundings = {
  /** The stored responses of the caller. */
  history?: History
  /** Is told of a response that is over. Its `store` says whether it shall be kept. */
  finished?: (finished: Finished) => void
  /** False where nothing is kept, whatever callers want. */
  stores?: boolean
  /** Milliseconds since 1970. */
  now?: () => number
}

/**
 * OpenAI's Responses: `POST /v1/responses`. Made anew for each request: a response repeats its request, and goes on from
 * stored ones.
 */
export function openaiResponses(surroundings: ResponsesSurroundings = {}): ResponsesDialect {
  const { history = NO_HISTORY, finished = () => {}, stores = true, now = Date.now } = surroundings
  let request: { body: ResponsesRequest; decoded: Decoded } | undefined
  const known = () => {
    if (!request) throw new Error('A response is encoded before its request was decoded.')
    return request
  }
  const parts = (context: AnswerContext) => {
    const { body, decoded } = known()
    const envelope = envelopeOf(body, decoded, context, stores)
    const options = {
      id: context.id,
      tools: decoded.tools.wire,
      summary: summaryOf(body) !== undefined,
      encrypted: body.include?.includes(ENCRYPTED_REASONING) ?? false,
    }
    return { envelope, options, ended: (response: ResponsesResponse) => finished({ response, input: decoded.input }) }
  }
  return {
    name: 'openai-responses',
    decode(body) {
      const decoded = decode(body, history)
      request = { body, decoded }
      return decoded.chat
    },
    answer(answers, _request, context) {
      const { envelope, options, ended } = parts(context)
      const response = encodeAnswer(answers, envelope, options, now())
      ended(response)
      return presented(response, options.encrypted)
    },
    stream(_request, context) {
      const { envelope, options, ended } = parts(context)
      return new ResponseStream(envelope, options, ended, now)
    },
    error: encodeError,
    input: () => known().decoded.input,
  }
}
