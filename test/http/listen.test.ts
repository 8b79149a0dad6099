// What only a socket shows: taken ports, stopping, idle connections, errors nobody caught, and what is left behind.
import { heapStats } from 'bun:jsc'
import { describe, expect, test } from 'bun:test'
import { serve } from '../../src/http/listen.ts'
import { eventually, gate } from './gate.ts'
import { post, type RawClient, rawClient } from './raw-client.ts'
import { CHAT, chatRequest, delta, ending, listening, opening, world } from './world.ts'

const STREAM = { ...CHAT, stream: true }

test('trap: a second gateway on the same port fails, and does not share its connections', async () => {
  await using first = listening()
  let code: unknown
  try {
    serve(world().app, { hostname: '127.0.0.1', port: first.port })
  } catch (error) {
    code = (error as { code?: string }).code
  }
  expect(code).toBe('EADDRINUSE')
})

test('trap: an error outside every handler is JSON without a word of the cause, never a page of source', async () => {
  const secret = 'secret of /home/me'
  const server = serve(
    {
      fetch() {
        throw new Error(secret)
      },
    },
    { hostname: '127.0.0.1', port: 0 },
  )
  const response = await fetch(new URL('/', server.url), { headers: { accept: 'text/html' } })
  const text = await response.text()
  expect(response.status).toBe(500)
  expect(response.headers.get('content-type')).toContain('application/json')
  expect(JSON.parse(text)).toMatchObject({ error: { code: 'internal_error' } })
  expect(text).not.toContain('secret')
  await server.stop(0)
})

describe('stopping', () => {
  test('lets running streams end, and takes no new connection', async () => {
    const go = gate()
    await using made = listening({
      async *run() {
        yield opening()
        await go.opened
        yield [...delta('the end'), ...ending()]
      },
    })
    const client = rawClient(made.port)
    client.send(post(STREAM))
    await client.until('data:')
    const stopped = made.stop(10_000)
    const refused = await fetch(made.url).catch((error: { code: string }) => error.code)
    expect(['ECONNREFUSED', 'ConnectionRefused']).toContain(refused as string)
    go.open()
    expect(await client.until('[DONE]')).toContain('the end')
    await stopped
    expect(made.lines).toMatchObject([{ status: 200, finish: 'stop' }])
  })

  test('ends what is left when the grace is over, and cancels its turns', async () => {
    let cancelled = false
    await using made = listening({
      async *run(_, signal) {
        yield opening()
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        cancelled = true
      },
    })
    const client = rawClient(made.port)
    client.send(post(STREAM))
    await client.until('data:')
    await made.stop(50)
    await client.closed
    await eventually(() => cancelled)
    expect(made.lines).toMatchObject([{ aborted: true }])
  })
})

test('trap: silence closes idle connections and slow senders, but no answer that takes its time', async () => {
  // Bun looks at idle sockets every four seconds or so.
  const silence = 4600
  const go = gate()
  await using made = listening({
    idleTimeout: 1,
    async *run({ request }) {
      yield opening()
      if (request.user !== 'hasty') await go.opened
      yield [...delta('patience'), ...ending()]
    },
  })
  const [whole, stream, hasty, sender] = [1, 2, 3, 4].map(() => rawClient(made.port)) as [
    RawClient,
    RawClient,
    RawClient,
    RawClient,
  ]
  whole.send(post(CHAT))
  stream.send(post(STREAM))
  hasty.send(post({ ...STREAM, user: 'hasty' }))
  sender.send(post(CHAT).slice(0, -10))
  setTimeout(go.open, silence)
  await hasty.until('[DONE]')
  await Promise.all([sender.closed, hasty.closed])
  expect(await whole.until('patience')).toStartWith('HTTP/1.1 200')
  await stream.until('[DONE]')
  expect(made.lines.map((line) => line.status).toSorted((a, b) => a - b)).toEqual([200, 200, 200, 499])
  whole.kill()
  stream.kill()
}, 30_000)

test('a socket is held only from the end of the body to the end of the answer', async () => {
  const events: string[] = []
  const sockets = {
    hold: () => void events.push('hold'),
    release: () => void events.push('release'),
    address: () => undefined,
    upgrade: () => false,
  }
  const made = world({
    async *run() {
      events.push('run')
      yield [...opening(), ...ending()]
    },
  })
  for (const body of [CHAT, STREAM, '{"broken']) {
    events.push(JSON.stringify(body).slice(0, 3))
    const response = await made.app.fetch(chatRequest(body), sockets)
    await response.text()
  }
  await made.app.fetch(new Request('http://localhost/v1/models'), sockets)
  expect(events).toEqual(['{"m', 'hold', 'run', 'release', '{"m', 'hold', 'run', 'release', '"{\\'])
})

test('10,000 requests leave nothing behind', async () => {
  const made = world()
  const round = async (count: number) => {
    for (let index = 0; index < count; index++) {
      const response = await made.app.fetch(chatRequest(index % 2 === 0 ? CHAT : STREAM))
      await response.text()
      const refused = await made.app.fetch(chatRequest('{'))
      await refused.text()
    }
    made.lines.length = 0
    Bun.gc(true)
    await Bun.sleep(0)
    Bun.gc(true)
    return heapStats()
  }
  await round(1000)
  const before = await round(1000)
  const after = await round(8000)
  for (const type of [
    'ReadableStream',
    'AbortSignal',
    'AbortController',
    'Response',
    'Request',
    'Timeout',
    'Promise',
    'Exchange',
  ]) {
    const grown = (after.objectTypeCounts[type] ?? 0) - (before.objectTypeCounts[type] ?? 0)
    expect(grown, type).toBeLessThan(100)
  }
  expect(after.heapSize - before.heapSize).toBeLessThan(2 * 2 ** 20)
  expect(made.gateway.drain.active()).toBe(0)
}, 60_000)
