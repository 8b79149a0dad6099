import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { GatewayError } from '../../src/core/error.ts'
import { createRedactor, isSecretName } from '../../src/observe/redact.ts'

const { text, fields } = createRedactor(['correct horse', 'abc'])

describe('names that mean a secret', () => {
  test.each([
    'authorization',
    'Proxy-Authorization',
    'api_key',
    'apiKey',
    'x-api-key',
    'x-goog-api-key',
    'API_KEYS',
    'ANTHROPIC_API_KEY',
    'CLAUDE_CODE_OAUTH_TOKEN',
    'refreshToken',
    'set-cookie',
    'client_secret',
    'password',
    'AWS_SECRET_ACCESS_KEY',
    'private_key',
  ])('%s', (name) => {
    expect(isSecretName(name)).toBe(true)
    expect(fields({ [name]: 'plain words', deeper: { [name]: ['a', { b: 'c' }] } })).toEqual({
      [name]: '[redacted]',
      deeper: { [name]: '[redacted]' },
    })
  })

  test.each(['inputTokens', 'max_tokens', 'token_count', 'firstTokenMs', 'key_id', 'keyboard', 'model', 'monkey'])(
    '%s does not',
    (name) => expect(fields({ [name]: 'words' })).toEqual({ [name]: 'words' }),
  )

  test('numbers are never secrets', () => {
    expect(fields({ token: 3, secret: true })).toEqual({ token: 3, secret: true })
  })
})

describe('values that look like a secret', () => {
  const seeded = [
    'sk-ant-oat01-Abc_def-123456',
    'sk-proj-0123456789',
    'AIzaSyA0123456789abcdefghijklmnopqrstuv',
    'ya29.a0AfH6SMBx-x_x',
    'ghp_0123456789abcdefghijABCDEFGHIJ012345',
    'xoxb-123456789012-abcdef',
    'AKIAIOSFODNN7EXAMPLE',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N',
    'cligate_0123456789abcdefABCDEF00',
    'correct horse',
  ]
  test.each(seeded)('%s', (secret) => {
    for (const around of ['', ' ', '"', ': ', '=', '(', 'x ']) {
      expect(text(`before${around}${secret}${around}`.replace('before', 'before '))).not.toContain(secret)
    }
    expect(text(`the key ${secret} is wrong`)).toBe('the key [redacted] is wrong')
  })

  test('what stands before it stays readable', () => {
    expect(text('Authorization: Bearer abc.def-123')).toBe('Authorization: Bearer [redacted]')
    expect(text('Basic dXNlcjpwYXNzd29yZA==')).toBe('Basic [redacted]')
    expect(text('GET https://me:hunter2@host/x?a=1&key=AAAA&b=2')).toBe(
      'GET https://me:[redacted]@host/x?a=1&key=[redacted]&b=2',
    )
    expect(text('ANTHROPIC_API_KEY=whatever claude')).toBe('ANTHROPIC_API_KEY=[redacted] claude')
    expect(text('{"apiKey": "whatever", "n": 1}')).toBe('{"apiKey": "[redacted]", "n": 1}')
    expect(text(JSON.stringify('{"token":"whatever"}'))).toBe(JSON.stringify('{"token":"[redacted]"}'))
  })

  test.each([
    'task-something-long is no key',
    'The token is missing.',
    'Bearer of bad news',
    'max_tokens: 4096, input_tokens: 12',
    'http://127.0.0.1:8000/v1/models',
    'a basic mistake',
    'abc is too short to hide',
  ])('left alone: %s', (sentence) => expect(text(sentence)).toBe(sentence))

  test('a secret that lies across the cut of a long text', () => {
    for (let before = 8192 - 40; before <= 8192; before += 1) {
      const cut = text(`${'x'.repeat(before)} sk-ant-0123456789 correct horse ${'y'.repeat(9000)}`)
      expect(/sk-ant|0123|correct|horse/.exec(cut)).toBeNull()
    }
  })

  test('no text makes it slow or lets a seeded secret through', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(...seeded), fc.string(), (before, secret, after) => {
        expect(text(`${before} ${secret} ${after}`)).not.toContain(secret)
      }),
    )
    const started = performance.now()
    for (const filler of ['a', '/', ':', 'Bearer ', '://', 'token= ', 'eyJaaaaaaaa.']) text(filler.repeat(200_000))
    expect(performance.now() - started).toBeLessThan(1000)
  })
})

describe('fields', () => {
  test('errors are told with their cause; a stack only where the gateway did not expect them', () => {
    const told = fields({ error: new Error('no sk-0123456789', { cause: new TypeError('deep') }) })
    expect(told).toMatchObject({
      error: { type: 'Error', message: 'no [redacted]', cause: { type: 'TypeError', message: 'deep' } },
    })
    expect(JSON.stringify(told)).toContain('redact.test.ts')
    expect(JSON.stringify(told)).not.toContain('sk-0123456789')
    expect(fields({ error: new GatewayError('not_found', 'No such model.') })).toEqual({
      error: { type: 'GatewayError', message: 'No such model.', code: 'not_found' },
    })
    const cause = new GatewayError('provider_unavailable', 'It is not installed.')
    expect(fields({ error: new GatewayError('provider_error', 'It cannot be used.', { cause }) })).toEqual({
      error: {
        type: 'GatewayError',
        message: 'It cannot be used.',
        code: 'provider_error',
        cause: { type: 'GatewayError', message: 'It is not installed.', code: 'provider_unavailable' },
      },
    })
  })

  test('cycles, huge values and what JSON cannot hold', () => {
    const cycle: Record<string, unknown> = { when: new Date(0), big: 12n, bytes: new Uint8Array(3), run: () => 1 }
    cycle['self'] = cycle
    const copy = fields(cycle)
    expect(JSON.stringify(copy)).toContain('[too deep]')
    expect(copy).toMatchObject({ when: '1970-01-01T00:00:00.000Z', big: '12', bytes: '[3 bytes]' })
    expect(
      JSON.stringify(fields({ long: 'x'.repeat(1e6), many: Array.from({ length: 1e5 }, () => 'y') })).length,
    ).toBeLessThan(20_000)
  })

  test('the given object is not changed', () => {
    const given = { token: 'secret words', list: ['sk-0123456789'] }
    fields(given)
    expect(given).toEqual({ token: 'secret words', list: ['sk-0123456789'] })
  })
})
