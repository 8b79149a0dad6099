// The routes of this dialect in the whole app, with a provider made of fakes behind it.
import { describe, expect, test } from 'bun:test'
import * as v from 'valibot'
import { GatewayError } from '../../../src/core/error.ts'
import type { ChatRequest } from '../../../src/core/request.ts'
import { schemas as modelSchemas } from '../../../src/http/routes/gemini-models.ts'
import { createServer } from '../../../src/server.ts'
import { delta, ending, opening, silent, world, type WorldOptions } from '../../http/world.ts'
import { HELLO } from './support.ts'

const BODY = { contents: HELLO }

function post(path: string, body: unknown = BODY, headers: Record<string, string> = {}): Request {
  return new Request(`http://localhost${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

function watched(options: WorldOptions = {}) {
  const seen: ChatRequest[] = []
  const made = world(options)
  const { plan } = made.gateway
  made.gateway.plan = (request) => {
    seen.push(request)
    return plan(request)
  }
  return { ...made, app: createServer(made.gateway), seen }
}

describe('paths', () => {
  const NAMES = ['gemini-2.5-pro', 'demo/echo', 'claude/opus:high', 'opus-progress', 'a/b/c:d@e:low-progress']

  test.each(NAMES)('the model %s, as it is and encoded, in every version', async (name) => {
    for (const base of ['/v1beta', '/v1', '/v1alpha', '']) {
      for (const written of [name, encodeURIComponent(name), name.replaceAll('/', '%2F')]) {
        const { app, seen } = watched()
        const response = await app.fetch(post(`${base}/models/${written}:generateContent`))
        expect([response.status, await response.json()]).toMatchObject([200, { modelVersion: name }])
        expect(seen[0]).toMatchObject({ model: name, stream: false })
      }
    }
  })

  test('a name with a slash without `models/`, as @ai-sdk/google writes it', async () => {
    for (const base of ['/v1beta', '/v1', '/v1alpha']) {
      const { app, seen } = watched()
      expect((await app.fetch(post(`${base}/claude/opus:high:generateContent`))).status).toBe(200)
      expect(seen[0]).toMatchObject({ model: 'claude/opus:high' })
      expect((await app.fetch(post(`${base}/cached/contents`))).status).toBe(404)
    }
  })

  test('a stream is events with alt=sse, and an array without', async () => {
    const stream = async (query: string) =>
      await watched().app.fetch(post(`/v1beta/models/demo/echo:streamGenerateContent${query}`))
    const events = await stream('?alt=sse&key=k')
    expect(events.headers.get('content-type')).toStartWith('text/event-stream')
    expect(await events.text()).toStartWith('data: {"candidates":')
    for (const query of ['', '?alt=json']) {
      const array = await stream(query)
      expect(array.headers.get('content-type')).toStartWith('application/json')
      expect(await array.json()).toHaveLength(2)
    }
    expect((await stream('?alt=proto')).status).toBe(400)
  })

  test('tokens are counted without a turn', async () => {
    const { app, seen, lines } = watched({
      run: silent(async () => {
        throw new Error('a turn ran')
      }),
    })
    for (const body of [BODY, { generateContentRequest: { model: 'models/x', ...BODY } }]) {
      const response = await app.fetch(post('/v1beta/models/demo/echo:high:countTokens', body))
      expect([response.status, await response.json()]).toEqual([200, { totalTokens: expect.any(Number) }])
      expect(response.headers.get('x-cligate-estimate')).toBe('1')
    }
    expect(seen.map(({ model }) => model)).toEqual(['demo/echo:high', 'demo/echo:high'])
    expect(lines[0]).toMatchObject({ dialect: 'gemini', model: 'demo/echo:high', provider: 'demo', status: 200 })
  })
})

describe('models', () => {
  const models: WorldOptions['models'] = async () =>
    ['demo/chat', 'opus', 'opus:high'].map((id) => ({
      id,
      displayName: `The ${id}`,
      ownedBy: 'someone',
      created: 0,
      contextWindow: 200_000,
    }))
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const response = await world({ models }).app.fetch(new Request(`http://localhost${path}`, { headers }))
    return { status: response.status, body: (await response.json()) as { models?: { name: string }[] } }
  }

  test('are listed, in one page or more', async () => {
    const all = await get('/v1beta/models')
    expect(v.is(modelSchemas.GeminiModelPage, all.body)).toBe(true)
    expect(all.body).not.toHaveProperty('nextPageToken')
    expect(all.body.models![0]).toEqual({
      name: 'models/demo/chat',
      version: '1',
      displayName: 'The demo/chat',
      inputTokenLimit: 200_000,
      supportedGenerationMethods: ['generateContent', 'streamGenerateContent', 'countTokens'],
    } as object as { name: string })
    const first = await get('/v1beta/models?pageSize=2&pageToken=')
    expect(first.body).toMatchObject({ models: [{}, { name: 'models/opus' }], nextPageToken: '2' })
    expect((await get('/v1beta/models?pageSize=2&pageToken=2')).body.models).toHaveLength(1)
    expect((await get('/v1beta/models?pageSize=0')).status).toBe(400)
    expect((await get('/v1beta/models?pageToken=x')).body).toMatchObject({ error: { status: 'INVALID_ARGUMENT' } })
  })

  test.each(['demo/chat', 'demo%2Fchat', 'opus:high', 'opus%3Ahigh'])('one of them: %s', async (path) => {
    for (const base of ['/v1beta', '/v1alpha']) {
      const { body } = await get(`${base}/models/${path}`)
      expect(v.is(modelSchemas.GeminiModel, body)).toBe(true)
      expect(body).toMatchObject({ name: `models/${decodeURIComponent(path)}` })
    }
  })

  test('none of that name', async () => {
    expect(await get('/v1beta/models/none')).toMatchObject({ status: 404, body: { error: { status: 'NOT_FOUND' } } })
  })

  test('below /v1 the client says whose list it is', async () => {
    const isGoogle = async (path: string, headers: Record<string, string>) =>
      'models' in (await get(path, headers)).body
    expect(await isGoogle('/v1/models', { 'x-goog-api-key': 'k' })).toBe(true)
    expect(await isGoogle('/v1/models', { 'user-agent': 'google-genai-sdk/3.1.0 gl-node/v20' })).toBe(true)
    expect(await isGoogle('/v1/models?key=k', {})).toBe(true)
    expect(await isGoogle('/v1/models', { 'x-goog-api-key': 'k', 'anthropic-version': '2023-06-01' })).toBe(false)
    expect(await isGoogle('/v1/models', { authorization: 'Bearer k' })).toBe(false)
    expect(await isGoogle('/v1/models?limit=5', {})).toBe(false)
    expect((await get('/v1/models/opus', { 'x-goog-api-key': 'k' })).body).toMatchObject({ name: 'models/opus' })
  })
})

describe('errors before a handler', () => {
  const keys = { access: { keys: ['k'], hosts: [], origins: [] } }
  const path = '/v1beta/models/demo/echo:generateContent'

  test.each([
    ['broken JSON', post(path, '{'), 400, 'INVALID_ARGUMENT', {}],
    ['a wrong field', post(path, { contents: 1 }), 400, 'INVALID_ARGUMENT', {}],
    ['no JSON', post(path, 'x', { 'content-type': 'text/plain' }), 415, 'INVALID_ARGUMENT', {}],
    ['no key', post(path), 401, 'UNAUTHENTICATED', keys],
    ['no key below /v1', post('/v1/models/x:generateContent'), 401, 'UNAUTHENTICATED', keys],
    ['no key without a version', post('/models/x:generateContent'), 401, 'UNAUTHENTICATED', keys],
    ['an unknown path', post('/v1beta/files'), 404, 'NOT_FOUND', {}],
    ['an unknown method of models', post('/v1beta/models/x:embedContent'), 404, 'NOT_FOUND', {}],
    ['no method of models', post('/v1beta/models/x'), 404, 'NOT_FOUND', {}],
    ['a wrong HTTP method', new Request(`http://localhost${path}`, { method: 'PUT' }), 405, 'UNIMPLEMENTED', {}],
    ['too long a body', post(path), 413, 'INVALID_ARGUMENT', { bodyLimit: 5 }],
    ['a foreign host', post(path, BODY, { host: 'evil.example' }), 421, 'INVALID_ARGUMENT', {}],
  ])('%s', async (_, request, code, status, options) => {
    const response = await world(options).app.fetch(request)
    expect(response.status).toBe(code)
    expect(await response.json()).toMatchObject({ error: { code, status } })
  })

  test.each([
    ['/v1beta/models/x:generateContent?key=k', {}],
    ['/v1beta/models/x:generateContent', { 'x-goog-api-key': 'k' }],
  ])('the key is taken where Google’s SDKs send it: %s', async (path, headers) => {
    expect((await world(keys).app.fetch(post(path, BODY, headers))).status).toBe(200)
  })

  test('a field at fault is named', async () => {
    const response = await world().app.fetch(post(path, { contents: [{ parts: [{ text: 5 }] }] }))
    expect(await response.json()).toMatchObject({
      error: { details: [{}, { fieldViolations: [{ field: 'contents[0].parts[0].text' }] }] },
    })
  })
})

test('an error of a turn is a status in the shape of Google, streaming or not', async () => {
  const error = new GatewayError('usage_limit_reached', 'Full.', { retryAfter: 7 })
  for (const method of ['generateContent', 'streamGenerateContent?alt=sse', 'streamGenerateContent']) {
    const { app } = world({
      run: silent(async () => {
        throw error
      }),
    })
    const response = await app.fetch(post(`/v1beta/models/x:${method}`))
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7'])
    expect(await response.json()).toMatchObject({
      error: { code: 429, status: 'RESOURCE_EXHAUSTED', details: [{}, { retryDelay: '7s' }] },
    })
  }
})

test('in strict mode what is not honoured is a 400 that names it', async () => {
  const body = { ...BODY, generationConfig: { response_logprobs: true } }
  const lenient = await world().app.fetch(post('/v1beta/models/x:generateContent', body))
  expect(lenient.headers.get('x-cligate-ignored')).toBe('generationConfig.responseLogprobs')
  const strict = await world().app.fetch(post('/v1beta/models/x:generateContent', body, { 'x-cligate-strict': '1' }))
  expect(strict.status).toBe(400)
})

test.each([
  '/v1beta/models/demo/chat:generateContent',
  '/v1beta/models/demo/chat:streamGenerateContent',
  '/v1beta/models/demo/chat:countTokens',
  '/v1beta/models/demo/chat',
  '/v1beta/models',
])('%s has no other form than JSON and events', async (path) => {
  const ask = (alt: string) =>
    world().app.fetch(
      path.includes(':') ? post(`${path}?alt=${alt}`) : new Request(`http://localhost${path}?alt=${alt}`),
    )
  for (const alt of ['proto', 'media', '', 'JSON']) {
    const response = await ask(alt)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      error: { status: 'INVALID_ARGUMENT', message: 'alt must be sse or json.' },
    })
  }
  expect((await ask('json')).status).toBe(200)
})

test.each(['?alt=sse', ''])('silence is filled with white space, from the head on (%s)', async (query) => {
  const release = Promise.withResolvers<void>()
  const { app } = world({
    headAfterMs: 1,
    keepAliveMs: 5,
    run: async function* () {
      yield opening()
      await release.promise
      yield [...delta('late'), ...ending()]
    },
  })
  const response = await app.fetch(post(`/v1beta/models/x:streamGenerateContent${query}`))
  const reader = response.body!.pipeThrough(new TextDecoderStream() as never).getReader()
  let text = ''
  while (text.length < 8) text += (await reader.read()).value as string
  expect(text.trim()).toBe('')
  release.resolve()
  for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value as string
  expect(text).not.toContain(': keep-alive')
  const json =
    query === ''
      ? text
      : text
          .trim()
          .replace(/^data: /, '[')
          .concat(']')
  expect(JSON.parse(json)).toMatchObject([{ candidates: [{ content: { parts: [{ text: 'late' }] } }] }])
})
