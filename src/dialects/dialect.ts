// What a wire format is to the HTTP layer. One folder below dialects/ implements it for each API.
import type { CollectedAnswer } from '../core/collect.ts'
import type { GatewayError } from '../core/error.ts'
import type { ChoiceBatch } from '../core/event.ts'
import type { ChatRequest } from '../core/request.ts'

/** What the gateway adds to an answer: fixed before the first byte, so that encoders stay pure. */
export type AnswerContext = {
  /** Unique per request, without prefix; the dialect puts its own in front. */
  id: string
  /** The caller's own name for the model, which is what answers carry. */
  model: string
  /** Milliseconds since 1970. */
  created: number
  /** The request's id, as the headers have it; for errors that tell it. */
  requestId?: string
}

/** What a stream is on the wire, where it is no stream of events that may have comments. */
export type StreamFormat = {
  contentType: string
  /** What says in silence that the gateway lives, and says nothing to a reader. */
  keepAlive: string
}

/** Encodes one streamed answer. Pure but for its own state; the strings are whole SSE frames. */
export interface StreamEncoder {
  readonly format?: StreamFormat
  /** Frames for one batch; may be empty. An `error` event becomes this API's own error frame. */
  push(batch: ChoiceBatch): string
  /** What follows the last batch of all choices: `data: [DONE]\n\n` in OpenAI's API. */
  end(): string
}

export interface Dialect<Body> {
  readonly name: string
  /** @throws GatewayError `invalid_request` with `param`, for what the schema alone cannot refuse */
  decode(body: Body): ChatRequest
  answer(answers: CollectedAnswer[], request: ChatRequest, context: AnswerContext): unknown
  stream(request: ChatRequest, context: AnswerContext): StreamEncoder
  /** The body of an error response. @param requestId for the APIs that tell it there */
  error(error: GatewayError, requestId?: string): object
}
