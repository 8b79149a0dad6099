import type { GatewayError } from '../../core/error.ts'
import type { GeminiError } from './schema-answer.ts'

type Detail = GeminiError['error']['details'][number]

/** The body of an error response, and the data of the event that ends a stream early. */
export function encodeError(error: GatewayError): GeminiError {
  const { status, message, code, param, retryAfter } = error
  const details: Detail[] = [
    { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: code.toUpperCase(), domain: 'cligate' },
  ]
  if (param !== undefined) {
    details.push({
      '@type': 'type.googleapis.com/google.rpc.BadRequest',
      fieldViolations: [{ field: param, description: message }],
    })
  }
  if (retryAfter !== undefined) {
    const seconds = Math.max(0, Math.ceil(retryAfter))
    details.push({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${seconds}s` })
  }
  return { error: { code: status, message, status: statusOf(error), details } }
}

/** Google's names (google.rpc.Code) for what the HTTP status says. */
function statusOf({ status }: GatewayError): string {
  switch (status) {
    case 401:
      return 'UNAUTHENTICATED'
    case 402:
      return 'FAILED_PRECONDITION'
    case 403:
      return 'PERMISSION_DENIED'
    case 404:
      return 'NOT_FOUND'
    case 405:
      return 'UNIMPLEMENTED'
    case 429:
      return 'RESOURCE_EXHAUSTED'
    case 499:
      return 'CANCELLED'
    case 502:
    case 503:
    case 529:
      return 'UNAVAILABLE'
    case 504:
      return 'DEADLINE_EXCEEDED'
    default:
      return status >= 500 ? 'INTERNAL' : 'INVALID_ARGUMENT'
  }
}
