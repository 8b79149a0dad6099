import { describe, expect, test } from 'bun:test'
import { ERROR_CODES, type ErrorCode, GatewayError } from '../../../src/core/error.ts'
import { openaiChat } from '../../../src/dialects/openai-chat/dialect.ts'

describe('errors in the shape of OpenAI', () => {
  test('have all four fields, param null where none is at fault', () => {
    expect(openaiChat.error(new GatewayError('invalid_request', 'Wrong.', { param: 'messages[0]' }))).toEqual({
      error: { message: 'Wrong.', type: 'invalid_request_error', param: 'messages[0]', code: 'invalid_request' },
    })
    const secret = new GatewayError('internal_error', 'Failed.', { cause: new Error('stack and path') })
    expect(openaiChat.error(secret)).toEqual({
      error: { message: 'Failed.', type: 'server_error', param: null, code: 'internal_error' },
    })
  })

  test.each([
    ['invalid_api_key', 'authentication_error'],
    ['provider_login_required', 'authentication_error'],
    ['billing', 'insufficient_quota'],
    ['permission_denied', 'permission_error'],
    ['model_not_found', 'invalid_request_error'],
    ['request_too_large', 'invalid_request_error'],
    ['queue_full', 'rate_limit_error'],
    ['usage_limit_reached', 'rate_limit_error'],
    ['overloaded', 'server_error'],
    ['timeout', 'server_error'],
  ] as [ErrorCode, string][])('%s is a %s', (code, type) => {
    expect(openaiChat.error(new GatewayError(code, 'x'))).toMatchObject({ error: { type, code } })
  })

  test('every code has a type, also with a status of the provider', () => {
    for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
      expect(openaiChat.error(new GatewayError(code, 'x', { status: 529 }))).toMatchObject({
        error: { type: 'server_error' },
      })
    }
  })
})
