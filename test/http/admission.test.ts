import { describe, expect, test } from 'bun:test'
import { hashKey } from '../../src/policy/issued-keys.ts'
import { createRateLimit } from '../../src/policy/rate-limit.ts'
import type { Scope } from '../../src/policy/caller.ts'
import { chatRequest, listening, world } from './world.ts'

const issued = (scopes: readonly Scope[], guards = true) => ({
  keys: () => [
    { id: 'key_1', name: 'laptop', hash: hashKey('cligate_one').toString('hex'), prefix: '', scopes, createdAt: 0 },
  ],
  guards: () => guards,
  used: (id: string) => void uses.push(id),
})
const uses: string[] = []
const access = { keys: [], hosts: [], origins: [] }
const authorized = (key: string) => ({ authorization: `Bearer ${key}` })

describe('issued keys', () => {
  test('are asked for as soon as there are any, and known by their ids in the log', async () => {
    const made = world({ access: { ...access, issued: issued(['infer']) } })
    expect((await made.app.fetch(chatRequest())).status).toBe(401)
    expect((await made.app.fetch(chatRequest(undefined, authorized('cligate_two')))).status).toBe(401)
    expect((await made.app.fetch(chatRequest(undefined, authorized('cligate_one')))).status).toBe(200)
    expect(uses).toContain('key_1')
    expect(made.lines.at(-1)).toMatchObject({ key: 'key_1' })
    expect(JSON.stringify(made.lines)).not.toContain('cligate_one')
  })

  test('do what their scopes say; the rest is a 403', async () => {
    const get = (path: string) => new Request(`http://localhost${path}`, { headers: authorized('cligate_one') })
    const infer = world({ access: { ...access, issued: issued(['infer']) } }).app
    expect((await infer.fetch(get('/v1/models'))).status).toBe(200)
    const refused = await infer.fetch(get('/processes'))
    expect(refused.status).toBe(403)
    expect(await refused.json()).toMatchObject({
      error: { code: 'permission_denied', message: expect.stringMatching('scope read') },
    })
    const read = world({ access: { ...access, issued: issued(['read']) } }).app
    expect((await read.fetch(get('/processes'))).status).toBe(200)
    expect((await read.fetch(chatRequest(undefined, authorized('cligate_one')))).status).toBe(403)
    const admin = world({ access: { ...access, issued: issued(['admin']) } }).app
    expect((await admin.fetch(get('/processes'))).status).toBe(200)
    expect((await admin.fetch(chatRequest(undefined, authorized('cligate_one')))).status).toBe(200)
  })
})

describe('users with passwords', () => {
  const users = { alice: 'wonderland' }
  const basic = (text: string) => ({ authorization: `Basic ${btoa(text)}` })

  test.each([
    ['alice:wonderland', 200],
    ['alice:wonder', 401],
    ['bob:wonderland', 401],
    [':wonderland', 401],
    ['wonderland', 401],
    ['alice:wonderland:more', 401],
  ] as const)('%s is %d', async (text, status) => {
    const made = world({ access: { ...access, users } })
    expect((await made.app.fetch(chatRequest(undefined, basic(text)))).status).toBe(status)
  })
})

describe('limits', () => {
  const perMinute = { chat: 2, debug: 1, auth: 2, session: 5, health: 3, general: 5 }
  test('tell where a caller stands, and when to come back, in the shape of each API', async () => {
    const rateLimit = await createRateLimit({ enabled: true, perMinute })
    await using made = listening({ rateLimit })
    const post = (path: string, body: object) =>
      fetch(new URL(path, made.url), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    const body = { model: 'demo/chat', messages: [{ role: 'user', content: 'Hi' }] }
    const first = await post('/v1/chat/completions', body)
    expect(first.status).toBe(200)
    expect(first.headers.get('x-ratelimit-limit-requests')).toBe('2')
    expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('1')
    await post('/v1/chat/completions', body)
    const third = await post('/v1/chat/completions', body)
    expect(third.status).toBe(429)
    const wait = Number(third.headers.get('retry-after'))
    expect(wait).toBeGreaterThan(0)
    expect(await third.json()).toMatchObject({ error: { code: 'rate_limit_exceeded' }, retry_after: wait })
    const anthropic = await post('/v1/messages', { ...body, max_tokens: 5 })
    expect(anthropic.status).toBe(429)
    expect(await anthropic.json()).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } })
    expect((await fetch(new URL('/v1/models', made.url))).status).toBe(200)
  })

  test('hold for health, and for guesses of keys', async () => {
    const rateLimit = await createRateLimit({ enabled: true, perMinute })
    await using made = listening({ rateLimit, access: { ...access, keys: ['sk-right-key'] } })
    const health = () => fetch(new URL('/health', made.url))
    for (const status of [200, 200, 200, 429]) expect((await health()).status).toBe(status)
    const guess = () => fetch(new URL('/v1/models', made.url), { headers: authorized('sk-wrong') })
    for (const status of [401, 401, 429]) expect((await guess()).status).toBe(status)
  })
})
