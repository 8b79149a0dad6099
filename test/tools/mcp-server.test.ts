import { afterAll, describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { createMcpServer, type McpAnswer, type McpCall } from '../../src/tools/mcp-server.ts'

const server = createMcpServer({ headAfterMs: 50, keepAliveMs: 20, maxBody: 100_000 })
afterAll(() => server.close())

const WEATHER = {
  name: 'get_weather',
  description: 'Weather of a city',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}
const sunny: McpAnswer = { content: [{ type: 'text', text: 'sunny' }], isError: false }
const ACCEPT = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' }

function post(url: string, body: unknown, init: { headers?: Record<string, string>; signal?: AbortSignal } = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return fetch(url, { method: 'POST', body: text, ...init, headers: { ...ACCEPT, ...init.headers } })
}

async function ask(url: string, method: string, params?: object): Promise<Record<string, unknown>> {
  const response = await post(url, { jsonrpc: '2.0', id: 1, method, params })
  return (await response.json()) as Record<string, unknown>
}

const call = (id: unknown, name = 'get_weather', extra: object = {}) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: { city: 'Paris' }, ...extra },
})

/** An offer whose calls are kept, to be answered by the test. */
function keeping() {
  const calls: (McpCall & { answer(answer: McpAnswer): void; fail(error: Error): void })[] = []
  const offer = server.offer([WEATHER], (made) => {
    const { promise, resolve, reject } = Promise.withResolvers<McpAnswer>()
    calls.push({ ...made, answer: resolve, fail: reject })
    return promise
  })
  return { ...offer, calls }
}

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 1) {
    if (waited > 5_000) throw new Error('It did not come to that.')
    await Bun.sleep(2)
  }
}

describe('the protocol', () => {
  const { url } = server.offer([WEATHER], async () => sunny)

  test('says hello in the version that the client speaks, or in the newest', async () => {
    for (const [asked, got] of [
      ['2025-06-18', '2025-06-18'],
      ['2025-11-25', '2025-11-25'],
      ['1999-01-01', '2025-11-25'],
    ]) {
      const { result } = await ask(url, 'initialize', { protocolVersion: asked, capabilities: {}, clientInfo: {} })
      expect(result).toMatchObject({ protocolVersion: got, capabilities: { tools: {} } })
    }
  })

  test('takes notifications and answers without a word', async () => {
    for (const message of [
      { jsonrpc: '2.0', method: 'notifications/initialized' },
      { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 99 } },
      { jsonrpc: '2.0', id: 4, result: {} },
    ]) {
      const response = await post(url, message)
      expect([response.status, await response.text()]).toEqual([202, ''])
    }
  })

  test('lists the functions, answers a ping and a call', async () => {
    expect(await ask(url, 'tools/list')).toEqual({
      jsonrpc: '2.0',
      id: 1,
      result: {
        tools: [{ name: 'get_weather', description: WEATHER.description, inputSchema: WEATHER.parameters }],
      },
    })
    expect(await ask(url, 'ping')).toEqual({ jsonrpc: '2.0', id: 1, result: {} })
    const response = await post(url, call('one'))
    expect(response.headers.get('content-type')).toStartWith('application/json')
    expect(await response.json()).toEqual({
      jsonrpc: '2.0',
      id: 'one',
      result: { content: [{ type: 'text', text: 'sunny' }], isError: false },
    })
  })

  test('has no stream to read and no session to end', async () => {
    const read = await fetch(url, { headers: ACCEPT })
    expect([read.status, read.headers.get('allow')]).toEqual([405, 'POST, DELETE'])
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(204)
  })

  test('says what is wrong with a message', async () => {
    const status = async (body: unknown) => {
      const response = await post(url, body)
      const { error } = (await response.json()) as { error: { code: number } }
      return [response.status, error.code]
    }
    expect(await status('{')).toEqual([400, -32700])
    expect(await status([call(1)])).toEqual([400, -32600])
    expect(await status({ id: 1, method: 'ping' })).toEqual([400, -32600])
    expect(await status({ jsonrpc: '2.0', id: {}, method: 'ping' })).toEqual([400, -32600])
    expect(await status({ jsonrpc: '2.0', id: 1 })).toEqual([400, -32600])
    expect(await status({ jsonrpc: '2.0', id: 1, method: 'prompts/list' })).toEqual([200, -32601])
    expect(await status(call(1, 'other'))).toEqual([200, -32602])
    expect(await status(call(1, 'get_weather', { arguments: [] }))).toEqual([200, -32602])
  })

  test('says when a client has been told the functions', async () => {
    const offer = server.offer([WEATHER], async () => sunny)
    let listed = false
    void offer.listed.then(() => (listed = true))
    await ask(offer.url, 'ping')
    expect(listed).toBe(false)
    await ask(offer.url, 'tools/list')
    await offer.listed
  })

  test('takes a call without arguments', async () => {
    const seen: unknown[] = []
    const offer = server.offer([WEATHER], async (made) => {
      seen.push(made.arguments)
      return sunny
    })
    await ask(offer.url, 'tools/call', { name: 'get_weather' })
    expect(seen).toEqual([{}])
  })

  test('passes images, documents and errors on', async () => {
    const data = btoa('x')
    const offer = server.offer([WEATHER], async () => ({
      content: [
        { type: 'image', source: { kind: 'data', mediaType: 'image/png', data } },
        { type: 'document', source: { kind: 'data', mediaType: 'application/pdf', data }, title: 'a b.pdf' },
        { type: 'image', source: { kind: 'url', url: 'https://example.com/x.png' } },
      ],
      isError: true,
    }))
    expect((await ask(offer.url, 'tools/call', { name: 'get_weather' }))['result']).toEqual({
      content: [
        { type: 'image', mimeType: 'image/png', data },
        { type: 'resource', resource: { uri: 'file:///a%20b.pdf', mimeType: 'application/pdf', blob: data } },
        { type: 'resource_link', uri: 'https://example.com/x.png', name: 'image' },
      ],
      isError: true,
    })
  })

  test('a failure is told without its words', async () => {
    const { url: failing, calls } = keeping()
    const response = post(failing, call(1))
    await until(() => calls.length === 1)
    calls[0]!.fail(new Error('secret'))
    expect(await (await response).json()).toMatchObject({ error: { code: -32603, message: 'The call failed.' } })
  })
})

describe('who may ask', () => {
  test('nobody but loopback, under its own name, who knows the path', async () => {
    const { url, close } = server.offer([WEATHER], async () => sunny)
    const { port } = new URL(url)
    const ping = { jsonrpc: '2.0', id: 1, method: 'ping' }
    expect((await post(url, ping)).status).toBe(200)
    expect((await post(url.replace('127.0.0.1', 'localhost'), ping)).status).toBe(200)
    expect((await post(`http://127.0.0.1:${port}/mcp/`, ping)).status).toBe(404)
    expect((await post(`${url}x`, ping)).status).toBe(404)
    expect((await post(url, ping, { headers: { origin: 'http://127.0.0.1' } })).status).toBe(403)
    expect((await post(url, ping, { headers: { host: 'evil.example' } })).status).toBe(403)
    expect((await post(url, ping, { headers: { host: `evil.example:${port}` } })).status).toBe(403)
    close()
    expect((await post(url, ping)).status).toBe(404)
  })

  test('a body has a limit', async () => {
    const { url } = server.offer([WEATHER], async () => sunny)
    expect((await post(url, 'x'.repeat(200_000))).status).toBe(413)
  })

  test('each turn has its own path and its own functions', async () => {
    const other = { ...WEATHER, name: 'other' }
    const one = server.offer([WEATHER], async () => sunny)
    const two = server.offer([other], async () => sunny)
    expect(new URL(one.url).pathname).toMatch(/^\/mcp\/\w{32}$/)
    expect(one.url).not.toBe(two.url)
    expect(await ask(two.url, 'tools/list')).toMatchObject({ result: { tools: [{ name: 'other' }] } })
    expect(await ask(one.url, 'tools/call', { name: 'other' })).toMatchObject({ error: { code: -32602 } })
  })
})

describe('a call that takes long', () => {
  test('is held by progress where the client asked for it', async () => {
    const { url, calls } = keeping()
    const response = await post(url, call(7, 'get_weather', { _meta: { progressToken: 'p' } }))
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (!/"progress":2/.test(text)) text += (await reader.read()).value ?? ''
    calls[0]!.answer(sunny)
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value
    const messages = [...text.matchAll(/^data: (.*)$/gm)].map(([, json]) => JSON.parse(json!))
    expect(messages[0]).toEqual({
      jsonrpc: '2.0',
      method: 'notifications/progress',
      params: { progressToken: 'p', progress: 1 },
    })
    expect(messages.at(-1)).toMatchObject({ id: 7, result: { content: [{ text: 'sunny' }] } })
  })

  test('is held by comments where it did not', async () => {
    const { url, calls } = keeping()
    const response = await post(url, call(7))
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (text.split(': wait').length < 4) text += (await reader.read()).value ?? ''
    calls[0]!.answer(sunny)
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value
    expect(text.match(/^data: /gm)).toHaveLength(1)
  })

  test('waits for its answer where the client takes no streams', async () => {
    const { url, calls } = keeping()
    const response = post(url, call(7), { headers: { accept: 'application/json' } })
    await until(() => calls.length === 1)
    await Bun.sleep(120)
    calls[0]!.answer(sunny)
    expect(await (await response).json()).toMatchObject({ id: 7, result: { isError: false } })
  })
})

describe('a call that is dropped', () => {
  test('by a notification: it alone', async () => {
    const { url, calls } = keeping()
    const [first, second] = [post(url, call(1)), post(url, call(2))]
    await until(() => calls.length === 2)
    await post(url, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } })
    await until(() => calls.some(({ signal }) => signal.aborted))
    expect(await (await first).text()).toContain('dropped')
    expect(calls.filter(({ signal }) => signal.aborted)).toHaveLength(1)
    calls.find(({ signal }) => !signal.aborted)!.answer(sunny)
    expect(await (await second).text()).toContain('sunny')
  })

  test.each([
    ['before the head of the answer', 0],
    ['behind it', 100],
  ])('by a client that leaves %s', async (_, after) => {
    const { url, calls } = keeping()
    const leaving = new AbortController()
    const response = post(url, call(1), { signal: leaving.signal })
    response.then((stream) => stream.text()).catch(() => {})
    await until(() => calls.length === 1)
    await Bun.sleep(after)
    leaving.abort()
    await until(() => calls[0]!.signal.aborted)
  })

  test('by the end of the offer, and of the server', async () => {
    const own = createMcpServer()
    const signals: AbortSignal[] = []
    const offer = () =>
      own.offer([WEATHER], ({ signal }) => {
        signals.push(signal)
        return new Promise(() => {})
      })
    const one = offer()
    const response = post(one.url, call(1))
    await until(() => signals.length === 1)
    one.close()
    expect(await (await response).json()).toMatchObject({ id: 1, error: { message: 'The call was dropped.' } })
    const two = offer()
    post(two.url, call(1)).catch(() => {})
    await until(() => signals.length === 2)
    await own.close()
    await own.close()
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
    expect(() => offer()).toThrow('shutting down')
    const { port } = new URL(one.url)
    const { promise, resolve } = Promise.withResolvers<string>()
    connect(Number(port), '127.0.0.1')
      .on('connect', () => resolve('open'))
      .on('error', () => resolve('closed'))
    expect(await promise).toBe('closed')
  })

  test('starts nothing that nobody offered', async () => {
    const idle = createMcpServer()
    await idle.close()
  })
})
