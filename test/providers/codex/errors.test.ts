// What a caller is told when the real Codex failed.
import { describe, expect, test } from 'bun:test'
import type { LimitWindow } from '../../../src/providers/codex/limits.ts'
import { failureToError, toFailure } from '../../../src/providers/codex/errors.ts'
import { fixture, FIXTURES, NOW, read } from './fixtures.ts'

const errorOf = (name: string, limits: LimitWindow[] = []) => read(fixture(name), { limits: () => limits }).state.error!

test.each([
  ['error-400', 'invalid_request', 400],
  ['error-401', 'provider_login_required', 401],
  ['error-403', 'permission_denied', 403],
  ['error-404', 'model_not_found', 404],
  ['error-413', 'request_too_large', 413],
  ['error-429', 'rate_limit_exceeded', 429],
  ['error-429-retry-after', 'rate_limit_exceeded', 429],
  ['error-429-quota', 'billing', 402],
  ['error-429-usage-limit', 'usage_limit_reached', 429],
  ['error-500', 'provider_error', 502],
  ['error-502-html', 'provider_error', 502],
  ['error-503', 'overloaded', 503],
  ['error-503-overloaded', 'overloaded', 503],
  ['stream-rate-limit', 'rate_limit_exceeded', 429],
  ['stream-context-length', 'context_length_exceeded', 400],
  ['stream-quota', 'billing', 402],
  ['stream-overloaded', 'overloaded', 503],
  ['stream-invalid-prompt', 'invalid_request', 400],
  ['stream-server-error', 'provider_error', 502],
  ['fails-mid-stream', 'provider_error', 502],
  ['cut-mid-stream', 'provider_error', 502],
  ['ends-mid-stream', 'provider_error', 502],
  ['cut-before-head', 'provider_error', 502],
] as const)('%s is %s', (name, code, status) => {
  expect(errorOf(name)).toMatchObject({ code, status })
})

test('no message tells an address, an id or what Codex itself said', () => {
  for (const name of FIXTURES) {
    const message = read(fixture(name)).state.error?.message ?? ''
    expect(message).not.toMatch(/127\.0\.0\.1|https?:|req_|Reconnecting|html/)
  }
})

describe('what helps the caller', () => {
  test('the reason of a refusal is passed on', () => {
    expect(errorOf('error-400').message).toBe('OpenAI refused the request: Invalid value: input[0]')
    expect(errorOf('stream-invalid-prompt').message).toBe('OpenAI refused the request: against the rules')
  })

  test('a login that is missing comes with its command', () => {
    expect(errorOf('error-401').message).toEndWith('Run: codex login')
  })

  test('seconds to wait, where the service says them in words', () => {
    expect(errorOf('stream-rate-limit').retryAfter).toBe(2)
    expect(errorOf('error-429').retryAfter).toBeUndefined()
  })

  test('a used-up subscription says when it opens again', () => {
    const resetsAt = NOW + 90_500
    const limits = [
      { usedPercent: 100, minutes: 300, resetsAt },
      { usedPercent: 13, minutes: 10_080, resetsAt: NOW + 1e9 },
    ]
    expect(errorOf('error-429-usage-limit', limits)).toMatchObject({
      retryAfter: 91,
      message: 'The usage limit of the ChatGPT subscription is reached. It ends at 2026-09-21 14:14 UTC.',
    })
    expect(errorOf('error-429-usage-limit', [{ usedPercent: 100, resetsAt: NOW - 1 }]).retryAfter).toBeUndefined()
  })

  test('the cause is kept for the log', () => {
    expect(String(errorOf('error-503').cause)).toContain('503')
  })
})

test.each([
  ['serverOverloaded', 'overloaded'],
  ['unauthorized', 'provider_login_required'],
  ['cyberPolicy', 'invalid_request'],
  [{ httpConnectionFailed: { httpStatusCode: null } }, 'provider_error'],
  [{ httpConnectionFailed: { httpStatusCode: 418 } }, 'provider_error'],
  [{ somethingNew: 'x' }, 'provider_error'],
  [null, 'provider_error'],
  ['somethingNew', 'provider_error'],
])('codexErrorInfo %j is %s', (codexErrorInfo, code) => {
  const failure = toFailure({ message: 'no', codexErrorInfo, additionalDetails: null })
  expect(failureToError(failure, [], NOW).code).toBe(code as never)
})

test.each(['{"error":', '{"error":{"message":7}}', '{}', '{"detail":"Unsupported model"}'])(
  'a body of %s is a refusal',
  (text) => {
    const error = failureToError(toFailure({ message: text, codexErrorInfo: 'other' }), [], NOW)
    expect(['invalid_request', 'provider_error']).toContain(error.code)
    expect(error.message).not.toContain('{')
  },
)

test('silence is a timeout', () => {
  const text = 'stream disconnected before completion: idle timeout waiting for SSE'
  expect(failureToError(toFailure({ message: text, codexErrorInfo: 'other' }), [], NOW).code).toBe('timeout')
})
