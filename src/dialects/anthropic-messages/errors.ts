import type { GatewayError } from '../../core/error.ts'
import type { AnthropicError } from './schema-answer.ts'

/** By these words Claude Code (2.1.329) knows that it has to shorten its conversation. */
const TOO_LONG = 'prompt is too long'

/** On this code the SDK (1.12, `thread.ts`) sends the whole conversation instead of a thread. */
const NO_THREADS = { error_code: 'thread_unsupported_request', unsupported: [] }

/** The body of an error response, and the data of the event that ends a stream early. */
export function encodeError(error: GatewayError, requestId?: string): AnthropicError {
  return {
    type: 'error',
    error: { type: typeOf(error), message: messageOf(error), details: detailsOf(error) },
    request_id: requestId ?? null,
  }
}

function detailsOf({ code, param }: GatewayError): AnthropicError['error']['details'] {
  if (code === 'unsupported_parameter' && param === 'thread') return { ...NO_THREADS, param }
  return { error_code: code, ...(param === undefined ? {} : { param }) }
}

function messageOf({ code, message }: GatewayError): string {
  if (code !== 'context_length_exceeded' || message.toLowerCase().includes(TOO_LONG)) return message
  return `${TOO_LONG}: ${message}`
}

/** Anthropic's names for kinds of errors. Clients mostly go by the status; an event in a stream has none. */
function typeOf({ status, code }: GatewayError): string {
  if (code === 'overloaded') return 'overloaded_error'
  switch (status) {
    case 401:
      return 'authentication_error'
    case 402:
      return 'billing_error'
    case 403:
      return 'permission_error'
    case 404:
      return 'not_found_error'
    case 413:
      return 'request_too_large'
    case 429:
      return 'rate_limit_error'
    case 504:
      return 'timeout_error'
    case 529:
      return 'overloaded_error'
    default:
      return status >= 500 ? 'api_error' : 'invalid_request_error'
  }
}
