import { describe, expect, test } from 'bun:test'
import { ERROR_CODES, type ErrorCode, GatewayError } from '../../src/core/error.ts'

describe('GatewayError', () => {
  test('takes status and retryable from its code', () => {
    const error = new GatewayError('rate_limit_exceeded', 'Slower.', { retryAfter: 7, param: 'model' })
    expect(error).toMatchObject({ status: 429, retryable: true, retryAfter: 7, param: 'model', message: 'Slower.' })
    expect(String(error)).toBe('GatewayError: Slower.')
  })

  test('a more exact status wins', () => {
    expect(new GatewayError('overloaded', 'Full.', { status: 529 }).status).toBe(529)
  })

  test('every code is an error status, and what the caller did wrong is not retryable', () => {
    for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
      const { status, retryable } = ERROR_CODES[code]
      expect(status).toBeWithin(400, 600)
      if (status < 500 && status !== 429) expect(retryable).toBe(false)
    }
  })

  test('from keeps a GatewayError and hides everything else, but keeps the cause', () => {
    const own = new GatewayError('billing', 'Pay.')
    expect(GatewayError.from(own)).toBe(own)
    for (const thrown of [new Error('/home/me/.secret'), 'text', undefined, null, { code: 'billing' }]) {
      const error = GatewayError.from(thrown)
      expect(error.code).toBe('internal_error')
      expect(error.message).toBe('The gateway failed to handle this request.')
      expect(error.cause).toBe(thrown)
    }
  })
})
