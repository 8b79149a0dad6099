// What Gemini CLI says when a turn fails (0.61.0), as errors that a person can act on. Its own texts go no further than to the log,
// but for the reason that the service gave: they name addresses and files.
import { type ErrorCode, GatewayError, type GatewayErrorOptions } from '../../core/error.ts'
import { AcpError, AUTH_REQUIRED, isOwnFault } from '../acp-errors.ts'
import { asFields, fieldsAt, textAt } from '../fields.ts'

const NO_LOGIN = 'Gemini CLI is not logged in, or its login has expired. Run: gemini'

export const loginError = (cause?: unknown): GatewayError =>
  new GatewayError('provider_login_required', NO_LOGIN, { cause })

/** Whatever a turn threw. The CLI's error codes are HTTP statuses; `notFound`: it was 404, whatever the code. */
export function toGatewayError(thrown: unknown, notFound = false): unknown {
  if (!(thrown instanceof AcpError)) return thrown
  const said = reasonOf(thrown.message)
  const fail = (code: ErrorCode, message: string, options: GatewayErrorOptions = {}) =>
    new GatewayError(code, message, { ...options, cause: thrown })

  if (thrown.code === AUTH_REQUIRED || NO_CREDENTIALS.test(said)) return loginError(thrown)
  if (notFound || (thrown.code === 500 && NOT_FOUND.test(said)))
    return fail('model_not_found', 'Gemini does not have this model, or the account may not use it.')
  switch (thrown.code) {
    case 400:
      if (/api key not valid|api key expired/i.test(said)) return loginError(thrown)
      if (/token count|too many tokens|context (?:length|window)/i.test(said))
        return fail('context_length_exceeded', 'The conversation is longer than the context window of this model.')
      return fail('invalid_request', `Gemini refused the request: ${said}`)
    case 401:
      return loginError(thrown)
    case 403:
      return fail('permission_denied', 'The Google account may not do this.')
    case 404:
      return fail('model_not_found', 'Gemini does not have this model, or the account may not use it.')
    case 413:
      return fail('request_too_large', 'The request is larger than Gemini takes. Send fewer or smaller images.')
    case 429:
      return rateLimit(said, thrown)
    case 503:
      return fail('overloaded', 'Gemini is overloaded. Try again later.')
    default:
      break
  }
  if (DISCONNECTED.test(said))
    return fail('provider_error', 'Gemini CLI could not reach the model service, or lost the connection to it.')
  if (thrown.code >= 500 && thrown.code < 600 && /"code"|"status"/.test(thrown.message))
    return fail('provider_error', `Gemini failed with status ${thrown.code}.`)
  return fail('provider_error', 'Gemini CLI could not complete the answer.')
}

/** Whether the CLI may have left its request to the service open: it stumbled over something that it could not read. */
export function leavesRequest(thrown: AcpError): boolean {
  const said = reasonOf(thrown.message)
  return isOwnFault(thrown) && ![NO_CREDENTIALS, NOT_FOUND, DISCONNECTED].some((known) => known.test(said))
}

const DISCONNECTED = /^terminated|Incomplete JSON|fetch failed|ECONNRE|socket/i
const NO_CREDENTIALS = /could not load the default credentials|api key is missing|failed to authenticate/i
/** The service's 404 comes as 500 (0.61.0), with its text. */
const NOT_FOUND = /\bis not found\b|not found for API version|requested entity was not found/i

function rateLimit(said: string, cause: AcpError): GatewayError {
  const seconds = /(?:retry after|retry in) ([\d.]+)\s*(ms|s)?/i.exec(said)
  const wait = seconds && (seconds[2] === 'ms' ? Number(seconds[1]) / 1000 : Number(seconds[1]))
  const options = { cause, ...(wait ? { retryAfter: Math.max(1, Math.ceil(wait)) } : {}) }
  if (/daily quota|exhausted your (?:daily|capacity)|quota will reset/i.test(said))
    return new GatewayError('usage_limit_reached', 'The daily quota of this model is used up.', options)
  return new GatewayError('rate_limit_exceeded', 'Gemini limits the rate of requests. Try again later.', options)
}

/** What the service said, out of its JSON or the CLI's sentence. */
function reasonOf(message: string): string {
  try {
    const body = asFields(JSON.parse(message))
    return textAt(fieldsAt(body, 'error'), 'message')?.slice(0, 500) ?? 'no reason given'
  } catch {
    return message.slice(0, 500) || 'no reason given'
  }
}

/** The answer ended without a word. `finish` is the service's reason, where the CLI has noted it. */
export function emptyError(finish?: string): GatewayError {
  const why = /_(?:FUNCTION|TOOL)_CALL$/.test(finish ?? '')
    ? 'it began to call a function, and the service could not make sense of the call.'
    : 'it was empty, or withheld by a filter of the service.'
  return new GatewayError('provider_error', `Gemini gave no answer: ${why}`)
}

export const brokenOffError = (): GatewayError =>
  new GatewayError('provider_error', 'The model service ended the answer before it was complete.')

export const notListedError = (): GatewayError =>
  new GatewayError('provider_error', 'Gemini CLI did not take the functions of the request.')

export const repeatedError = (): GatewayError =>
  new GatewayError('provider_error', 'Gemini CLI was about to ask the model service once more, and was stopped.')
