// The simulator itself: what it records, what it answers, and that it notices a client that leaves.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { failure, rateLimited } from './replies/failures.ts'
import { text, ticks } from './replies/text.ts'
import { type Upstream, startUpstream } from './upstream.ts'

let upstream: Upstream
beforeAll(async () => {
  upstream = await startUpstream()
})
beforeEach(() => upstream.reset())
afterAll(() => upstream.stop())

const ask = (body: unknown, init: RequestInit = {}) =>
  fetch(`${upstream.url}/v1/messages?beta=true`, { method: 'POST', body: JSON.stringify(body), ...init })

const streaming = { model: 'claude-haiku-4-5', stream: true, messages: [{ role: 'user', content: 'hi' }] }

async function events(response: Response): Promise<{ type: string }[]> {
  const frames = (await response.text()).split('\n\n').filter((frame) => frame !== '')
  return frames.map((frame) => JSON.parse(frame.split('\ndata: ')[1]!))
}

describe('recording', () => {
  test('a request is kept byte for byte, with its headers and query', async () => {
    const body = '{"model":"m",  "messages":[{"role":"user","content":"日本語"}]}'
    await fetch(`${upstream.url}/v1/messages?beta=true`, { method: 'POST', body, headers: { 'x-api-key': 'dummy' } })
    const [record] = upstream.requests
    expect(record).toMatchObject({
      method: 'POST',
      path: '/v1/messages',
      query: '?beta=true',
      body,
      outcome: 'answered',
    })
    expect(record?.headers['x-api-key']).toBe('dummy')
    expect(record?.json).toEqual(JSON.parse(body))
  })

  test('probes are recorded but are no turns', async () => {
    const head = await fetch(`${upstream.url}/`, { method: 'HEAD' })
    const models = await fetch(`${upstream.url}/v1/models?limit=1000`)
    expect([head.status, models.status]).toEqual([200, 200])
    expect(upstream.requests).toHaveLength(2)
    expect(upstream.turns).toHaveLength(0)
  })

  test('closed fires within milliseconds of a client that leaves mid-stream', async () => {
    upstream.next(ticks())
    const abort = new AbortController()
    const response = await ask(streaming, { signal: abort.signal })
    await response.body!.getReader().read()
    const left = performance.now()
    abort.abort()
    const record = await upstream.turn(0)
    await record.closed
    expect(record.outcome).toBe('dropped')
    expect(record.closedAt! - left).toBeLessThan(100)
  })
})

describe('answers', () => {
  test('text streams as Anthropic sends it', async () => {
    upstream.next(text(['Hel', 'lo'], { usage: { output: 7 } }))
    const got = await events(await ask(streaming))
    expect(got.map((event) => event.type)).toEqual([
      'message_start',
      'content_block_start',
      'ping',
      'content_block_delta',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ])
    expect(got[0]).toMatchObject({ message: { model: 'claude-haiku-4-5', usage: { input_tokens: 10 } } })
    expect(got[6]).toMatchObject({ delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 7 } })
  })

  test('a request that does not stream gets one message', async () => {
    upstream.next(text(['Hel', 'lo']))
    const message = await (await ask({ ...streaming, stream: false })).json()
    expect(message).toMatchObject({
      type: 'message',
      content: [{ type: 'text', text: 'Hello' }],
      stop_reason: 'end_turn',
    })
  })

  test('queued replies are used in order, then the default', async () => {
    upstream.next(failure(500), rateLimited(7))
    const first = await ask(streaming)
    const second = await ask(streaming)
    const third = await ask(streaming)
    expect([first.status, second.status, third.status]).toEqual([500, 429, 200])
    expect(second.headers.get('retry-after')).toBe('7')
    expect(await second.json()).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } })
  })
})
