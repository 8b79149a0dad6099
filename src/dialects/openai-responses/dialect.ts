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

/** A response that is over, as it is to be kept: with all that is opaque, and with what its request added to the conversation. */
export type Finished = { response: ResponsesResponse; input: readonly InputItem[] }

export type ResponsesDialect = Omit<Dialect<ResponsesRequest>, 'stream'> & {
  stream(request: unknown, context: AnswerContext): ResponseStream
  /** What the request added to the conversation, once it is decoded. */
  input(): readonly InputItem[]
}

export type ResponsesSurroundings = {
  /** The stored responses of the caller. */
  history?: History
  /** Is told of a response that is over, unless its caller does not want it stored. Left out, nothing is stored. */
  finished?: (kept: Finished) => void
  /** Milliseconds since 1970. */
  now?: () => number
}

/**
 * OpenAI's Responses: `POST /v1/responses`. Made anew for each request: a response repeats its request, and goes on from
 * stored ones.
 */
export function openaiResponses(surroundings: ResponsesSurroundings = {}): ResponsesDialect {
  const { history = NO_HISTORY, finished, now = Date.now } = surroundings
  let request: { body: ResponsesRequest; decoded: Decoded } | undefined
  const known = () => {
    if (!request) throw new Error('A response is encoded before its request was decoded.')
    return request
  }
  const parts = (context: AnswerContext) => {
    const { body, decoded } = known()
    const envelope = envelopeOf(body, decoded, context, finished !== undefined)
    const options = {
      id: context.id,
      tools: decoded.tools.wire,
      summary: summaryOf(body) !== undefined,
      encrypted: body.include?.includes(ENCRYPTED_REASONING) ?? false,
    }
    const keep = (response: ResponsesResponse) => {
      if (response.store) finished?.({ response, input: decoded.input })
    }
    return { envelope, options, keep }
  }
  return {
    name: 'openai-responses',
    decode(body) {
      const decoded = decode(body, history)
      request = { body, decoded }
      return decoded.chat
    },
    answer(answers, _request, context) {
      const { envelope, options, keep } = parts(context)
      const response = encodeAnswer(answers, envelope, options, now())
      keep(response)
      return presented(response, options.encrypted)
    },
    stream(_request, context) {
      const { envelope, options, keep } = parts(context)
      return new ResponseStream(envelope, options, keep, now)
    },
    error: encodeError,
    input: () => known().decoded.input,
  }
}
