import { describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import * as v from 'valibot'
import type { Gateway } from '../../src/http/gateway.ts'
import { schemas as healthSchemas } from '../../src/http/routes/health.ts'
import { type ModelPage, schemas } from '../../src/http/routes/models.ts'
import { listening, world } from './world.ts'

const NAMES = ['demo/chat', 'claude-sonnet-5', 'claude-sonnet-5:high', 'a/b/c:d@e']
const models = () =>
  Promise.resolve(
    NAMES.map((id, index) => ({
      id,
      displayName: `The ${id}`,
      ownedBy: 'someone',
      created: 1_700_000_000_500 + index,
    })),
  )

async function get(path: string, method = 'GET'): Promise<Response> {
  return await world({ models }).app.fetch(new Request(`http://localhost${path}`, { method }))
}

const page = async (query: string) => {
  const response = await get(`/v1/models${query}`)
  return { status: response.status, body: (await response.json()) as ModelPage }
}

describe('GET /v1/models', () => {
  test('lists all, in a shape that fits the OpenAI and the Anthropic SDK', async () => {
    const { body } = await page('')
    expect(v.is(schemas.ModelPage, body)).toBe(true)
    expect(body.data.map((model) => model.id)).toEqual(NAMES)
    expect(body).toMatchObject({ object: 'list', has_more: false, first_id: NAMES[0], last_id: NAMES[3] })
    expect(body.data[0]).toEqual({
      id: 'demo/chat',
      object: 'model',
      created: 1_700_000_000,
      owned_by: 'someone',
      type: 'model',
      display_name: 'The demo/chat',
      created_at: '2023-11-14T22:13:20.500Z',
      max_input_tokens: null,
      max_tokens: null,
      capabilities: null,
      lifecycle: 'active',
      line: null,
      deprecated_at: null,
      retires_at: null,
    })
  })

  test.each([
    ['?limit=1000', NAMES, false],
    ['?limit=2', NAMES.slice(0, 2), true],
    [`?limit=2&after_id=${NAMES[1]}`, NAMES.slice(2), false],
    [`?after_id=${encodeURIComponent(NAMES[0]!)}&limit=1`, [NAMES[1]!], true],
    [`?after_id=${NAMES[3]}`, [], false],
    [`?limit=2&before_id=${encodeURIComponent(NAMES[3]!)}`, NAMES.slice(1, 3), true],
    [`?before_id=${encodeURIComponent(NAMES[0]!)}`, [], false],
  ])('%s', async (query, ids, more) => {
    const { body } = await page(query)
    expect(body.data.map((model) => model.id)).toEqual(ids)
    expect(body).toMatchObject({ has_more: more, first_id: ids[0] ?? null, last_id: ids.at(-1) ?? null })
  })

  test('pages forward to the end', async () => {
    const seen: string[] = []
    let after = ''
    while (true) {
      const { body } = await page(`?limit=1${after}`)
      seen.push(...body.data.map((model) => model.id))
      if (!body.has_more) break
      after = `&after_id=${encodeURIComponent(body.last_id!)}`
    }
    expect(seen).toEqual(NAMES)
  })

  test.each(['limit=0', 'limit=1001', 'limit=-1', 'limit=1.5', 'limit=x', 'limit=', 'after_id=none', 'before_id=none'])(
    '?%s is a 400 that names the field',
    async (query) => {
      const { status, body } = await page(`?${query}`)
      expect(status).toBe(400)
      expect(body).toMatchObject({ error: { code: 'invalid_request', param: query.split('=')[0] } })
    },
  )
})

describe('GET /v1/models/{id}', () => {
  test.each(NAMES)('%s, as it is and encoded, with and without /v1', async (id) => {
    for (const path of [`/v1/models/${id}`, `/v1/models/${encodeURIComponent(id)}`, `/models/${id}`]) {
      const response = await get(path)
      expect(response.status).toBe(200)
      const body: unknown = await response.json()
      expect(v.is(schemas.Model, body)).toBe(true)
      expect(body).toMatchObject({ id })
    }
  })

  test('asks for that one, by the name that stands in the path', async () => {
    const asked: string[] = []
    const model: Gateway['model'] = async (id) => {
      asked.push(id)
      return id === 'demo/chat:high' ? { id, displayName: 'Demo', ownedBy: 'cligate', created: 0 } : undefined
    }
    const { app } = world({ model })
    const ask = async (path: string) => (await app.fetch(new Request(`http://localhost${path}`))).status
    expect(await ask('/v1/models/demo/chat:high')).toBe(200)
    expect(await ask('/v1/models/demo%2Fchat%3Alow')).toBe(404)
    expect(asked).toEqual(['demo/chat:high', 'demo/chat:low'])
  })

  test.each(['nothing', 'demo', 'demo/chat/', 'demo%2', '%', '..%2f..', 'x'.repeat(5000)])(
    '%p is a 404',
    async (id) => {
      const response = await get(`/v1/models/${id}`)
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({ error: { code: 'model_not_found', param: 'model' } })
    },
  )
})

test.each([
  [{}, { error: { type: 'invalid_request_error', code: 'model_not_found' } }],
  [{ 'anthropic-version': '2023-06-01' }, { type: 'error', error: { type: 'not_found_error' } }],
  [{ 'x-goog-api-key': 'none' }, { error: { code: 404, status: 'NOT_FOUND' } }],
])('a client that sends %j is told in its own shape that a model is not there', async (headers, expected) => {
  const { app } = world({ models })
  const response = await app.fetch(new Request('http://localhost/v1/models/nothing', { headers }))
  expect(response.status).toBe(404)
  expect(await response.json()).toMatchObject(expected)
  expect(response.headers.has('request-id')).toBe('anthropic-version' in headers)
})

test('the official SDK lists and retrieves', async () => {
  await using made = listening({ models })
  const client = new OpenAI({ apiKey: 'none', baseURL: `${made.url.href}v1`, maxRetries: 0 })
  const ids: string[] = []
  for await (const model of client.models.list()) ids.push(model.id)
  expect(ids).toEqual(NAMES)
  expect(await client.models.retrieve('a/b/c:d@e')).toMatchObject({ id: 'a/b/c:d@e', object: 'model' })
  const missing = await client.models.retrieve('nothing').catch((error: unknown) => error)
  expect(missing).toMatchObject({ status: 404, code: 'model_not_found' })
})

describe('health and index', () => {
  test('GET /health/live and /health/ready: alive is not the same as ready', async () => {
    const made = world()
    const at = async (path: string) => {
      const answer = await made.app.fetch(new Request(`http://localhost${path}`))
      return [answer.status, await answer.json()]
    }
    const states = { claude: 'not-installed', codex: 'unknown', demo: 'ready' }
    made.gateway.status = () => ({ version: '1', startedAt: 0, providers: states })
    expect(await at('/health/live')).toEqual([200, { status: 'ok' }])
    expect(await at('/health/ready')).toEqual([200, { status: 'ok', ready: ['codex', 'demo'] }])
    made.gateway.status = () => ({ version: '1', startedAt: 0, providers: { claude: 'not-installed' } })
    expect(await at('/health/ready')).toEqual([503, { status: 'unavailable', ready: [] }])
    made.gateway.status = () => ({ version: '1', startedAt: 0, providers: states })
    made.gateway.drain.close()
    expect(await at('/health/ready')).toEqual([503, { status: 'stopping', ready: ['codex', 'demo'] }])
    expect(await at('/health/live')).toEqual([200, { status: 'ok' }])
  })

  test('GET and HEAD /health', async () => {
    const body: unknown = await (await get('/health')).json()
    expect(v.is(healthSchemas.Health, body)).toBe(true)
    expect(body).toEqual({ status: 'ok', version: '1.2.3', uptime_seconds: 5, providers: { demo: 'ready' } })
    const head = await get('/health', 'HEAD')
    expect([head.status, await head.text()]).toEqual([200, ''])
  })

  test('GET and HEAD /', async () => {
    const index = (await (await get('/')).json()) as Record<string, string>
    expect(index).toMatchObject({ name: 'cligate', version: '1.2.3' })
    for (const link of Object.values(index).filter((value) => value.startsWith('/'))) {
      expect((await get(link)).status, link).not.toBe(404)
    }
    expect((await get('/', 'HEAD')).status).toBe(200)
  })
})

describe('what is not there', () => {
  test('is a 404 also where pages of other origins may call', async () => {
    const { app } = world({ access: { keys: [], hosts: [], origins: ['https://app.example'] } })
    for (const path of ['/nothing', '/v1/nothing/at/all']) {
      expect((await app.fetch(new Request(`http://localhost${path}`))).status).toBe(404)
    }
    const wrong = await app.fetch(new Request('http://localhost/health', { method: 'PUT' }))
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
  })

  test.each([
    '/nothing',
    '/v1',
    '/v1/',
    '/v2/models',
    '/v1/chat',
    '/v1//models',
    '/V1/MODELS',
    '/docs/nothing',
    '/%00',
    '/..%2f',
  ])('%s is a 404 in OpenAI’s shape', async (path) => {
    const response = await get(path)
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ error: { code: 'not_found', param: null, type: expect.any(String) } })
  })

  test.each([
    ['GET', '/v1/chat/completions', 'POST, OPTIONS'],
    ['HEAD', '/v1/chat/completions', 'POST, OPTIONS'],
    ['DELETE', '/v1/models', 'GET, HEAD, OPTIONS'],
    ['PUT', '/v1/models/demo/chat', 'GET, HEAD, POST, OPTIONS'],
    ['PUT', '/health', 'GET, HEAD, OPTIONS'],
    ['PATCH', '/', 'GET, HEAD, OPTIONS'],
  ])('%s %s is a 405 that says what is allowed', async (method, path, allow) => {
    const response = await get(path, method)
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe(allow)
  })

  test('OPTIONS tells the methods of a path', async () => {
    const response = await get('/v1/chat/completions', 'OPTIONS')
    expect(response.status).toBe(204)
    expect(response.headers.get('allow')).toBe('POST, OPTIONS')
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
    expect((await get('/nothing', 'OPTIONS')).status).toBe(404)
  })

  test('HEAD has no body over a socket either', async () => {
    await using made = listening()
    for (const path of ['/', '/health', '/v1/models', '/docs', '/nothing', '/v1/chat/completions']) {
      const response = await fetch(new URL(path, made.url), { method: 'HEAD' })
      expect(await response.text()).toBe('')
    }
  })
})
