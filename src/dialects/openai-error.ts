// How OpenAI's APIs write errors.
import type { GatewayError } from '../core/error.ts'
import type { OpenAIError } from './openai-chat/schema-answer.ts'

export type { OpenAIError }

/** The body of an error response, and of the frame that ends a stream early. `code` is the gateway's own. */
export function encodeError(error: GatewayError): OpenAIError {
  return { error: { message: error.message, type: typeOf(error), param: error.param ?? null, code: error.code } }
}

/** OpenAI's names for kinds of errors. Clients mostly go by the status; a frame in a stream has none. */
function typeOf({ status }: GatewayError): string {
  if (status >= 500) return 'server_error'
  switch (status) {
    case 401:
      return 'authentication_error'
    case 402:
      return 'insufficient_quota'
    case 403:
      return 'permission_error'
    case 429:
      return 'rate_limit_error'
    default:
      return 'invalid_request_error'
  }
}
