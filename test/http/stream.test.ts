// The traps of streaming over Bun and Elysia, each over a real socket.
import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../src/core/error.ts'
import { eventually, gate } from './gate.ts'
import { post, rawClient } from './raw-client.ts'
import { parseEvents, textOf } from './sse.ts'
import { CHAT, delta, ending, listening, opening, silent, type SocketWorld } from './world.ts'

const STREAM = { ...CHAT, stream: true }

function request(world: SocketWorld, body: unknown = STREAM, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(new URL('/v1/chat/completions', world.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

describe('trap: the head of a silent stream', () => {
  test('leaves after headAfterMs, with a comment, before the first event', async () => {
    const go = gate()
    await using world = listening({
      headAfterMs: 50,
      async *run() {
        await go.opened
        yield [...opening(), ...delta('late'), ...ending()]
      },
    })
    const response = await request(world)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(response.headers.get('cache-control')).toBe('no-cache, no-transform')
    expect(response.headers.get('x-accel-buffering')).toBe('no')
    go.open()
    const { data, comments } = parseEvents(await response.text())
    expect(comments).toBe(1)
    expect(textOf(data)).toBe('late')
    expect(data.at(-1)).toBe('[DONE]')
  })

  test('waits for a first event that comes in time, and has no comment then', async () => {
    await using world = listening({ headAfterMs: 60_000 })
    const { data, comments } = parseEvents(await (await request(world)).text())
    expect(comments).toBe(0)
    expect(textOf(data)).toBe('Hello there')
  })
})

describe('trap: each batch leaves at once', () => {
  test('one write a batch, not held back for the next', async () => {
    const steps = [gate(), gate(), gate()]
    await using world = listening({
      async *run() {
        yield opening()
        for (const [index, step] of steps.entries()) {
          yield delta(`<${index}>`)
          await step.opened
        }
        yield ending()
      },
    })
    const client = rawClient(world.port)
    client.send(post(STREAM))
    for (const [index, step] of steps.entries()) {
      await client.until(`<${index}>`)
      expect(client.received()).not.toContain(`<${index + 1}>`)
      step.open()
    }
    await client.until('[DONE]')
    client.kill()
  })
})

describe('trap: keep-alive comments', () => {
  test('come on a timer of their own while the provider is silent', async () => {
    const go = gate()
    await using world = listening({
      keepAliveMs: 20,
      async *run() {
        yield opening()
        await go.opened
        yield ending()
      },
    })
    const client = rawClient(world.port)
    client.send(post(STREAM))
    await client.until(': keep-alive\n\n')
    await eventually(() => client.received().split(': keep-alive').length > 4)
    go.open()
    expect(await client.until('[DONE]')).toContain('data: ')
    client.kill()
  })

  test('from the first second on: also before the first event', async () => {
    const go = gate()
    await using world = listening({
      headAfterMs: 5,
      keepAliveMs: 20,
      async *run() {
        await go.opened
        yield [...opening(), ...ending()]
      },
    })
    const client = rawClient(world.port)
    client.send(post(STREAM))
    await client.until(': keep-alive')
    expect(client.received()).not.toContain('data:')
    go.open()
    await client.until('[DONE]')
    client.kill()
  })

  test('never stand inside a frame, and end with the stream', async () => {
    await using world = listening({
      keepAliveMs: 1,
      async *run() {
        yield opening()
        for (let count = 0; count < 100; count++) {
          if (count % 10 === 0) await Bun.sleep(5)
          yield delta(`${count} ${'long '.repeat(500)}\n\n: no comment\n\n`)
        }
        yield ending()
      },
    })
    const { data, comments } = parseEvents(await (await request(world)).text())
    expect(comments).toBeGreaterThan(0)
    expect(textOf(data)).toContain('99 long')
    expect(data.at(-1)).toBe('[DONE]')
  })
})

describe('trap: a reader who does not read', () => {
  test.each([[[]], [['https://app.example']]])(
    'stops the provider: no memory is filled (origins %j)',
    async (origins) => {
      const piece = 'x'.repeat(65_536)
      const most = 384
      let given = 0
      await using world = listening({
        access: { keys: [], hosts: [], origins },
        async *run() {
          yield opening()
          for (; given < most; given++) yield delta(piece)
          yield ending()
        },
      })
      const client = rawClient(world.port)
      client.send(post(STREAM))
      await client.until('xxxx')
      client.socket.pause()
      for (let before = -1; before !== given;) {
        before = given
        await Bun.sleep(300)
      }
      expect(given * piece.length).toBeLessThan(16 * 2 ** 20)
      // And it goes on where it was when the reader comes back.
      client.socket.resume()
      await client.until('[DONE]')
      expect(given).toBe(most)
      client.kill()
    },
  )
})

describe('trap: errors of a stream', () => {
  test('before the first event: a real status, JSON, and the error’s headers', async () => {
    await using world = listening({
      run: silent(() => Promise.reject(new GatewayError('rate_limit_exceeded', 'Slow down.', { retryAfter: 6.2 }))),
    })
    const response = await request(world)
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('7')
    expect(response.headers.get('content-type')).toContain('application/json')
    expect(await response.json()).toMatchObject({ error: { message: 'Slow down.', code: 'rate_limit_exceeded' } })
    expect(world.lines).toMatchObject([{ status: 429, error: 'rate_limit_exceeded' }])
  })

  test('after the early head: an error event', async () => {
    const go = gate()
    await using world = listening({
      headAfterMs: 5,
      run: silent(async () => {
        await go.opened
        throw new GatewayError('provider_error', 'The CLI crashed.')
      }),
    })
    const response = await request(world)
    go.open()
    const { data } = parseEvents(await response.text())
    expect(response.status).toBe(200)
    expect(data).toHaveLength(1)
    expect(JSON.parse(data[0]!)).toMatchObject({ error: { message: 'The CLI crashed.', code: 'provider_error' } })
    expect(world.lines).toMatchObject([{ status: 200, error: 'provider_error' }])
  })

  test('in the middle: the client is told, and not by a clean end; the cause stays here', async () => {
    await using world = listening({
      async *run() {
        yield [...opening(), ...delta('half an ans')]
        throw new Error('secret /home/me/file')
      },
    })
    const text = await (await request(world)).text()
    const { data } = parseEvents(text)
    expect(JSON.parse(data.at(-1)!)).toMatchObject({ error: { code: 'internal_error' } })
    expect(text).not.toContain('[DONE]')
    expect(text).not.toContain('secret')
    expect(world.lines).toMatchObject([{ status: 200, error: 'internal_error' }])
    expect(world.failures).toHaveLength(1)
    expect((world.failures[0] as { error: GatewayError }).error.cause).toMatchObject({
      message: 'secret /home/me/file',
    })
  })
})

describe('trap: characters cut by chunk borders', () => {
  // Elysia decodes re-wrapped bodies chunk by chunk, which breaks what lies across: also with CORS headers set.
  test.each([[[]], [['https://app.example']]])(
    'origins %j: large frames of CJK, emoji and combining marks',
    async (origins) => {
      const text = '漢字かな🦊👩‍👩‍👧‍👦é̂\u2028\u0000'.repeat(9000)
      await using world = listening({
        access: { keys: [], hosts: [], origins },
        async *run() {
          yield opening()
          for (let at = 0; at < text.length; at += 30_001) yield delta(text.slice(at, at + 30_001))
          yield ending()
        },
      })
      const response = await request(world, STREAM, origins[0] ? { origin: origins[0] } : {})
      if (origins[0]) expect(response.headers.get('access-control-allow-origin')).toBe(origins[0])
      const { data } = parseEvents(await response.text())
      expect(textOf(data)).toBe(text)
    },
  )
})

describe('trap: model text cannot break the framing', () => {
  test.each([
    '\n\ndata: [DONE]\n\n',
    '\r\n\r\n',
    ': comment\n\n',
    '\u0000\u001b[2J',
    '\u2028\u2029',
    'event: x\ndata: y',
  ])('%j', async (text) => {
    await using world = listening({
      async *run() {
        yield [...opening(), ...delta(text), ...ending()]
      },
    })
    const { data } = parseEvents(await (await request(world)).text())
    expect(textOf(data)).toBe(text)
    expect(data.filter((event) => event === '[DONE]')).toHaveLength(1)
  })
})

test('several answers share one stream and one log line', async () => {
  await using world = listening()
  const { data } = parseEvents(await (await request(world, { ...STREAM, n: 3 })).text())
  expect(
    new Set(data.filter((event) => event !== '[DONE]').map((event) => JSON.parse(event).choices[0]?.index)),
  ).toEqual(new Set([0, 1, 2]))
  expect(world.lines).toMatchObject([{ status: 200, finish: 'stop', inputTokens: 21, outputTokens: 6 }])
})
