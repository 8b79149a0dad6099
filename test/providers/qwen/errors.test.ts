import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../../src/core/error.ts'
import { AcpError } from '../../../src/providers/acp-errors.ts'
import { serviceError, toGatewayError } from '../../../src/providers/qwen/errors.ts'

describe('what the service said', () => {
  test.each([
    ['400 bad field', 'invalid_request'],
    ["400 This model's maximum context length is 4096 tokens.", 'context_length_exceeded'],
    ['400 Range of input length should be [1, 30720]', 'context_length_exceeded'],
    ['401 no key', 'provider_login_required'],
    ['404 no model', 'model_not_found'],
    ['429 slow down', 'rate_limit_exceeded'],
    ['429 You exceeded your current quota', 'usage_limit_reached'],
    ['403 Free allocated quota exceeded.', 'usage_limit_reached'],
    ['503 busy', 'overloaded'],
    ['502 <html>', 'provider_error'],
    ['Connection error. (cause: connect ECONNREFUSED 127.0.0.1:9)', 'provider_error'],
    ['terminated', 'provider_error'],
    ['Request timed out.', 'timeout'],
    ['', 'provider_error'],
  ])('%s', (said, code) => {
    expect(serviceError(said)).toMatchObject({ code })
  })

  test.each([
    ['429 Please try again in 7.2s.', 8],
    ['429 retry after 2 minutes', 120],
    ['429 try again in 350ms', 1],
    ['429 try again later', undefined],
  ])('how long to wait: %s', (said, seconds) => {
    expect(serviceError(said).retryAfter).toBe(seconds)
  })

  test('is told to the caller in one line, of text', () => {
    expect(serviceError('400 line one\nline two').message).toBe('The model service refused the request: line one')
    expect(serviceError('400 <html>secret</html>').message).not.toContain('secret')
    expect(serviceError(`400 ${'x'.repeat(5000)}`).message.length).toBeLessThan(600)
  })
})

describe('what a turn threw', () => {
  test('is an error of the agent, with the details of the service', () => {
    const thrown = new AcpError(-32603, 'Internal error', { details: '404 no such model' })
    expect(toGatewayError(thrown)).toMatchObject({ code: 'model_not_found', cause: thrown })
    expect(toGatewayError(new AcpError(-32000, 'Authentication required', {}))).toMatchObject({
      code: 'provider_login_required',
      status: 401,
    })
  })

  test('stays what it is, or tells nothing', () => {
    const own = new GatewayError('queue_full', 'full')
    expect(toGatewayError(own)).toBe(own)
    expect(toGatewayError(new Error('/secret/path'))).toMatchObject({
      code: 'internal_error',
      message: expect.not.stringContaining('secret'),
    })
  })
})
