// The routes of this dialect in the whole app, with a provider made of fakes behind it.
import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../../src/core/error.ts'
import type { Batch } from '../../../src/core/event.ts'
import { Exchange } from '../../../src/http/exchange.ts'
import { messages } from '../../../src/http/routes/messages.ts'
import { createServer } from '../../../src/server.ts'
import { silent, world } from '../../http/world.ts'

const ASK = { model: 'demo/chat', max_tokens: 10, messages: [{ role: 'user', content: 'Hello?' }] }

function post(path: string, body: unknown = ASK, headers: Record<string, string> = {}): Request {
  return new Request(`http://localhost${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

type ErrorBody = { type: string; error: { type: string; message: string; details: object } }

describe('paths', () => {
  test.each(['/v1/messages', '/v1/messages?beta=true', '/messages'])('%s answers', async (path) => {
    const headers = { 'anthropic-version': '2026-10-21', 'anthropic-beta': 'none-such-2020-01-01,another' }
    const response = await world().app.fetch(post(path, ASK, headers))
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ type: 'message', content: [{ text: 'Hello there' }] })
    expect(response.headers.get('request-id')).toBe(response.headers.get('x-request-id'))
    expect(response.headers.get('x-cligate-ignored')).toBeNull()
  })

  test.each(['/v1/messages/count_tokens', '/messages/count_tokens?beta=true'])('%s counts', async (path) => {
    const { app, nextLine } = world()
    const line = nextLine()
    const { model, messages } = ASK
    const response = await app.fetch(post(path, { model, messages }))
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ input_tokens: expect.any(Number) })
    expect(response.headers.get('x-cligate-estimate')).toBe('1')
    expect(await line).toMatchObject({ dialect: 'anthropic-messages', model: 'demo/chat', provider: 'demo' })
  })

  test('a count of a provider is no estimate', async () => {
    const { gateway } = world()
    const request = post('/v1/messages/count_tokens')
    const exchange = new Exchange(request, gateway, undefined)
    const seen: string[] = []
    const routes = messages(gateway, {}, async (chat) => {
      seen.push(chat.model)
      return { tokens: 42, estimated: false }
    })
    const response = exchange.respond(await routes.handle(request))
    expect(await response.json()).toEqual({ input_tokens: 42 })
    expect(response.headers.get('x-cligate-estimate')).toBeNull()
    expect(seen).toEqual(['demo/chat'])
  })
})

describe('errors before a handler', () => {
  const failed = async (request: Request, options: Parameters<typeof world>[0] = {}) => {
    const response = await world(options).app.fetch(request)
    const body = (await response.json()) as ErrorBody
    expect(response.headers.get('request-id')).toStartWith('req_')
    expect(body.type).toBe('error')
    return { response, body }
  }
  const keys = { access: { keys: ['k'], hosts: [], origins: [] } }

  test.each([
    ['broken JSON', post('/v1/messages', '{'), 400, 'invalid_request_error', {}],
    ['a wrong field', post('/v1/messages', { ...ASK, max_tokens: 'x' }), 400, 'invalid_request_error', {}],
    ['no JSON', post('/messages', 'x', { 'content-type': 'text/plain' }), 415, 'invalid_request_error', {}],
    ['no key', post('/v1/messages'), 401, 'authentication_error', keys],
    ['an unknown path', post('/v1/messages/batches'), 404, 'not_found_error', {}],
    ['a wrong method', new Request('http://localhost/v1/messages'), 405, 'invalid_request_error', {}],
    ['too long a body', post('/v1/messages'), 413, 'request_too_large', { bodyLimit: 5 }],
    ['a foreign host', post('/v1/messages', ASK, { host: 'evil.example' }), 421, 'invalid_request_error', {}],
  ])('%s', async (_, request, status, type, options) => {
    const { response, body } = await failed(request, options)
    expect(response.status).toBe(status)
    expect(body.error.type).toBe(type)
    expect(response.headers.get('x-should-retry')).toBe('false')
  })

  test('other paths keep the shape of OpenAI', async () => {
    for (const path of ['/v1/chat/completions', '/v1/messagesx', '/x/messages']) {
      const response = await world().app.fetch(post(path, '{'))
      expect((await response.json()) as object).not.toHaveProperty('type')
      expect(response.headers.get('request-id')).toBeNull()
    }
  })
})

describe('errors of a turn', () => {
  const failing = (error: GatewayError) =>
    world({
      run: silent(async () => {
        throw error
      }),
    })

  test('are a status in the shape of Anthropic, streaming or not', async () => {
    for (const stream of [false, true]) {
      const error = new GatewayError('usage_limit_reached', 'Full.', { retryAfter: 7 })
      const response = await failing(error).app.fetch(post('/v1/messages', { ...ASK, stream }))
      expect(response.status).toBe(429)
      expect(response.headers.get('retry-after')).toBe('7')
      expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } })
    }
  })

  test('a model that nobody has is a 404 for counts as well', async () => {
    const { gateway } = world()
    gateway.plan = () => {
      throw new GatewayError('model_not_found', 'No such model.', { param: 'model' })
    }
    const response = await createServer(gateway).fetch(post('/v1/messages/count_tokens'))
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ error: { details: { error_code: 'model_not_found' } } })
  })
})

test('every error has the id of its request, as the header has it', async () => {
  const failing = silent(async () => {
    throw new GatewayError('overloaded', 'Come back later.')
  })
  const late = { run: () => afterAWhile(), headAfterMs: 1 }
  const failures: [Request, Parameters<typeof world>[0]][] = [
    [post('/v1/messages'), { run: failing }],
    [post('/v1/messages', '{'), {}],
    [post('/v1/messages', { ...ASK, max_tokens: 0 }), {}],
    [post('/v1/messages/count_tokens', {}), {}],
    [post('/v1/messages', { ...ASK, stream: true }), late],
  ]
  for (const [request, options] of failures) {
    const response = await world(options).app.fetch(request)
    const text = await response.text()
    const json = response.status === 200 ? /^data: (.*"error".*)$/m.exec(text)![1]! : text
    const body = JSON.parse(json) as { request_id: string }
    expect(body.request_id).toStartWith('req_')
    expect(body.request_id).toBe(response.headers.get('request-id')!)
  }
})

async function* afterAWhile(): AsyncGenerator<Batch> {
  await Bun.sleep(30)
  yield [{ type: 'error', error: new GatewayError('overloaded', 'Come back later.') }]
}

test('in strict mode what is not honoured is a 400 that names it', async () => {
  const body = { ...ASK, context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] } }
  const lenient = await world().app.fetch(post('/v1/messages', body))
  expect(lenient.headers.get('x-cligate-ignored')).toBe('context_management')
  const strict = await world().app.fetch(post('/v1/messages', body, { 'x-cligate-strict': '1' }))
  expect(strict.status).toBe(400)
  expect(await strict.json()).toMatchObject({ error: { details: { param: 'context_management' } } })
})
