import { describe, expect, test } from 'bun:test'
import * as v from 'valibot'
import { ERROR_CODES, type ErrorCode, GatewayError } from '../../../src/core/error.ts'
import { encodeError } from '../../../src/dialects/anthropic-messages/errors.ts'
import { AnthropicError } from '../../../src/dialects/anthropic-messages/schema-answer.ts'

const TYPES = {
  invalid_request: 'invalid_request_error',
  unsupported_parameter: 'invalid_request_error',
  invalid_api_key: 'authentication_error',
  provider_login_required: 'authentication_error',
  billing: 'billing_error',
  permission_denied: 'permission_error',
  model_not_found: 'not_found_error',
  request_too_large: 'request_too_large',
  usage_limit_reached: 'rate_limit_error',
  internal_error: 'api_error',
  provider_error: 'api_error',
  provider_unavailable: 'api_error',
  overloaded: 'overloaded_error',
  timeout: 'timeout_error',
} satisfies Partial<Record<ErrorCode, string>>

describe('an error', () => {
  test.each(Object.entries(TYPES))('%s is a %s', (code, type) => {
    expect(encodeError(new GatewayError(code as ErrorCode, 'Why.', { param: 'model' }))).toEqual({
      type: 'error',
      error: { type, message: 'Why.', details: { error_code: code, param: 'model' } },
      request_id: null,
    })
  })

  test('has the id of its request, where one is known', () => {
    const body = encodeError(new GatewayError('overloaded', 'Why.'), 'req_1')
    expect(body.request_id).toBe('req_1')
    expect(v.parse(AnthropicError, body)).toEqual(body)
  })

  test.each(Object.keys(ERROR_CODES) as ErrorCode[])('%s fits the documented shape', (code) => {
    const body = encodeError(new GatewayError(code, 'Why.'))
    expect(v.parse(AnthropicError, body)).toEqual(body)
  })

  test('a provider that says 529 is overloaded', () => {
    const error = new GatewayError('provider_error', 'Why.', { status: 529 })
    expect(encodeError(error).error.type).toBe('overloaded_error')
  })

  test('a prompt that is too long says so in the words by which Claude Code knows it', () => {
    const said = (message: string) => encodeError(new GatewayError('context_length_exceeded', message)).error.message
    expect(said('Shorten it.')).toBe('prompt is too long: Shorten it.')
    expect(said('Prompt is too long: 9 > 5')).toBe('Prompt is too long: 9 > 5')
  })

  test('a thread is refused so that the SDK goes on without one', () => {
    const error = new GatewayError('unsupported_parameter', 'Why.', { param: 'thread' })
    expect(encodeError(error).error.details).toMatchObject({
      error_code: 'thread_unsupported_request',
      unsupported: [],
    })
  })
})
