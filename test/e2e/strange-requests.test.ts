// Requests that no HTTP library would send, and callers who are not who they should be, over bare sockets.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { post, rawClient } from '../http/raw-client.ts'
import { type RunningCligate, startCligate } from '../support/cligate.ts'

const KEY = 'key-of-the-test-1'
const CLAUDE_OFF = { providers: { claude: { enabled: false } } }

let open: RunningCligate
let locked: RunningCligate
beforeAll(async () => {
  ;[open, locked] = await Promise.all([
    startCligate({ config: CLAUDE_OFF }),
    startCligate({ config: { ...CLAUDE_OFF, server: { api_keys: ['another-key-2', KEY], hosts: ['gate.example'] } } }),
  ])
}, 30_000)
afterAll(async () => {
  await Promise.all([open?.stop(), locked?.stop()])
})

type Reply = { status: number; headers: Record<string, string>; body: string }

/** Sends bytes, and reads until the server closes. */
async function exchange(gate: RunningCligate, bytes: string): Promise<Reply> {
  const client = rawClient(Number(new URL(gate.url).port))
  client.send(Buffer.from(bytes, 'latin1'))
  const text = await client.closed
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const [line = '', ...fields] = head.split('\r\n')
  const headers = fields.map((field) =>
    field.split(/: (.*)/s, 2).map((part, at) => (at === 0 ? part.toLowerCase() : part)),
  )
  return { status: Number(line.split(' ')[1]), headers: Object.fromEntries(headers), body: rest.join('\r\n\r\n') }
}

const get = (target: string, headers: Record<string, string> = {}, method = 'GET') => {
  const all = Object.entries({ host: '127.0.0.1', connection: 'close', ...headers })
  return `${method} ${target} HTTP/1.1\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}
const CHAT = { model: 'demo/echo', messages: [{ role: 'user', content: 'hi' }] }
const chat = (headers: Record<string, string> = {}, body: unknown = CHAT) =>
  post(body, { connection: 'close', ...headers })

function expectError({ status, headers, body }: Reply, expected: number, code: string): void {
  const { error } = JSON.parse(body) as { error: Record<string, unknown> }
  expect({ status, code: error['code'] }).toEqual({ status: expected, code })
  expect(Object.keys(error).toSorted()).toEqual(['code', 'message', 'param', 'type'])
  expect(headers['content-type']).toStartWith('application/json')
  expect(body).not.toContain(KEY)
}

describe('paths and methods', () => {
  test.each([
    ['//v1/models', 404, 'not_found'],
    ['/v1//models', 404, 'not_found'],
    ['/v1/chat/completions/', 404, 'not_found'],
    ['/%76%31/models', 404, 'not_found'],
    ['/v1/models/', 404, 'model_not_found'],
    ['/v1/models/%', 404, 'model_not_found'],
    ['/v1/models/%ff', 404, 'model_not_found'],
    ['/v1/models/%00', 404, 'model_not_found'],
    ['/v1/models/demo%252Fecho', 404, 'model_not_found'],
    ['/v1/models/..%2f..%2fetc%2fpasswd', 404, 'model_not_found'],
    ['/v1/models/__proto__', 404, 'model_not_found'],
    ['/v1/models?limit=0', 400, 'invalid_request'],
    ['/v1/models?limit=1e3', 400, 'invalid_request'],
    ['/v1/models?limit=%', 400, 'invalid_request'],
    ['/v1/models?after_id=nope', 400, 'invalid_request'],
    ['/v1/chat/completions', 405, 'invalid_request'],
  ])('%s: %i %s', async (target, status, code) => {
    expectError(await exchange(open, get(target)), status, code)
  })

  test.each(['demo/echo', 'demo%2Fecho', 'demo%2fecho', 'demo/%65cho'])('/v1/models/%s is demo/echo', async (id) => {
    const reply = await exchange(open, get(`/v1/models/${id}`))
    expect(JSON.parse(reply.body)).toMatchObject({ id: 'demo/echo', object: 'model' })
  })

  test.each(['PUT', 'DELETE', 'PATCH', 'TRACE'])('%s is a 405 that tells the methods', async (method) => {
    const reply = await exchange(open, get('/v1/chat/completions', {}, method))
    expectError(reply, 405, 'invalid_request')
    expect(reply.headers['allow']).toBe('POST, OPTIONS')
  })
  test('HEAD has the head of GET and no body, OPTIONS tells the methods', async () => {
    const head = await exchange(open, get('/v1/models', {}, 'HEAD'))
    const whole = await exchange(open, get('/v1/models'))
    expect([head.status, head.body, head.headers['content-length']]).toEqual([200, '', `${whole.body.length}`])
    const options = await exchange(open, get('/v1/chat/completions', {}, 'OPTIONS'))
    expect([options.status, options.headers['allow']]).toEqual([204, 'POST, OPTIONS'])
  })

  test.each([
    ['no Host', 'GET /health HTTP/1.1\r\n\r\n', 400],
    ['two lengths', chat({ 'Content-Length': '5' }), 400],
    ['a length and chunks', chat({ 'transfer-encoding': 'chunked' }), 400],
    ['a negative length', chat({ 'content-length': '-1' }), 400],
    ['a length beyond every number', chat({ 'content-length': '9'.repeat(20) }), 400],
    ['NUL in a header', 'GET /health HTTP/1.1\r\nhost: localhost\r\nx: a\0b\r\n\r\n', 400],
    ['a TLS greeting', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 400],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['17 KB of header', get('/health', { x: 'a'.repeat(17_000) }), 431],
    ['17 KB of query', get(`/v1/models?x=${'a'.repeat(17_000)}`), 431],
    ['250 headers', get('/health', Object.fromEntries(Array.from({ length: 250 }, (_, at) => [`x${at}`, '']))), 431],
  ])('%s: the connection ends with status %3$i', async (_name, bytes, status) => {
    expect((await exchange(open, bytes)).status).toBe(status)
  })

  test('an id of the caller is taken only where it is harmless', async () => {
    const idOf = async (id: string) =>
      (await exchange(open, get('/health', { 'x-request-id': id }))).headers['x-request-id']
    expect(await idOf('mine-1')).toBe('mine-1')
    for (const evil of ['<script>', 'a b', 'x'.repeat(129), 'a,b', '\u00e9'])
      expect(await idOf(evil)).toStartWith('req_')
  })
})

describe('who asks', () => {
  test.each([
    'evil.example',
    '127.0.0.1.evil.example',
    'localhost.',
    'localhost@evil.example',
    '',
    'localhost evil',
    '[::1',
  ])('Host %j is a 421', async (host) => {
    expectError(await exchange(open, chat({ host })), 421, 'host_not_allowed')
  })
  test('/health asks for no name', async () => {
    expect((await exchange(open, get('/health', { host: 'evil.example' }))).status).toBe(200)
  })
  test('two Hosts, and HTTP/1.0 without one', async () => {
    expectError(await exchange(open, get('/v1/models', { Host: 'evil.example' })), 421, 'host_not_allowed')
    expectError(await exchange(open, 'GET /v1/models HTTP/1.0\r\n\r\n'), 421, 'host_not_allowed')
  })
  test.each(['localhost', 'LOCALHOST:99', '127.0.0.1:1', '[::1]:8000'])('Host %s is this machine', async (host) => {
    expect((await exchange(open, chat({ host }))).status).toBe(200)
  })

  test.each<Record<string, string>>([
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://127.0.0.1:3000' },
    { origin: 'http://127.0.0.1.evil.example' },
    { origin: 'http://127.0.0.1', Origin: 'https://evil.example' },
    { 'sec-fetch-site': 'cross-site' },
    { origin: 'http://127.0.0.1', 'sec-fetch-site': 'cross-site' },
  ])('a page of another site is refused: %j', async (headers) => {
    const reply = await exchange(open, chat(headers))
    expectError(reply, 403, 'origin_not_allowed')
    expect(Object.keys(reply.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
    const preflight = { ...headers, 'access-control-request-method': 'POST' }
    expect((await exchange(open, get('/v1/chat/completions', preflight, 'OPTIONS'))).status).toBe(403)
  })
  test('a page of the gateway itself is not', async () => {
    const headers = { origin: 'http://127.0.0.1', 'sec-fetch-site': 'same-origin' }
    expect((await exchange(open, chat(headers))).status).toBe(200)
  })
})

describe('keys', () => {
  const PLACES: [place: string, request: string][] = [
    ['bearer', get('/v1/models', { authorization: `Bearer ${KEY}` })],
    ['lower case and spaces', get('/v1/models', { authorization: `bearer   ${KEY}` })],
    ['x-api-key', get('/v1/models', { 'x-api-key': KEY })],
    ['x-goog-api-key', get('/v1/models', { 'x-goog-api-key': KEY })],
    ['query', get(`/v1/models?limit=1&key=${KEY}`)],
    ['query, encoded', get(`/v1/models?key=${KEY.replaceAll('-', '%2D')}`)],
    ['one right and one wrong', get('/v1/models', { authorization: 'Bearer wrong', 'x-api-key': KEY })],
    ['a configured host', get('/v1/models', { 'x-api-key': KEY, host: 'gate.example' })],
  ]
  test.each(PLACES)('%s', async (_place, request) => {
    expect((await exchange(locked, request)).status).toBe(200)
  })

  test.each([
    ['none', {}],
    ['a wrong one', { authorization: 'Bearer wrong' }],
    ['a part', { authorization: `Bearer ${KEY.slice(0, -1)}` }],
    ['more', { authorization: `Bearer ${KEY}1` }],
    ['other case', { authorization: `Bearer ${KEY.toUpperCase()}` }],
    ['no scheme', { authorization: KEY }],
    ['both keys at once', { authorization: `Bearer another-key-2, ${KEY}` }],
    ['an empty one', { 'x-api-key': '' }],
    ['a cookie', { cookie: `key=${KEY}` }],
  ])('%s is a 401, before anything else', async (_name, headers) => {
    for (const path of [
      '/',
      '/v1/models',
      '/docs',
      '/docs/json',
      '/docs/scalar.js',
      '/nothing',
      '/health/../v1/models',
    ])
      expectError(await exchange(locked, get(path, headers)), 401, 'invalid_api_key')
    const reply = await exchange(locked, chat(headers, 'not JSON'))
    expectError(reply, 401, 'invalid_api_key')
    expect(reply.headers['www-authenticate']).toStartWith('Bearer')
  })

  test.each([
    '/health%2f..%2fv1/models',
    '/health/%2e%2e/v1/models',
    '/health;/v1/models',
    '/health\\..\\v1/models',
    '/health#/../v1/models',
    '/v1/models?/health',
    '/v1/models/health',
    '//health/v1/models',
    'http://127.0.0.1/health/../v1/models',
    'http://x/health://y/v1/models',
    'https://models/health/demo',
  ])('no way round by %s', async (target) => {
    expect([401, 404]).toContain((await exchange(locked, get(target))).status)
  })

  test('never reach the log', async () => {
    await exchange(locked, get(`/v1/models?key=${KEY}`))
    await exchange(locked, chat({ authorization: `Bearer ${KEY}` }, { ...CHAT, model: 'demo/error-500' }))
    expect(locked.log()).toContain('"path":"/v1/models"')
    expect(locked.log()).not.toContain(KEY)
  })
})
