import { describe, expect, test } from 'bun:test'
import { createAccess } from '../../src/policy/access.ts'
import { rawClient } from './raw-client.ts'
import { chatRequest, listening, world } from './world.ts'

const KEYS = { keys: ['sk-first', 'sk-sécond'], hosts: [], origins: [] }

function get(path: string, headers: Record<string, string> = {}, origin = 'http://localhost:8000'): Request {
  return new Request(origin + path, { headers })
}

async function status(access: Parameters<typeof createAccess>[0], request: Request): Promise<number> {
  return (await world({ access }).app.fetch(request)).status
}

const OPEN = { keys: [], hosts: [], origins: [] }

describe('Host', () => {
  test.each(['localhost', 'localhost:8000', 'LOCALHOST', '127.0.0.1', '127.0.0.1:1', '[::1]', '[::1]:65535'])(
    '%s is this machine',
    async (host) => {
      expect(await status(OPEN, get('/v1/models', { host }))).toBe(200)
    },
  )

  test.each([
    'evil.example',
    'localhost.evil.example',
    'evil.example:8000',
    '127.0.0.1.nip.io',
    'localhost@evil.example',
    '[::1]evil',
    '::1',
    '0.0.0.0',
    '10.0.0.1',
    'localhost:port',
    'localhost, evil.example',
    '',
  ])('trap: %j is refused (DNS rebinding)', async (host) => {
    for (const request of [get('/v1/models', { host }), get('/nothing', { host }), chatRequest(undefined, { host })]) {
      const response = await world({ access: OPEN }).app.fetch(request)
      expect(response.status).toBe(421)
      expect(await response.json()).toMatchObject({ error: { code: 'host_not_allowed' } })
    }
  })

  test('configured names are let in, with any port or with their own', async () => {
    const access = { ...OPEN, hosts: ['Gate.Example', 'one.example:8443', '::2', '[::3]', 'x'] }
    for (const host of ['gate.example', 'gate.example:9', 'one.example:8443', '[::2]', '[::3]:80', 'x']) {
      expect(await status(access, get('/v1/models', { host }))).toBe(200)
    }
    for (const host of ['one.example', 'one.example:80', 'y']) {
      expect(await status(access, get('/v1/models', { host }))).toBe(421)
    }
  })

  test('trap: a host of one letter has a path too', async () => {
    expect(await status({ ...OPEN, hosts: ['x'] }, get('/docs/json', {}, 'http://x'))).toBe(200)
  })

  test('over a socket, as a rebinding browser sends it', async () => {
    await using made = listening()
    const client = rawClient(made.port)
    client.send('GET /v1/models HTTP/1.1\r\nhost: evil.example\r\n\r\n')
    expect(await client.until('host_not_allowed')).toStartWith('HTTP/1.1 421')
    client.kill()
  })
})

describe('Origin', () => {
  const host = '127.0.0.1:8000'

  const friendly: Record<string, string>[] = [
    {},
    { origin: 'http://127.0.0.1:8000' },
    { origin: 'https://127.0.0.1:8000' },
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
  ]
  test.each(friendly)('%j is let in', async (headers) => {
    expect(await status(OPEN, chatRequest(undefined, { host, ...headers }))).toBe(200)
  })

  const foreign: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { origin: 'http://127.0.0.1:3000' },
    { origin: 'http://localhost:8000' },
    { origin: 'null' },
    { origin: '' },
    { origin: 'file://127.0.0.1:8000' },
    { origin: 'http://127.0.0.1:8000.evil.example' },
    { 'sec-fetch-site': 'cross-site' },
    { origin: 'http://127.0.0.1:8000', 'sec-fetch-site': 'cross-site' },
  ]
  test.each(foreign)('trap: %j is refused (any web page)', async (headers) => {
    for (const request of [get('/v1/models', { host, ...headers }), chatRequest(undefined, { host, ...headers })]) {
      const response = await world().app.fetch(request)
      expect(response.status).toBe(403)
      expect(await response.json()).toMatchObject({ error: { code: 'origin_not_allowed' } })
      expect(response.headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  test('a preflight of a foreign page is refused, and its answer allows nothing', async () => {
    const request = new Request('http://127.0.0.1:8000/v1/chat/completions', {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    })
    for (const origins of [[], ['https://app.example']]) {
      const response = await world({ access: { ...OPEN, origins } }).app.fetch(request)
      expect(response.status).toBe(403)
      expect(response.headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  describe('when configured', () => {
    const access = { keys: ['sk-first'], hosts: [], origins: ['https://App.example/'] }
    const origin = 'https://app.example'

    test('gets its preflight answered without a key, and never with credentials', async () => {
      const request = new Request('http://127.0.0.1:8000/v1/chat/completions', {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
      })
      const response = await world({ access }).app.fetch(request)
      expect(response.status).toBe(204)
      expect(response.headers.get('access-control-allow-origin')).toBe(origin)
      expect(response.headers.get('access-control-allow-methods')).toContain('POST')
      expect(response.headers.get('access-control-allow-headers')).toContain('authorization')
      expect(response.headers.get('access-control-allow-credentials')).toBeNull()
      expect(response.headers.get('vary')).toBe('Origin')
    })

    test('may read answers and errors, and the headers of both', async () => {
      const made = world({ access })
      const headers = { origin, 'sec-fetch-site': 'cross-site' }
      const good = await made.app.fetch(chatRequest(undefined, { ...headers, authorization: 'Bearer sk-first' }))
      const bad = await made.app.fetch(chatRequest(undefined, headers))
      expect([good.status, bad.status]).toEqual([200, 401])
      for (const response of [good, bad]) {
        expect(response.headers.get('access-control-allow-origin')).toBe(origin)
        expect(response.headers.get('access-control-expose-headers')).toContain('x-cligate-ignored')
      }
    })

    test('lets in no other', async () => {
      for (const other of ['http://app.example', 'https://app.example.evil', 'https://evil.example', 'app.example']) {
        expect(await status(access, get('/v1/models', { origin: other, 'x-api-key': 'sk-first' }))).toBe(403)
      }
    })

    test('* is every page, and so needs a key', async () => {
      expect(() => createAccess({ ...OPEN, origins: ['*'] })).toThrow('needs an API key')
      const any = { ...access, origins: ['*'] }
      expect(await status(any, get('/v1/models', { origin: 'https://any.example', 'x-api-key': 'sk-first' }))).toBe(200)
      expect(await status(any, get('/v1/models', { origin: 'https://any.example' }))).toBe(401)
    })
  })
})

describe('keys', () => {
  test.each([
    get('/v1/models', { authorization: 'Bearer sk-first' }),
    get('/v1/models', { authorization: 'bearer  sk-first' }),
    get('/v1/models', { 'x-api-key': 'sk-first' }),
    get('/v1/models', { 'x-goog-api-key': 'sk-first' }),
    get('/v1/models?key=sk-first'),
    get(`/v1/models?a=b&key=${encodeURIComponent('sk-sécond')}`),
    // What a browser makes of a key that is typed into its window.
    get('/v1/models', { authorization: `Basic ${btoa('anyone:sk-first')}` }),
    get('/v1/models', { authorization: `basic  ${btoa('sk-first:')}` }),
    get('/v1/models', { authorization: `Basic ${btoa('sk-first')}` }),
    get('/v1/models', { authorization: `Basic ${Buffer.from(':sk-sécond').toString('base64')}` }),
    // The Anthropic SDK may send both, of which one is a placeholder.
    get('/v1/models', { authorization: 'Bearer placeholder', 'x-api-key': 'sk-first' }),
  ])('%# is let in', async (request) => {
    expect(await status(KEYS, request)).toBe(200)
  })

  test.each([
    get('/v1/models'),
    get('/v1/models', { authorization: 'Bearer wrong' }),
    get('/v1/models', { authorization: 'sk-first' }),
    get('/v1/models', { authorization: 'Basic sk-first' }),
    get('/v1/models', { authorization: `Basic ${btoa('sk-firs:k-first')}` }),
    get('/v1/models', { authorization: 'Basic !' }),
    get('/v1/models', { authorization: `Bearer ${btoa('anyone:sk-first')}` }),
    get('/v1/models', { authorization: 'Bearer ' }),
    get('/v1/models', { 'x-api-key': '' }),
    get('/v1/models', { 'x-api-key': 'sk-firs' }),
    get('/v1/models', { 'x-api-key': 'sk-firstt' }),
    get('/v1/models', { 'x-api-key': 'SK-FIRST' }),
    get('/processes?key='),
    get('/v1/models?akey=sk-first'),
    get('/v1/models?x=1#key=sk-first'),
  ])('%# is a 401 that says how, and tells nothing', async (request) => {
    const made = world({ access: KEYS })
    const response = await made.app.fetch(request)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toStartWith('Bearer')
    // Claude Code repeats a 401 for minutes without it.
    expect(response.headers.get('x-should-retry')).toBe('false')
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'invalid_api_key', type: 'authentication_error' } })
    expect(text).not.toContain('sk-')
    expect(JSON.stringify(made.lines)).not.toContain('sk-')
  })

  test.each([
    '/',
    '/docs',
    '/docs/',
    '/docs/json',
    '/docs/scalar.js',
    '/v1/models',
    '/v1/models/x',
    '/models',
    '/nothing',
    '/healthy',
    '//health',
  ])('%s needs one', async (path) => {
    expect(await status(KEYS, get(path))).toBe(401)
    expect(await status(KEYS, new Request(`http://localhost${path}`, { method: 'HEAD' }))).toBe(401)
    expect(await status(KEYS, new Request(`http://localhost${path}`, { method: 'POST', body: '{}' }))).toBe(401)
  })

  test('/health needs none, nor a known host', async () => {
    expect(await status(KEYS, get('/health', { host: '10.1.2.3:8000' }))).toBe(200)
  })

  test('a wrong key in the query never reaches the log', async () => {
    const made = world({ access: KEYS })
    await made.app.fetch(get('/v1/models?key=my-secret-key'))
    expect(JSON.stringify([made.lines, made.failures])).not.toContain('my-secret-key')
  })
})
