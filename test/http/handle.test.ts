// What every answer carries, and the one log line of each request.
import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../src/core/error.ts'
import { CHAT, chatRequest, delta, hello, opening, world } from './world.ts'

const STREAM = { ...CHAT, stream: true }

describe('a whole answer', () => {
  test('is OpenAI’s JSON, with the gateway’s headers and one log line', async () => {
    const made = world({ plan: { ignored: ['seed'] } })
    const response = await made.app.fetch(chatRequest())
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({
      object: 'chat.completion',
      model: 'demo/chat',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hello there' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 7, completion_tokens: 2 },
    })
    expect(response.headers.get('x-request-id')).toMatch(/^req_[A-Za-z0-9]{24}$/)
    expect(response.headers.get('x-cligate-provider')).toBe('demo')
    expect(response.headers.get('x-cligate-ignored')).toBe('seed')
    expect(response.headers.get('server-timing')).toMatch(
      /^gateway;dur=\d+(\.\d+)?, total;dur=\d+(\.\d+)?, first;dur=\d+(\.\d+)?$/,
    )
    expect(made.lines).toEqual([
      {
        requestId: response.headers.get('x-request-id')!,
        method: 'POST',
        path: '/v1/chat/completions',
        status: 200,
        durationMs: expect.any(Number),
        dialect: 'openai-chat',
        model: 'demo/chat',
        stream: false,
        provider: 'demo',
        ignored: ['seed'],
        queueMs: expect.any(Number),
        firstTokenMs: expect.any(Number),
        finish: 'stop',
        inputTokens: 7,
        outputTokens: 2,
        cachedTokens: 1,
        reasoningTokens: 0,
        costUsd: 0.001,
      },
    ])
    expect(made.gateway.drain.active()).toBe(0)
  })

  test('the alias without /v1 is the same', async () => {
    const request = new Request('http://localhost/chat/completions', chatRequest())
    expect(await (await world().app.fetch(request)).json()).toMatchObject({ object: 'chat.completion' })
  })

  test('failing in the middle is an error with its own status: half an answer is none', async () => {
    const made = world({
      async *run() {
        yield [...opening(), ...delta('half')]
        throw new GatewayError('overloaded', 'Busy.', { retryAfter: 2 })
      },
    })
    const response = await made.app.fetch(chatRequest())
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('2')
    expect(response.headers.get('x-should-retry')).toBeNull()
    expect(await response.text()).not.toContain('half')
    expect(made.lines).toMatchObject([{ status: 503, error: 'overloaded' }])
    // The provider's failure is told once, however often it is passed on.
    expect(made.failures).toHaveLength(1)
  })
})

describe('a stream', () => {
  test('is logged when it ends, not when it begins', async () => {
    const made = world()
    const response = await made.app.fetch(chatRequest(STREAM))
    const reader = response.body!.getReader()
    await reader.read()
    expect(made.lines).toHaveLength(0)
    expect(made.gateway.drain.active()).toBe(1)
    while (!(await reader.read()).done);
    expect(made.lines).toMatchObject([{ status: 200, stream: true, finish: 'stop', outputTokens: 2 }])
    expect(made.gateway.drain.active()).toBe(0)
    expect(response.headers.get('server-timing')).toContain('first;dur=')
  })

  test('that is cancelled without a socket cancels the turn', async () => {
    let signal: AbortSignal | undefined
    const made = world({
      async *run(_, given) {
        signal = given
        yield opening()
        await new Promise((resolve) => given.addEventListener('abort', resolve))
      },
    })
    const response = await made.app.fetch(chatRequest(STREAM))
    const reader = response.body!.getReader()
    await reader.read()
    await reader.cancel()
    expect(signal!.aborted).toBe(true)
    expect(made.lines).toMatchObject([{ status: 200, aborted: true }])
  })
})

describe('x-request-id', () => {
  test.each(['abc', 'A-b_9', 'x'.repeat(128)])('%s is taken over', async (id) => {
    const made = world()
    const response = await made.app.fetch(chatRequest(CHAT, { 'x-request-id': id }))
    expect(response.headers.get('x-request-id')).toBe(id)
    expect(made.lines).toMatchObject([{ requestId: id }])
  })

  test.each(['', 'a b', 'x'.repeat(129), 'a"b', '<script>', 'é'])('%j is replaced', async (id) => {
    const response = await world().app.fetch(chatRequest(CHAT, { 'x-request-id': id }))
    expect(response.headers.get('x-request-id')).toMatch(/^req_/)
  })

  test('is on every answer', async () => {
    const { app } = world()
    for (const path of ['/', '/health', '/nothing', '/v1/models', '/docs', '/docs/json', '/v1/chat/completions']) {
      const response = await app.fetch(new Request(`http://localhost${path}`))
      expect(response.headers.get('x-request-id')).toMatch(/^req_/)
      expect(response.headers.get('server-timing')).toStartWith('total;dur=')
    }
  })
})

describe('fields that nobody honours', () => {
  test('are named in a header that they cannot break', async () => {
    const made = world({
      plan: { ignored: ['logit_bias', 'a,b', 'x\r\nset-cookie: y', '漢\uD800', 'messages[0]["k k"]'] },
    })
    const response = await made.app.fetch(chatRequest())
    expect(response.headers.get('x-cligate-ignored')).toBe(
      'logit_bias,a%2Cb,x%0D%0Aset-cookie%3A%20y,%E6%BC%A2%EF%BF%BD,messages[0][%22k%20k%22]',
    )
    expect(response.headers.get('set-cookie')).toBeNull()
  })

  test('by the thousand are cut, in the header and in the log', async () => {
    const made = world({ plan: { ignored: Array.from({ length: 5000 }, (_, index) => `unknown_field_${index}`) } })
    const response = await made.app.fetch(chatRequest())
    expect(response.status).toBe(200)
    expect(response.headers.get('x-cligate-ignored')!.length).toBeLessThan(2100)
    expect(made.lines[0]!.ignored!.length).toBe(100)
  })

  test.each([
    ['the header', {}, { 'x-cligate-strict': '1' }],
    ['the configuration', { strict: true }, {}],
  ])('are a 400 with %s', async (_, config, headers) => {
    let turns = 0
    const made = world({
      ...config,
      plan: {
        ignored: ['seed', 'foo'],
        run: () => {
          turns += 1
          return hello()
        },
      },
    })
    const response = await made.app.fetch(chatRequest(CHAT, headers))
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { code: 'unsupported_parameter', param: 'seed' } })
    expect(turns).toBe(0)
    expect(made.lines).toMatchObject([{ status: 400, ignored: ['seed', 'foo'] }])
  })

  const TEXT = { contents: [{ parts: [{ text: 'hi' }] }] }
  test.each([
    ['/v1/messages/count_tokens', { ...CHAT, max_tokens: 5, temperature: 1, zz: 1 }, 'zz'],
    ['/v1/messages/count_tokens', { ...CHAT, messages: [{ role: 'user', content: 'hi', zz: 1 }] }, 'messages[0].zz'],
    ['/v1/responses/input_tokens', { model: 'demo/chat', input: 'hi', temperature: 1, include: 5, zz: 1 }, 'zz'],
    ['/v1beta/models/demo:countTokens', { ...TEXT, model: 'x', zz: 1 }, 'zz'],
    ['/v1beta/models/demo:countTokens', { generateContentRequest: { ...TEXT, zz: 1 } }, 'generateContentRequest.zz'],
  ])('%s names them in what it counts, %j, and is as strict', async (path, body, field) => {
    const post = (headers: Record<string, string>) =>
      new Request(`http://localhost${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      })
    const made = world()
    const counted = await made.app.fetch(post({}))
    expect(counted.status).toBe(200)
    expect(counted.headers.get('x-cligate-ignored')).toBe(field)
    const refused = await made.app.fetch(post({ 'x-cligate-strict': '1' }))
    expect(refused.status).toBe(400)
    expect(await refused.text()).toContain(`${field} is not supported`)
  })

  test('the strictness of a function is named, but refuses no request: SDKs ask for it by themselves', async () => {
    const tools = [{ type: 'function', function: { name: 'look', strict: true } }]
    const ignored = ['tools[0].function.strict']
    const lenient = await world({ plan: { ignored } }).app.fetch(chatRequest({ ...CHAT, tools }))
    expect(lenient.headers.get('x-cligate-ignored')).toBe(ignored[0]!)
    const strict = { strict: true, plan: { ignored } }
    expect((await world(strict).app.fetch(chatRequest({ ...CHAT, tools }))).status).toBe(200)
    const more = { strict: true, plan: { ignored: [...ignored, 'seed'] } }
    const refused = await world(more).app.fetch(chatRequest({ ...CHAT, tools }))
    expect(await refused.json()).toMatchObject({ error: { param: 'seed' } })
  })

  test('are none when there are none', async () => {
    const response = await world({ strict: true }).app.fetch(chatRequest())
    expect(response.status).toBe(200)
    expect(response.headers.get('x-cligate-ignored')).toBeNull()
  })
})

describe('errors', () => {
  test('of planning keep their code, status and param', async () => {
    const made = world()
    made.gateway.plan = () => {
      throw new GatewayError('model_not_found', 'No such model.', { param: 'model' })
    }
    const response = await made.app.fetch(chatRequest())
    expect(response.status).toBe(404)
    expect(await response.json()).toEqual({
      error: { message: 'No such model.', type: 'invalid_request_error', param: 'model', code: 'model_not_found' },
    })
    expect(response.headers.get('x-should-retry')).toBe('false')
  })

  test('of media keep theirs, also where the answer would be a stream', async () => {
    const made = world({
      prepare: () => Promise.reject(new GatewayError('invalid_request', 'Not an image.', { param: 'messages[0]' })),
    })
    for (const body of [CHAT, STREAM]) {
      const response = await made.app.fetch(chatRequest(body))
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ error: { param: 'messages[0]' } })
    }
    expect(made.lines).toHaveLength(2)
  })

  test('a wait that is too long for an SDK is not retried by it', async () => {
    const made = world()
    made.gateway.plan = () => {
      throw new GatewayError('usage_limit_reached', 'Come back at noon.', { retryAfter: 7200 })
    }
    const response = await made.app.fetch(chatRequest())
    expect(response.headers.get('retry-after')).toBe('7200')
    expect(response.headers.get('x-should-retry')).toBe('false')
  })

  test('trap: of the gateway itself are a plain 500 without a word of the cause, which is logged', async () => {
    const secret = 'sk-secret at /home/me/src/plan.ts'
    const made = world({ models: () => Promise.reject(new Error(secret)) })
    made.gateway.plan = () => {
      throw new TypeError(secret)
    }
    for (const request of [chatRequest(), new Request('http://localhost/v1/models')]) {
      const response = await made.app.fetch(request)
      expect(response.status).toBe(500)
      expect(response.headers.get('content-type')).toContain('application/json')
      const text = await response.text()
      expect(text).toContain('internal_error')
      expect(text).not.toContain('secret')
      expect(text).not.toContain('<')
    }
    expect(made.failures).toHaveLength(2)
    expect(made.failures).toMatchObject([
      { error: { cause: { message: secret } } },
      { error: { cause: { message: secret } } },
    ])
  })

  test('a stopping gateway sends new requests away, but tells its health', async () => {
    const made = world()
    made.gateway.drain.close()
    const response = await made.app.fetch(chatRequest())
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
    const health = await made.app.fetch(new Request('http://localhost/health'))
    expect(await health.json()).toMatchObject({ status: 'stopping' })
    expect(made.lines).toHaveLength(2)
  })
})
