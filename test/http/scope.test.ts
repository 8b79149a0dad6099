// Paths without `/v1` and behind the names of providers, as the reader in front of the router takes them and in the whole app.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import type { ChatRequest } from '../../src/core/request.ts'
import type { Gateway } from '../../src/http/gateway.ts'
import { createScopes, withPath } from '../../src/http/scope.ts'
import { createServer } from '../../src/server.ts'
import { CHAT, hello, listening, world } from './world.ts'

const ROUTES = [
  '/',
  '/health',
  '/docs',
  '/v1/chat/completions',
  '/v1/messages',
  '/v1/models',
  '/v1beta/models/*',
  '/chat',
]
const scopeOf = createScopes({
  serves: (path) => ROUTES.includes(path) || path.startsWith('/v1beta/models/'),
  routes: ROUTES,
  providers: () => ['claude', 'helper', 'models', 'health'],
})

describe('a path', () => {
  test.each([
    ['/v1/messages', '/v1/messages', undefined],
    ['/messages', '/v1/messages', undefined],
    ['/chat/completions', '/v1/chat/completions', undefined],
    ['/chat', '/chat', undefined],
    ['/claude/v1/messages', '/v1/messages', 'claude'],
    ['/claude/messages', '/v1/messages', 'claude'],
    ['/helper/chat/completions', '/v1/chat/completions', 'helper'],
    ['/sdk/v1/messages', '/v1/messages', undefined],
    ['/api/v1/chat/completions', '/v1/chat/completions', undefined],
    ['/claude', '/', 'claude'],
    ['/claude/', '/', 'claude'],
    ['/claude/v1beta/models/opus:high:generateContent', '/v1beta/models/opus:high:generateContent', 'claude'],
    ['/v1alpha/models/x:generateContent', '/v1beta/models/x:generateContent', undefined],
    ['/v1beta1/models/x:countTokens', '/v1beta/models/x:countTokens', undefined],
    ['/v1beta1/publishers/google/models/x:generateContent', '/v1beta/models/x:generateContent', undefined],
    ['/v1/projects/p/locations/l/publishers/google/models/x:y', '/v1beta/models/x:y', undefined],
    // An agent of the owner's cannot take the place of a route.
    ['/models', '/v1/models', undefined],
    ['/health', '/health', undefined],
    ['/nothing/at/all', '/nothing/at/all', undefined],
    ['/claude/nothing', '/nothing', 'claude'],
    ['/claudex/v1/messages', '/claudex/v1/messages', undefined],
    ['', '', undefined],
  ])('%s', (written, path, provider) => {
    expect(scopeOf(written)).toEqual(provider === undefined ? { path } : { path, provider })
  })

  test.each(['/claude/abc-123/v1/messages', '/sdk/s1/chat/completions', '/claude/claude/messages'])(
    '%s names a session, of which there are none',
    (path) => {
      expect(() => scopeOf(path)).toThrow('no sessions')
    },
  )

  test('of a provider that is not enabled says so', () => {
    expect(() => scopeOf('/qwen/v1/messages')).toThrow('"qwen" is not enabled')
  })

  test('any other comes out as it is or is refused', () => {
    const part = fc.constantFrom('', 'v1', 'claude', 'sdk', 'messages', 'chat', 'models', 'v1beta', '..', '%2f', 'x:y')
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
        const path = `/${parts.join('/')}`
        try {
          const scoped = scopeOf(path)
          expect(scoped.path.startsWith('/')).toBe(true)
          // Nothing is read twice.
          expect(['claude', undefined]).toContain(scoped.provider)
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'not_found', status: 404 })
        }
      }),
    )
  })
})

test('the rest of a request stays as it is', async () => {
  const request = new Request('http://host:1234/claude/v1/messages?beta=true', {
    method: 'POST',
    headers: { 'x-a': 'b' },
    body: '{}',
  })
  const moved = withPath(request, '/claude/v1/messages', '/v1/messages')
  expect(moved.url).toBe('http://host:1234/v1/messages?beta=true')
  expect([moved.method, moved.headers.get('x-a'), await moved.text()]).toEqual(['POST', 'b', '{}'])
})

describe('in the whole app', () => {
  const models: Gateway['models'] = async () => [
    { id: 'demo/chat', displayName: 'Demo', ownedBy: 'cligate', created: 0, provider: 'demo' },
    { id: 'opus', displayName: 'Opus', ownedBy: 'anthropic', created: 0, provider: 'claude' },
  ]
  function watched() {
    const seen: ChatRequest[] = []
    const { gateway, lines } = world({ models })
    const { plan } = gateway
    gateway.plan = (request) => {
      seen.push(request)
      return plan(request)
    }
    return { app: createServer(gateway), seen, lines }
  }
  const post = (path: string, body: object) =>
    new Request(`http://localhost${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })

  test.each([
    ['/demo/v1/chat/completions', CHAT],
    ['/demo/chat/completions', CHAT],
    ['/demo/v1/messages', { ...CHAT, max_tokens: 5 }],
    ['/demo/messages/count_tokens', CHAT],
    ['/demo/v1/responses/input_tokens', { model: 'demo/chat', input: 'hi' }],
    ['/demo/responses/input_tokens', { model: 'demo/chat', input: 'hi' }],
    ['/demo/v1beta/models/chat:generateContent', { contents: [{ parts: [{ text: 'hi' }] }] }],
    ['/demo/models/chat:countTokens', { contents: [{ parts: [{ text: 'hi' }] }] }],
  ])('%s is for that provider, in every API', async (path, body) => {
    const { app, seen, lines } = watched()
    const response = await app.fetch(post(path, body))
    expect([response.status, await response.text()]).toEqual([200, expect.any(String)])
    expect(seen.map(({ provider }) => provider)).toEqual(['demo'])
    expect(lines[0]).toMatchObject({ path, status: 200 })
    expect(response.headers.get('x-request-id')).toStartWith('req_')
  })

  test('without a scope there is none', async () => {
    const { app, seen } = watched()
    await app.fetch(post('/sdk/v1/chat/completions', CHAT))
    expect(seen[0]).not.toHaveProperty('provider')
  })

  test('only models of the provider are listed', async () => {
    const { app } = watched()
    const list = async (path: string) => (await app.fetch(new Request(`http://localhost${path}`))).json()
    expect(await list('/demo/v1/models')).toMatchObject({ data: [{ id: 'demo/chat' }], last_id: 'demo/chat' })
    expect(await list('/demo/models?key=k')).toEqual({
      models: [expect.objectContaining({ name: 'models/demo/chat' })],
    })
    expect(await list('/models')).toMatchObject({ data: [{ id: 'demo/chat' }, { id: 'opus' }] })
  })

  test('errors keep the shape of their API', async () => {
    const { app } = watched()
    const wrong = await app.fetch(post('/demo/v1/messages', {}))
    expect([wrong.status, await wrong.json()]).toMatchObject([400, { type: 'error' }])
    expect(wrong.headers.get('request-id')).toStartWith('req_')
    const session = await app.fetch(post('/demo/s-1/v1/chat/completions', CHAT))
    expect([session.status, await session.json()]).toMatchObject([404, { error: { code: 'not_found' } }])
    const disabled = await app.fetch(post('/qwen/v1/chat/completions', CHAT))
    expect(disabled.status).toBe(404)
    const method = await app.fetch(new Request('http://localhost/demo/v1/messages'))
    expect([method.status, method.headers.get('allow')]).toEqual([405, 'POST, OPTIONS'])
  })

  test('a key is asked for there as well', async () => {
    const { app } = world({ access: { keys: ['k'], hosts: [], origins: [] } })
    for (const path of ['/demo/v1/chat/completions', '/sdk/v1/messages', '/demo/models', '/health/v1/messages'])
      expect((await app.fetch(post(path, CHAT))).status, path).not.toBe(200)
    expect((await app.fetch(post('/demo/v1/chat/completions', CHAT))).status).toBe(401)
  })

  test('a stream over a socket comes through, and a client that leaves is noticed', async () => {
    const left = Promise.withResolvers<void>()
    await using made = listening({
      run: async function* (_, signal) {
        yield* hello()
        signal.addEventListener('abort', () => left.resolve())
      },
    })
    const url = new URL('/demo/v1/chat/completions', made.url)
    const body = JSON.stringify({ ...CHAT, stream: true, metadata: { long: 'x'.repeat(500) } })
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
    const text = await (await fetch(url, init)).text()
    expect(text).toEndWith('data: [DONE]\n\n')

    const waiting = Promise.withResolvers<void>()
    await using hanging = listening({
      run: async function* (_, signal) {
        const gone = Promise.withResolvers<void>()
        signal.addEventListener('abort', () => gone.resolve())
        waiting.resolve()
        yield [{ type: 'stream-start', model: 'm', created: 0 }]
        await gone.promise
        left.resolve()
      },
    })
    const client = new AbortController()
    const pending = fetch(new URL('/demo/v1/chat/completions', hanging.url), { ...init, signal: client.signal })
    await waiting.promise
    const line = hanging.nextLine()
    client.abort()
    await pending.then((response) => response.text()).catch(() => {})
    await left.promise
    expect(await line).toMatchObject({ aborted: true })
  })
})
