// What goes wrong in a turn of Qwen Code (0.24.4), as errors that a person can act on.
import { type ErrorCode, GatewayError, type GatewayErrorOptions } from '../../core/error.ts'
import { AcpError, AUTH_REQUIRED } from '../acp-errors.ts'
import { asFields, textAt } from '../fields.ts'
import { LOGIN } from './options.ts'

export const NOT_LOGGED_IN = `Qwen Code is not logged in. Run: ${LOGIN} (and there: /auth), or set OPENAI_API_KEY, OPENAI_BASE_URL and OPENAI_MODEL.`

/** Anything that a turn threw. What is a GatewayError already stays as it is. */
export function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  if (!(thrown instanceof AcpError)) return GatewayError.from(thrown)
  if (thrown.code === AUTH_REQUIRED)
    return new GatewayError('provider_login_required', NOT_LOGGED_IN, { cause: thrown })
  const details = textAt(asFields(thrown.data), 'details')
  return serviceError(details ?? thrown.message, thrown)
}

/** What Qwen Code says of a failed request to the service: `429 Too many requests`, or without a status where it was not reached. */
export function serviceError(said: string, cause?: unknown): GatewayError {
  const [, digits, text = said] = /^(\d{3})\b\s*([\s\S]*)$/.exec(said) ?? []
  const status = digits === undefined ? undefined : Number(digits)
  const reason = reasonOf(text)
  const fail = (code: ErrorCode, message: string, options: GatewayErrorOptions = {}) =>
    new GatewayError(code, message, { ...options, cause: cause ?? new Error(said) })

  if (/quota/i.test(said) && /exceeded|exhausted|insufficient/i.test(said)) {
    return fail('usage_limit_reached', `The quota of the account is used up: ${reason}`, retryAfter(text))
  }
  switch (status) {
    case 400:
    case 422:
      if (
        /context.{0,10}length|(input|prompt).{0,30}too (long|large)|maximum context|range of input length/i.test(text)
      ) {
        return fail('context_length_exceeded', `The conversation is too long for the model: ${reason}`)
      }
      return fail('invalid_request', `The model service refused the request: ${reason}`)
    case 401:
      return fail('provider_login_required', `The model service refused the API key of Qwen Code. ${NOT_LOGGED_IN}`)
    case 402:
      return fail('billing', `The model service asks for payment: ${reason}`)
    case 403:
      return fail('permission_denied', `The account may not do this: ${reason}`)
    case 404:
      return fail('model_not_found', `The model service does not have this model: ${reason}`)
    case 413:
      return fail(
        'request_too_large',
        'The request is larger than the model service takes. Send fewer or smaller images.',
      )
    case 429:
      return fail('rate_limit_exceeded', `The model service limits the rate of requests: ${reason}`, retryAfter(text))
    case 503:
    case 529:
      return fail('overloaded', `The model service is overloaded: ${reason}`, retryAfter(text))
    case undefined:
      break
    default:
      return fail('provider_error', `The model service failed with status ${status}.`)
  }
  if (/connection error|ECONNREFUSED|ENOTFOUND|fetch failed/i.test(said)) {
    return fail('provider_error', 'Qwen Code could not reach the model service.')
  }
  if (/terminated|ECONNRESET|socket/i.test(said)) {
    return fail('provider_error', 'The connection to the model service broke before the answer was complete.')
  }
  if (/timed? ?out/i.test(said)) return fail('timeout', 'The model service did not answer in time.')
  return fail('provider_error', `The model service failed: ${reason}`)
}

/** The stream ended without its end. */
export function brokenOff(): GatewayError {
  return new GatewayError('provider_error', 'The model service ended the answer before it was complete.')
}

/** The service speaks of the request alone; a proxy's page is of no use to anybody. */
function reasonOf(text: string): string {
  const line = text.trim().split('\n', 1)[0]?.slice(0, 500) ?? ''
  return line === '' || line.startsWith('<') ? 'no reason given.' : line
}

/** Services that say how long to wait say it in words too; the header does not get here. */
function retryAfter(text: string): GatewayErrorOptions {
  const [, amount, unit] =
    /(?:again|retry)(?: in| after) (\d+(?:\.\d+)?) ?(ms|milliseconds|s|seconds?|m|minutes?)\b/i.exec(text) ?? []
  if (amount === undefined || unit === undefined) return {}
  const factor = /^(ms|milli)/i.test(unit) ? 0.001 : /^m/i.test(unit) ? 60 : 1
  return { retryAfter: Math.max(1, Math.ceil(Number(amount) * factor)) }
}
