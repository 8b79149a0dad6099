// Everything that can go wrong with a request, as a response in the shape of the API that was called.
import { NotFoundError, ParseError, ValidationError } from 'elysia'
import { GatewayError } from '../core/error.ts'
import { anthropicMessages } from '../dialects/anthropic-messages/dialect.ts'
import type { Dialect } from '../dialects/dialect.ts'
import { encodeError as encodeGeminiError } from '../dialects/gemini/errors.ts'
import { openaiChat } from '../dialects/openai-chat/dialect.ts'
import { pathOf } from './exchange.ts'
import { isGeminiClient } from './gemini-client.ts'

/** How an API writes errors. */
export type ErrorShape = { error: Dialect<never>['error'] }

const geminiErrors: ErrorShape = { error: encodeGeminiError }

/** Whose API a path belongs to; all others are OpenAI's. */
const SHAPES: readonly { paths: RegExp; shape: ErrorShape }[] = [
  { paths: /^(\/v1)?\/messages(\/|$)/, shape: anthropicMessages },
  {
    paths: /^\/v1beta(\/|$)|^(\/v1)?\/models\/.+:\w*(generate|embed|count|predict)\w*$/i,
    shape: geminiErrors,
  },
]

/** The list of models is at the same path in all APIs. */
const MODELS = /^(\/v1)?\/models(\/|$)/

/** How errors of a request are written that come before anything knows what it asks. */
export function shapeOf(request: Request): ErrorShape {
  const path = pathOf(request.url)
  const shape = SHAPES.find(({ paths }) => paths.test(path))?.shape
  if (shape) return shape
  if (MODELS.test(path)) {
    if (request.headers.has('anthropic-version')) return anthropicMessages
    if (isGeminiClient(request)) return geminiErrors
  }
  return openaiChat
}

/** Seconds from which on waiting is not for an SDK: the official ones retry at once where they are told to wait longer. */
const LONGEST_RETRY = 60

export function errorResponse(
  error: GatewayError,
  shape: ErrorShape,
  headers: Record<string, string> = {},
  requestId?: string,
): Response {
  const { status, code, retryable, retryAfter } = error
  const wait = retryAfter === undefined ? undefined : Math.max(0, Math.ceil(retryAfter))
  const body = { ...shape.error(error, requestId), ...(wait === undefined ? {} : { retry_after: wait }) }
  const response = Response.json(body, { status, headers })
  if (wait !== undefined) response.headers.set('retry-after', String(wait))
  // The OpenAI and Anthropic SDKs retry by status unless this header tells them.
  if (!retryable || (retryAfter ?? 0) > LONGEST_RETRY) response.headers.set('x-should-retry', 'false')
  if (code === 'invalid_api_key' && !response.headers.has('www-authenticate')) {
    response.headers.set('www-authenticate', 'Bearer realm="cligate"')
  }
  return response
}

/** Anything that Elysia or a handler threw, as an error for the caller. */
export function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  // Elysia wraps what a body reader throws.
  if (thrown instanceof ParseError && thrown.cause instanceof GatewayError) return thrown.cause
  if (thrown instanceof NotFoundError) return new GatewayError('not_found', 'There is nothing at this path.')
  // Its message repeats the whole input; and a failed response schema is no fault of the caller.
  if (thrown instanceof ValidationError && thrown.type !== 'response') {
    return new GatewayError('invalid_request', `The ${thrown.type} of this request is not valid.`)
  }
  return GatewayError.from(thrown)
}
