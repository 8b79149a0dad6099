// Callers who are not who they should be: wrong keys in every place, keys that may do less, pages of other sites, other names of
// this machine, forms, and headers that claim somebody else's address.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Scope } from '../../src/policy/caller.ts'
import { issueKey } from '../../src/policy/issued-keys.ts'
import { changeKeyFile } from '../../src/store/key-file.ts'
import { post } from '../http/raw-client.ts'
import { eventually, type RunningCligate, startCligate } from '../support/cligate.ts'
import { APIS, exchange, expectAlive, expectRefusal, get, requestTo, startHostile } from './hostile-world.ts'

const KEY = 'key-of-the-test-1'
const [chat] = APIS as [(typeof APIS)[0]]
const everyApi = APIS.map((api) => [api.name, api] as const)

/** A gateway with a configured key, and one key for each scope. */
async function startWithKeys() {
  const home = mkdtempSync(join(tmpdir(), 'cligate-test-'))
  const keyFile = join(home, 'state', 'keys.json')
  const issue = (scope: Scope) => {
    const { secret, record } = issueKey(scope, [scope], Date.now())
    changeKeyFile(keyFile, (keys) => [...keys, { ...record, scopes: [...record.scopes] }])
    return secret
  }
  const keys = { infer: issue('infer'), read: issue('read'), admin: issue('admin') }
  const off = { enabled: false }
  const gate = await startCligate({
    home,
    config: {
      server: { api_keys: [KEY] },
      providers: { claude: off, codex: off, gemini: off, qwen: off },
    },
  })
  return { gate, keys, keyFile }
}

let locked: Awaited<ReturnType<typeof startWithKeys>>
let open: RunningCligate
beforeAll(async () => {
  ;[locked, open] = await Promise.all([startWithKeys(), startHostile()])
}, 60_000)
afterAll(async () => {
  await Promise.all([locked?.gate.stop(), open?.stop()])
})

/** Every place a key may stand in, as headers and a query. */
const PLACES: [place: string, present: (key: string) => { headers?: Record<string, string>; query?: string }][] = [
  ['Authorization: Bearer', (key) => ({ headers: { authorization: `Bearer ${key}` } })],
  ['x-api-key', (key) => ({ headers: { 'x-api-key': key } })],
  ['x-goog-api-key', (key) => ({ headers: { 'x-goog-api-key': key } })],
  ['?key=', (key) => ({ query: `?key=${encodeURIComponent(key)}` })],
  ['Basic, as the password', (key) => ({ headers: { authorization: `Basic ${btoa(`anyone:${key}`)}` } })],
  ['Basic, as the user', (key) => ({ headers: { authorization: `Basic ${btoa(`${key}:`)}` } })],
]

describe('keys', () => {
  describe.each(everyApi)('%s', (_, api) => {
    const ask = (present: { headers?: Record<string, string>; query?: string }) =>
      exchange(
        locked.gate,
        requestTo(api, api.body('hi'), present.headers ?? {}, api.path('demo/echo') + (present.query ?? '')),
      )

    test.each(PLACES)('%s: the right one is let in', async (_place, present) => {
      for (const key of [KEY, locked.keys.infer, locked.keys.admin]) expect((await ask(present(key))).status).toBe(200)
    })

    // How long a comparison takes is not measured: it is `timingSafeEqual` over SHA-256 of what was sent, for every known key.
    test.each(PLACES)(
      '%s: a wrong one of any length is not',
      async (_place, present) => {
        const real = locked.keys.infer
        const wrong = [
          ...[1, 2, 7, KEY.length - 1, KEY.length, KEY.length + 1, 48, 64, 255, 4096, 8000].map((length) =>
            KEY.repeat(600).slice(1, length + 1),
          ),
          KEY.slice(0, -1),
          `${KEY}1`,
          KEY.toUpperCase(),
          ` ${KEY.slice(0, -1)}`,
          real.slice(0, -1),
          `${real}0`,
          real.slice(0, 12),
          'undefined',
          'null',
          '*',
          "' or '1'='1",
        ]
        for (const key of wrong) {
          const reply = await ask(present(key))
          expectRefusal(api, reply, 401, 'invalid_api_key')
          expect(reply.headers['www-authenticate']).toStartWith('Bearer')
          if (key.length > 7) expect(reply.body).not.toContain(key)
        }
        expectRefusal(api, await ask({}), 401, 'invalid_api_key')
      },
      30_000,
    )

    test('a hash of a key, as the file has it, is no key', async () => {
      const { hash, id } = issueKey('x', ['admin'], 0).record
      for (const key of [hash, id])
        expectRefusal(api, await ask({ headers: { 'x-api-key': key } }), 401, 'invalid_api_key')
    })
  })

  test('each scope opens its own doors and no other, whichever way the path is written', async () => {
    const { gate, keys } = locked
    const status = async (target: string, key: string, method = 'GET') =>
      (await exchange(gate, get(target, { 'x-api-key': key }, method))).status
    const watched = [
      '/processes',
      '/stats',
      '/v1/auth/status',
      '/auth/status',
      '/docs',
      '/docs/json',
      '/api/processes',
      '/sdk/auth/status',
      '/demo/processes',
      '/demo/v1/auth/status',
    ]
    for (const path of watched) {
      for (const method of ['GET', 'HEAD']) {
        expect([path, method, await status(path, keys.infer, method)]).toEqual([path, method, 403])
        const allowed = await status(path, keys.read, method)
        expect([path, method, allowed]).toEqual([path, method, allowed === 404 ? 404 : 200])
      }
    }
    for (const key of [keys.infer, keys.read, keys.admin]) expect(await status('/v1/models', key)).toBe(200)
    for (const path of ['/permissions', '/mcp', '/v1/keys', '/v1/keys/x']) {
      expect([path, await status(path, keys.infer)]).toEqual([path, 403])
      expect([path, await status(path, keys.read)]).toEqual([path, 403])
      expect([path, await status(path, keys.admin)]).toEqual([path, 404])
    }
    for (const api of APIS) {
      expectRefusal(
        api,
        await exchange(gate, requestTo(api, api.body('hi'), { 'x-api-key': keys.read })),
        403,
        'permission_denied',
      )
    }
  }, 30_000)

  test.each([
    '/processes/',
    '//processes',
    '/./processes',
    '/x/../processes',
    '/%70rocesses',
    '/processes%2f',
    '/processes;x',
    '/processes%00',
    '/health/../processes',
    '/health%2f..%2fprocesses',
    '/v1/models/../../processes',
  ])('a key that may only ask sees no processes by %s', async (path) => {
    const reply = await exchange(locked.gate, get(path, { 'x-api-key': locked.keys.infer }))
    expect([403, 404]).toContain(reply.status)
    expect(reply.body).not.toContain('"pid"')
  })

  test('a key file that is taken away opens no door', async () => {
    const alone = mkdtempSync(join(tmpdir(), 'cligate-test-'))
    const file = join(alone, 'state', 'keys.json')
    const { secret, record } = issueKey('one', ['infer'], Date.now())
    changeKeyFile(file, () => [{ ...record, scopes: [...record.scopes] }])
    const off = { enabled: false }
    const gate = await startCligate({
      home: alone,
      config: { providers: { claude: off, codex: off, gemini: off, qwen: off } },
    })
    try {
      const status = async (headers: Record<string, string>) =>
        (await exchange(gate, requestTo(chat, chat.body('hi'), headers))).status
      expect(await status({ 'x-api-key': secret })).toBe(200)
      expect(await status({})).toBe(401)
      rmSync(file)
      await eventually('the key is gone with its file', async () => (await status({ 'x-api-key': secret })) === 401)
      expect(await status({})).toBe(401)
    } finally {
      await gate.stop()
    }
  }, 60_000)
})

describe.each(everyApi)('%s, from a browser', (_, api) => {
  const refused = async (
    headers: Record<string, string>,
    status: number,
    code: string,
    body: unknown = api.body('hi'),
  ) => expectRefusal(api, await exchange(open, requestTo(api, body, headers)), status, code)

  test.each([
    'evil.example',
    '127.0.0.1.nip.io',
    'localhost.evil.example:80',
    '0.0.0.0',
    '[::ffff:7f00:1]',
    '2130706433',
    'localhost.',
  ])('by the name %s (DNS rebinding)', async (host) => {
    await refused({ host }, 421, 'host_not_allowed')
    // A page cannot choose Host, but might hope for the others.
    await refused({ host, 'x-forwarded-host': 'localhost', 'x-original-host': 'localhost' }, 421, 'host_not_allowed')
  })

  test.each([
    'https://evil.example',
    'http://localhost:3000',
    'null',
    'file://',
    'http://127.0.0.1.evil.example',
    'chrome-extension://abc',
  ])('by a page of %s', async (origin) => {
    await refused({ origin }, 403, 'origin_not_allowed')
    const preflight = get(
      api.path('demo/echo'),
      {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,x-api-key',
        'access-control-request-private-network': 'true',
      },
      'OPTIONS',
    )
    const reply = await exchange(open, preflight)
    expect(reply.status).toBe(403)
    expect(Object.keys(reply.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  test('without a word of where it comes from', async () => {
    await refused({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, 403, 'origin_not_allowed')
  })

  test.each([
    'text/plain',
    'text/plain; charset=application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'text/json',
    'application/octet-stream',
    '*/*',
    '',
  ])('with a body of type %j, which needs no preflight', async (type) => {
    await refused({ 'content-type': type }, 415, 'unsupported_media_type')
    await refused({ 'content-type': type }, 415, 'unsupported_media_type', 'a=b&{"model":"demo/echo"}=')
  })

  test.each(['gzip', 'deflate', 'br', 'zstd', 'identity, gzip', 'x-gzip', 'GZIP'])(
    'compressed by %s',
    async (encoding) => {
      await refused({ 'content-encoding': encoding }, 415, 'unsupported_media_type')
    },
  )
})

test('headers with line breaks, NUL or more than they may hold reach nobody', async () => {
  for (const id of ['a b', '../x', '\u001b[31m', 'é', 'x'.repeat(129), '{"a":1}', "'; drop"]) {
    const reply = await exchange(open, get('/health', { 'x-request-id': id }))
    // Control characters in a header end the connection before there is a request.
    if (reply.status !== 400) expect(reply.headers['x-request-id']).toMatch(/^req_[A-Za-z0-9]+$/)
  }
  // What stands behind a line break is a header of its own, and the caller's own: it is never sent back.
  const split = await exchange(open, get('/health', { 'x-request-id': 'a\r\nset-cookie: x=1' }))
  expect([split.status, split.headers['set-cookie'], split.headers['x-request-id']]).toEqual([200, undefined, 'a'])
  for (const bytes of ['a\nb', 'a\rb', 'a\0b']) {
    expect(
      (await exchange(open, get('/health', { 'x-request-id': bytes }))).headers['x-request-id'] ?? '',
    ).not.toContain('b')
  }
  const smuggled = post(chat.body('outer'), { 'transfer-encoding': 'chunked', connection: 'close' })
  expect((await exchange(open, smuggled)).status).toBe(400)
  await expectAlive(open)
})

describe('limits of requests', () => {
  const limited = (server: object = {}) =>
    startHostile({ server, rate_limit: { enabled: true, chat_per_minute: 2, auth_per_minute: 3 } })

  test('hold in the shape of each API, and what a header claims of an address counts for nothing', async () => {
    const gate = await limited()
    try {
      for (const word of ['one', 'two']) {
        expect(
          (await exchange(gate, requestTo(chat, chat.body(word), { 'x-forwarded-for': `10.0.0.${word.length}` })))
            .status,
        ).toBe(200)
      }
      for (const [at, api] of APIS.entries()) {
        const claimed = {
          'x-forwarded-for': `10.1.1.${at}, 10.2.2.2`,
          'x-real-ip': '10.3.3.3',
          forwarded: 'for=10.4.4.4',
          'cf-connecting-ip': '10.5.5.5',
        }
        const reply = await exchange(gate, requestTo(api, api.body('hi'), claimed))
        expectRefusal(api, reply, 429, 'rate_limit_exceeded')
        const wait = Number(reply.headers['retry-after'])
        expect(wait).toBeGreaterThan(0)
        expect(wait).toBeLessThanOrEqual(60)
        expect((JSON.parse(reply.body) as { retry_after: number }).retry_after).toBe(wait)
      }
      expect((await exchange(gate, get('/health'))).status).toBe(200)
    } finally {
      await gate.stop()
    }
  }, 60_000)

  test('count the address that a trusted proxy names, and nothing the caller put before it', async () => {
    const gate = await limited({ trusted_proxies: ['127.0.0.1'] })
    const status = async (forwarded: string) =>
      (await exchange(gate, requestTo(chat, chat.body('hi'), { 'x-forwarded-for': forwarded }))).status
    try {
      expect([await status('203.0.113.1'), await status('1.1.1.1, 203.0.113.1')]).toEqual([200, 200])
      // The same caller, who now claims other addresses in front of the one that the proxy saw.
      for (const claimed of ['8.8.8.8', '127.0.0.1', 'localhost', '"', '::1'])
        expect(await status(`${claimed}, 203.0.113.1`)).toBe(429)
      expect(await status('203.0.113.2')).toBe(200)
      expect([
        await status('2001:db8:1:1::1'),
        await status('2001:db8:1:1:ffff::2'),
        await status('2001:db8:1:1::3'),
      ]).toEqual([200, 200, 429])
    } finally {
      await gate.stop()
    }
  }, 60_000)

  test('hold for guesses of a key, which do not lock out the owner', async () => {
    const gate = await startHostile({ server: { api_keys: [KEY] }, rate_limit: { enabled: true, auth_per_minute: 3 } })
    const status = async (key: string) =>
      (await exchange(gate, requestTo(chat, chat.body('hi'), { 'x-api-key': key }))).status
    try {
      const guesses: number[] = []
      for (let guess = 0; guess < 5; guess += 1) guesses.push(await status(`guess-${guess}`))
      expect(guesses).toEqual([401, 401, 401, 429, 429])
      expect(await status(KEY)).toBe(200)
    } finally {
      await gate.stop()
    }
  }, 60_000)
})

test('all that left both gateways as they were, and their logs without a key', async () => {
  await expectAlive(open)
  await expectAlive(locked.gate, { 'x-api-key': KEY })
  for (const secret of [KEY, ...Object.values(locked.keys)]) expect(locked.gate.log()).not.toContain(secret)
  expect(locked.gate.log() + open.log()).not.toContain('"level":"error"')
})
