import type { GatewayError } from '../../core/error.ts'
import { encodeError as encodeOpenAIError, type OpenAIError } from '../openai-error.ts'
import type { ResponsesResponse } from './schema-answer.ts'

/** The body of an error response. `code` is the gateway's own, but where clients know one and act on it. */
export function encodeError(error: GatewayError): OpenAIError {
  const body = encodeOpenAIError(error)
  return { error: { ...body.error, code: codeOf(error) } }
}

/** The fields of the event that ends a stream in which no response has begun. */
export function errorFields(error: GatewayError): { code: string; message: string; param: string | null } {
  return { code: codeOf(error), message: error.message, param: error.param ?? null }
}

/** On this code clients send the whole conversation instead of what is new. */
function codeOf({ code, param }: GatewayError): string {
  return code === 'not_found' && param === 'previous_response_id' ? 'previous_response_not_found' : code
}

/** The `error` of a response that failed, by the codes of OpenAI that clients know (Codex 0.169 goes by them). */
export function failureOf(error: GatewayError): NonNullable<ResponsesResponse['error']> {
  return { code: failureCode(error), message: error.message }
}

function failureCode({ code, status }: GatewayError): string {
  switch (code) {
    case 'context_length_exceeded':
      return 'context_length_exceeded'
    case 'billing':
    case 'usage_limit_reached':
      return 'insufficient_quota'
    case 'rate_limit_exceeded':
    case 'queue_full':
      return 'rate_limit_exceeded'
    case 'overloaded':
      return 'server_is_overloaded'
    default:
      return status >= 500 || status === 401 ? 'server_error' : 'invalid_prompt'
  }
}
