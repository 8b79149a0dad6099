// Each kind of reply, as a client of the Anthropic API sees it.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { echo, echoOf } from './replies/echo.ts'
import { failure, overloaded, rateLimited } from './replies/failures.ts'
import {
  cut,
  cutAfter,
  failsAfter,
  garbage,
  garbageAfter,
  hang,
  silentAfter,
  truncatedAfter,
} from './replies/faults.ts'
import { refused, stopped, stoppedAt } from './replies/stops.ts'
import { subscriptionHeaders, usageLimitReached } from './replies/subscription.ts'
import { text, ticks } from './replies/text.ts'
import { redactedThinking, thinking } from './replies/thinking.ts'
import { toolCalls } from './replies/tool-calls.ts'
import { UNICODE_SAMPLE, unicode } from './replies/unicode.ts'
import { searched } from './replies/web-search.ts'
import type { ReplySource } from './reply.ts'
import { type Upstream, startUpstream } from './upstream.ts'

type Delta = {
  text?: string
  thinking?: string
  signature?: string
  partial_json?: string
  stop_reason?: string
  stop_sequence?: string | null
  stop_details?: unknown
}
type Event = {
  type: string
  index?: number
  delta?: Delta
  content_block?: { type: string; data?: string }
  error?: { type: string }
}

let upstream: Upstream
beforeAll(async () => {
  upstream = await startUpstream()
})
beforeEach(() => upstream.reset())
afterAll(() => upstream.stop())

function ask(reply: ReplySource, fields: Record<string, unknown> = {}, init: RequestInit = {}): Promise<Response> {
  upstream.next(reply)
  const body = JSON.stringify({ model: 'm', stream: true, messages: [], ...fields })
  return fetch(`${upstream.url}/v1/messages`, { method: 'POST', body, ...init })
}

/** Everything up to the end, and the error that broke the connection, if one did. */
async function read(response: Response): Promise<{ body: string; broken: boolean }> {
  const decoder = new TextDecoder()
  let body = ''
  try {
    for await (const bytes of response.body ?? []) body += decoder.decode(bytes, { stream: true })
    return { body, broken: false }
  } catch {
    return { body, broken: true }
  }
}

function parse(body: string): Event[] {
  return body
    .split('\n\n')
    .filter((frame) => frame !== '')
    .map((frame) => JSON.parse(frame.split('\ndata: ')[1] ?? 'null'))
}

async function eventsOf(reply: ReplySource): Promise<Event[]> {
  return parse((await read(await ask(reply))).body)
}

const joined = (events: Event[], field: 'text' | 'thinking' | 'partial_json', index?: number) =>
  events
    .filter((event) => index === undefined || event.index === index)
    .map((event) => event.delta?.[field] ?? '')
    .join('')
const types = (events: Event[]) => events.map((event) => event.type)
const stopOf = (events: Event[]) => events.find((event) => event.type === 'message_delta')?.delta

describe('content', () => {
  test('thinking is signed and comes before the text, each in a block of its own', async () => {
    const events = await eventsOf(thinking(['let me ', 'see'], ['done'], { signature: 'c2ln' }))
    expect(joined(events, 'thinking', 0)).toBe('let me see')
    expect(events.find((event) => event.delta?.signature)?.delta?.signature).toBe('c2ln')
    expect(joined(events, 'text', 1)).toBe('done')
    expect(types(events).filter((type) => type === 'content_block_stop')).toHaveLength(2)
  })

  test('redacted thinking arrives whole', async () => {
    const events = await eventsOf(redactedThinking(['done'], { data: 'eA==' }))
    expect(events.find((event) => event.content_block)?.content_block).toEqual({
      type: 'redacted_thinking',
      data: 'eA==',
    })
  })

  test('the arguments of parallel tool calls arrive in pieces', async () => {
    const paris = { name: 'weather', arguments: { city: 'Paris "北京"' } }
    const events = await eventsOf(toolCalls([paris, { name: 'time', arguments: {} }], { text: ['look'] }))
    expect(events.filter((event) => event.delta?.partial_json).length).toBeGreaterThan(3)
    expect(JSON.parse(joined(events, 'partial_json', 1))).toEqual(paris.arguments)
    expect(joined(events, 'partial_json', 2)).toBe('{}')
    expect(stopOf(events)).toMatchObject({ stop_reason: 'tool_use' })
  })

  test('a whole message holds the same content', async () => {
    const reply = toolCalls([{ name: 'weather', arguments: { city: 'Rome' }, id: 'toolu_1' }], { text: ['a', 'b'] })
    const message = await (await ask(reply, { stream: false })).json()
    expect(message).toMatchObject({
      content: [
        { type: 'text', text: 'ab' },
        { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Rome' } },
      ],
      stop_reason: 'tool_use',
    })
  })

  test('a search of the service itself is its call, what it found, and the words behind it', async () => {
    const reply = searched('rome', [{ title: 'Rome', url: 'https://rome.example/' }], 'Sunny.')
    const events = await eventsOf(reply)
    const blocks = events.flatMap((event) => (event.content_block ? [event.content_block.type] : []))
    expect(blocks).toEqual(['server_tool_use', 'web_search_tool_result', 'text'])
    expect(JSON.parse(joined(events, 'partial_json', 0))).toEqual({ query: 'rome' })
    const message = (await (await ask(reply, { stream: false })).json()) as { content: Record<string, unknown>[] }
    expect(message.content).toMatchObject([
      { type: 'server_tool_use', name: 'web_search', input: { query: 'rome' } },
      { type: 'web_search_tool_result', content: [{ url: 'https://rome.example/' }] },
      { type: 'text', text: 'Sunny.' },
    ])
    expect(message.content[1]?.['tool_use_id']).toBe(message.content[0]?.['id'])
  })

  test('text survives although the stream is cut inside its characters', async () => {
    const response = await ask(unicode())
    const events = parse((await read(response)).body)
    expect(joined(events, 'text')).toBe(UNICODE_SAMPLE)
    expect(events.filter((event) => event.delta?.text).length).toBe([...UNICODE_SAMPLE].length)
  })

  test('echo tells each request what it was', async () => {
    const content = 'canary-one and canary-two, canary-one'
    const events = parse((await read(await ask(echo(), { messages: [{ role: 'user', content }] }))).body)
    expect(JSON.parse(joined(events, 'text'))).toEqual(echoOf(upstream.turns[0]!))
    expect(JSON.parse(joined(events, 'text'))).toMatchObject({
      canaries: ['canary-one', 'canary-two'],
      roles: ['user'],
    })
  })
})

describe('pace', () => {
  test('ticks are as many and as far apart as asked', async () => {
    const begun = performance.now()
    const events = await eventsOf(ticks({ count: 4, between: 20, before: 30, chunk: '.' }))
    expect(joined(events, 'text')).toBe('....')
    expect(performance.now() - begun).toBeGreaterThanOrEqual(30 + 3 * 20 - 5)
  })

  test('a client that leaves ends an endless stream, a silent one and a hanging one', async () => {
    for (const [position, reply] of [ticks({ between: 1 }), silentAfter(['a']), hang()].entries()) {
      const leave = new AbortController()
      const answered = ask(reply, {}, { signal: leave.signal }).catch(() => undefined)
      const record = await upstream.turn(position)
      if (reply.type === 'answer') await (await answered)?.body?.getReader().read()
      const left = performance.now()
      leave.abort()
      await record.closed
      expect(record.outcome).toBe('dropped')
      expect(record.closedAt! - left).toBeLessThan(100)
    }
  })
})

describe('stops', () => {
  test.each([
    [stopped('max_tokens', ['a']), { stop_reason: 'max_tokens', stop_sequence: null, stop_details: null }],
    [stopped('model_context_window_exceeded', ['a']), { stop_reason: 'model_context_window_exceeded' }],
    [stopped('pause_turn', ['a']), { stop_reason: 'pause_turn' }],
    [stoppedAt('END', ['a']), { stop_reason: 'stop_sequence', stop_sequence: 'END' }],
    [refused(), { stop_reason: 'refusal', stop_details: { type: 'refusal', category: 'cyber' } }],
  ])('%#', async (reply, expected) => {
    expect(stopOf(await eventsOf(reply))).toMatchObject(expected)
  })
})

describe('errors', () => {
  test.each([
    [failure(401), 401, 'authentication_error'],
    [failure(404), 404, 'not_found_error'],
    [failure(400, { kind: 'billing_error' }), 400, 'billing_error'],
    [rateLimited(7), 429, 'rate_limit_error'],
    [overloaded(), 529, 'overloaded_error'],
    [failure(503), 503, 'api_error'],
  ])('%#', async (reply, status, kind) => {
    const response = await ask(reply)
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ type: 'error', error: { type: kind } })
    expect(upstream.turns[0]?.outcome).toBe('answered')
  })

  test('a body of its own is sent as it is', async () => {
    const response = await ask(failure(502, { body: '<html>bad gateway</html>' }))
    expect(await response.text()).toBe('<html>bad gateway</html>')
  })

  test('a used-up subscription says when it opens again; a good answer can carry the same headers', async () => {
    const rejected = await ask(usageLimitReached(2_000_000_000))
    expect(rejected.status).toBe(429)
    expect(rejected.headers.get('anthropic-ratelimit-unified-reset')).toBe('2000000000')
    expect(rejected.headers.get('anthropic-ratelimit-unified-5h-status')).toBe('rejected')
    const headers = subscriptionHeaders({
      status: 'allowed_warning',
      claim: 'seven_day',
      resetsAt: 5,
      utilization: 0.9,
    })
    const warned = await ask(text('fine', { headers }))
    expect(warned.status).toBe(200)
    expect(warned.headers.get('anthropic-ratelimit-unified-7d-utilization')).toBe('0.9')
    await warned.text()
  })
})

describe('faults', () => {
  test('cut: the connection breaks before an answer', async () => {
    await expect(ask(cut()).then((response) => response.text())).rejects.toThrow()
    expect(upstream.turns[0]?.outcome).toBe('cut')
  })

  test('cutAfter: all chunks arrive, then the connection breaks', async () => {
    const { body, broken } = await read(await ask(cutAfter(['a', 'b', 'c'])))
    expect(broken).toBe(true)
    expect(joined(parse(body), 'text')).toBe('abc')
    expect(upstream.turns[0]?.outcome).toBe('cut')
  })

  test('truncatedAfter: a good end of the stream without the end of the message', async () => {
    const { body, broken } = await read(await ask(truncatedAfter(['a'])))
    expect(broken).toBe(false)
    expect(types(parse(body))).not.toContain('message_stop')
  })

  test('failsAfter: an error event is the last', async () => {
    const events = await eventsOf(failsAfter(['a'], 529))
    expect(events.at(-1)).toMatchObject({ type: 'error', error: { type: 'overloaded_error' } })
  })

  test('garbage is no event stream, garbageAfter holds one broken event', async () => {
    expect((await read(await ask(garbage('<html>')))).body).toBe('<html>')
    const { body } = await read(await ask(garbageAfter(['a'])))
    expect(() => parse(body)).toThrow()
  })

  test('without streaming, a break is a break as well', async () => {
    await expect(ask(cutAfter(['a']), { stream: false }).then((response) => response.text())).rejects.toThrow()
    const failed = await ask(failsAfter(['a'], 529), { stream: false })
    expect(failed.status).toBe(529)
  })

  test('a reply function that throws is seen as status 599', async () => {
    const response = await ask(() => {
      throw new Error('my test is wrong')
    })
    expect(response.status).toBe(599)
    expect(await response.text()).toContain('my test is wrong')
  })
})
