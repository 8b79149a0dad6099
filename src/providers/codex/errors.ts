// What Codex says when a turn fails (0.169.0), as errors that a person can act on. Its own texts go no further than to the log,
// but for the reason that the service gave: they name addresses and requests.
import { type ErrorCode, GatewayError, type GatewayErrorOptions } from '../../core/error.ts'
import type { FinishReason } from '../../core/event.ts'
import { asFields, type Fields, fieldsAt, numberAt, textAt } from '../fields.ts'
import { type LimitWindow, limitEnds, minuteOf } from './limits.ts'
import { LOGIN } from './options.ts'

export type Failure = {
  /** Codex's own word: `usageLimitExceeded`, `httpConnectionFailed`, ... */
  kind: string
  /** Of the service; absent where it was never reached, or the word says it. */
  status?: number
  text: string
}

/** Reads a `TurnError`. */
export function toFailure(error: Fields): Failure {
  const info = error['codexErrorInfo']
  const [kind, detail] = Object.entries(asFields(info) ?? {})[0] ?? []
  const status = numberAt(asFields(detail), 'httpStatusCode')
  return {
    kind: kind ?? (typeof info === 'string' ? info : 'other'),
    ...(status === undefined ? {} : { status }),
    // While it tries again, the message only counts the attempts.
    text: textAt(error, 'additionalDetails') ?? textAt(error, 'message') ?? '',
  }
}

/** An answer that is complete as far as it goes, though Codex calls it a failure. */
export function incompleteReason({ text }: Failure): FinishReason | undefined {
  switch (/Incomplete response returned, reason: (\w+)/.exec(text)?.[1]) {
    case 'max_output_tokens':
      return 'length'
    case 'content_filter':
      return 'content-filter'
    default:
      return undefined
  }
}

type Sense = [code: ErrorCode, message: string]

const LOGIN_REQUIRED: Sense = [
  'provider_login_required',
  `Codex is not logged in, or its login is not valid any more. Run: ${LOGIN}`,
]
const NO_MODEL: Sense = ['model_not_found', 'OpenAI does not have this model, or the account may not use it.']
const OVERLOADED: Sense = ['overloaded', 'OpenAI has no capacity for this model at the moment. Try again later.']
const TOO_LONG: Sense = ['context_length_exceeded', 'The conversation is longer than the context window of this model.']
const RATE_LIMIT: Sense = ['rate_limit_exceeded', 'OpenAI limits the rate of requests. Try again later.']
const FAILED: Sense = ['provider_error', 'OpenAI failed to answer. Try again later.']

/** A map, for Codex may say anything, `constructor` too. */
const BY_KIND = new Map<string, Sense>(
  Object.entries({
    unauthorized: LOGIN_REQUIRED,
    modelNotFound: NO_MODEL,
    contextWindowExceeded: TOO_LONG,
    rateLimitExceeded: RATE_LIMIT,
    serverOverloaded: OVERLOADED,
    flexUnavailable: OVERLOADED,
    policyCapacityUnavailable: OVERLOADED,
    internalServerError: FAILED,
    cyberPolicy: ['invalid_request', 'OpenAI refused the request: it is against its rules.'],
    misalignmentPolicyViolation: ['invalid_request', 'OpenAI refused the request: it is against its rules.'],
  } satisfies Record<string, Sense>),
)

const BY_STATUS: Readonly<Record<number, Sense>> = {
  401: LOGIN_REQUIRED,
  403: ['permission_denied', 'The OpenAI account may not do this.'],
  404: NO_MODEL,
  413: ['request_too_large', 'The request is larger than OpenAI takes. Send fewer or smaller images.'],
  429: RATE_LIMIT,
  503: OVERLOADED,
}

/** `limits` are those that came with the failure; `now` in milliseconds since 1970. */
export function failureToError(failure: Failure, limits: readonly LimitWindow[], now: number): GatewayError {
  const { kind, status, text } = failure
  const cause = new Error(`${kind} ${status ?? ''} ${text}`)
  const fail = ([code, message]: Sense, options: GatewayErrorOptions = {}) =>
    new GatewayError(code, message, { cause, ...options })

  if (kind === 'usageLimitExceeded') return usageLimit(failure, limits, now, cause)
  const sense = BY_KIND.get(kind) ?? (status === undefined ? undefined : BY_STATUS[status])
  if (sense) return fail(sense, sense === RATE_LIMIT ? retryAfter(text) : {})
  if (status !== undefined && status >= 400) return fail(['provider_error', `OpenAI failed with status ${status}.`])
  const reason = reasonOf(text)
  if (reason !== undefined || kind === 'badRequest') {
    return fail(['invalid_request', `OpenAI refused the request: ${reason ?? 'no reason given.'}`])
  }
  if (/idle timeout|timed out/i.test(text)) return fail(['timeout', 'OpenAI did not answer in time.'])
  if (text.startsWith('Missing environment variable')) return fail(LOGIN_REQUIRED)
  if (kind === 'httpConnectionFailed' || kind === 'responseStreamConnectionFailed') {
    return fail(['provider_error', 'Codex could not reach OpenAI.'])
  }
  if (/stream disconnected/.test(text)) return brokenOff(cause)
  return fail(['provider_error', 'Codex could not complete the answer.'])
}

function usageLimit({ text }: Failure, limits: readonly LimitWindow[], now: number, cause: Error): GatewayError {
  if (/quota|billing/i.test(text)) {
    const message = 'The credit of the OpenAI account is used up. Add credit, or use another account.'
    return new GatewayError('billing', message, { cause })
  }
  const message = 'The usage limit of the ChatGPT subscription is reached.'
  const ends = limitEnds(limits)
  if (ends === undefined || ends <= now) return new GatewayError('usage_limit_reached', message, { cause })
  return new GatewayError('usage_limit_reached', `${message} It ends at ${minuteOf(ends)} UTC.`, {
    cause,
    retryAfter: Math.max(1, Math.ceil((ends - now) / 1000)),
  })
}

/** "Please try again in 1.2s": the only place where Codex tells. */
function retryAfter(text: string): GatewayErrorOptions {
  const [, amount, unit] = /try again in ([\d.]+)\s*(ms|s|m)\b/i.exec(text) ?? []
  if (amount === undefined) return {}
  const scale = unit === 'ms' ? 0.001 : unit === 'm' ? 60 : 1
  return { retryAfter: Math.max(1, Math.ceil(Number(amount) * scale)) }
}

/** What the service said of the request: Codex hands on its whole body, or a sentence. */
function reasonOf(text: string): string | undefined {
  const said = /^Invalid prompt: ([\s\S]+)/.exec(text)?.[1]
  if (said !== undefined) return said.slice(0, 500)
  if (!text.startsWith('{')) return undefined
  try {
    const body = asFields(JSON.parse(text))
    return (textAt(fieldsAt(body, 'error'), 'message') ?? textAt(body, 'detail'))?.slice(0, 500) ?? 'no reason given.'
  } catch {
    return undefined
  }
}

/** The answer ended in the middle. */
export function brokenOff(cause?: Error): GatewayError {
  return new GatewayError('provider_error', 'OpenAI broke off the answer.', { cause })
}

/** The process ended in the middle of a turn. */
export function crashError(exit: { code: number | null; signal: string | null }): GatewayError {
  const how = exit.signal === null ? `exit code ${exit.code ?? 'unknown'}` : `signal ${exit.signal}`
  return new GatewayError('provider_error', `Codex ended before its answer was complete (${how}).`)
}
