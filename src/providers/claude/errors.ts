// What Claude Code says when a turn fails (2.1.329), as errors that a person can act on. Its own texts go no further than to
// the log, but for the reason that the service gave: they name commands and folders of this machine.
import { type ErrorCode, GatewayError, type GatewayErrorOptions } from '../../core/error.ts'
import { type Fields, fieldsAt, numberAt, textAt } from '../fields.ts'

/** What is known of a failure, from whichever line told it. */
export type Failure = {
  /** Claude Code's own word: `rate_limit`, `authentication_failed`, ... */
  kind?: string
  /** Status of the service; absent where it was never reached. */
  status?: number
  apiError?: string
  terminalReason?: string
  /** Claude Code's message for people. */
  text?: string
  /** Milliseconds that the service asks to wait. */
  retryDelay?: number
  /** Milliseconds since 1970 when the subscription's window opens again. */
  resetsAt?: number
}

/** The failure that a `result` line with `is_error` tells; `kind` comes from the `assistant` line before it. */
export function resultFailure(result: Fields, kind: string | undefined, limits: Fields | undefined): Failure {
  const resetsAt = numberAt(limits, 'resetsAt')
  return {
    kind,
    status: numberAt(result, 'api_error_status'),
    apiError: textAt(result, 'api_error'),
    terminalReason: textAt(result, 'terminal_reason'),
    text: textAt(result, 'result'),
    ...(resetsAt === undefined ? {} : { resetsAt: resetsAt * 1000 }),
  }
}

/** The failure that an `api_retry` line tells: what the service said to the request that would now be sent again. */
export function retryFailure(message: Fields): Failure {
  const status = numberAt(message, 'error_status')
  return {
    kind: textAt(message, 'error'),
    status,
    retryDelay: numberAt(message, 'retry_delay_ms'),
    ...(status === undefined ? { apiError: 'connection_failed' } : {}),
  }
}

const NO_LOGIN = 'Claude Code is not logged in. Run: claude auth login'
const BAD_LOGIN =
  'The login or API key of Claude Code is not valid any more. Run: claude auth login, or set a valid key.'

/** `now` in milliseconds since 1970. */
export function failureToError(failure: Failure, now: number): GatewayError {
  const { kind, status, text = '' } = failure
  const fail = (code: ErrorCode, message: string, options: GatewayErrorOptions = {}) =>
    new GatewayError(code, message, options)

  if (failure.apiError === 'usage_limit_reached') return usageLimit(failure, now)
  if (kind === 'billing_error')
    return fail('billing', 'The credit of the Anthropic account is used up. Add credit, or use another account.')
  if (failure.terminalReason === 'prompt_too_long')
    return fail('context_length_exceeded', 'The conversation is longer than the context window of this model.')
  if (kind === 'model_not_found')
    return fail('model_not_found', 'Claude does not have this model, or the account may not use it.')
  if (failure.apiError === 'max_output_tokens')
    return fail('provider_error', 'The answer did not fit into the tokens that this model may answer with.')
  switch (status) {
    case 400:
      return fail('invalid_request', `Claude refused the request: ${reasonOf(text)}`)
    case 401:
      return fail('provider_login_required', BAD_LOGIN)
    case 403:
      return fail('permission_denied', 'The Anthropic account may not do this.')
    case 404:
      return fail('model_not_found', 'Claude does not have this model, or the account may not use it.')
    case 413:
      return fail('request_too_large', 'The request is larger than Claude takes. Send fewer or smaller images.')
    case 429:
      return fail('rate_limit_exceeded', 'Claude limits the rate of requests. Try again later.', retryAfter(failure))
    case 503:
    case 529:
      return fail('overloaded', 'Claude is overloaded. Try again later.', retryAfter(failure))
    default:
      break
  }
  if (status !== undefined && status >= 400)
    return fail('provider_error', `Claude failed with status ${status}.`, retryAfter(failure))
  if (kind === 'authentication_failed') return fail('provider_login_required', NO_LOGIN)
  if (kind === 'rate_limit')
    return fail('rate_limit_exceeded', 'Claude limits the rate of requests. Try again later.', retryAfter(failure))
  if (kind === 'overloaded') return fail('overloaded', 'Claude is overloaded. Try again later.', retryAfter(failure))
  if (failure.apiError === 'connection_failed')
    return fail('provider_error', 'Claude Code could not reach the model service, or lost the connection to it.')
  if (/timed out/i.test(text)) return fail('timeout', 'The model service did not answer in time.')
  return fail('provider_error', 'Claude Code could not complete the answer.')
}

function usageLimit({ resetsAt }: Failure, now: number): GatewayError {
  const message = 'The usage limit of the Claude subscription is reached.'
  if (resetsAt === undefined) return new GatewayError('usage_limit_reached', message)
  // To the minute, and in UTC: the caller is not where the gateway is.
  const until = new Date(resetsAt).toISOString().slice(0, 16).replace('T', ' ')
  return new GatewayError('usage_limit_reached', `${message} It opens again at ${until} UTC.`, {
    retryAfter: Math.max(1, Math.ceil((resetsAt - now) / 1000)),
  })
}

function retryAfter({ retryDelay }: Failure): GatewayErrorOptions {
  return retryDelay === undefined ? {} : { retryAfter: Math.max(1, Math.ceil(retryDelay / 1000)) }
}

/** What the service said, out of "API Error: 400 {json}" or "API Error: 400 text". It speaks of the request alone. */
function reasonOf(text: string): string {
  const said = text.replace(/^API Error:?\s*(\d{3})?\s*/i, '')
  try {
    const body = JSON.parse(said) as Fields
    return textAt(fieldsAt(body, 'error'), 'message') ?? 'no reason given'
  } catch {
    return said.split('\n', 1)[0]?.slice(0, 500) || 'no reason given'
  }
}

/** It refused what it was told about a turn. */
export function refusalError(response: Fields | undefined): GatewayError {
  const cause = new Error(textAt(response, 'error'))
  if (response?.['error_code'] === 'model_not_current')
    return new GatewayError('model_not_found', 'Claude Code runs another model in the place of this one.', { cause })
  return new GatewayError('provider_error', 'Claude Code refused the settings of this request.', { cause })
}

/** The process ended in the middle of a turn. */
export function crashError(exit: { code: number | null; signal: string | null }): GatewayError {
  const how = exit.signal === null ? `exit code ${exit.code ?? 'unknown'}` : `signal ${exit.signal}`
  return new GatewayError('provider_error', `Claude Code ended before its answer was complete (${how}).`)
}
