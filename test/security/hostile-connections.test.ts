// Connections that are held, flooded, cut or filled without end: each is ended or held back, and nobody else notices.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { CHAT, listening } from '../http/world.ts'
import { post, type RawClient, rawClient } from '../http/raw-client.ts'
import { eventually, residentMemory, type RunningCligate } from '../support/cligate.ts'
import {
  APIS,
  exchange,
  expectAlive,
  expectRefusal,
  get,
  parseReply,
  portOf,
  requestTo,
  startHostile,
} from './hostile-world.ts'

const MEGABYTE = 2 ** 20
const KEY = 'key-of-the-test-1'
const [chat] = APIS as [(typeof APIS)[0]]
const everyApi = APIS.map((api) => [api.name, api] as const)
const keyed = { 'x-api-key': KEY }

let gate: RunningCligate
beforeAll(async () => {
  gate = await startHostile({ server: { api_keys: [KEY] } })
}, 60_000)
afterEach(() => expectAlive(gate, keyed))
afterAll(async () => {
  await gate?.stop()
})

/** Sends 100 pieces of a megabyte, whatever the answer is; ends early where the connection does, or takes nothing for a second. */
async function flood(client: RawClient, piece: Buffer): Promise<void> {
  for (let sent = 0; sent < 100 && !client.socket.destroyed; sent += 1) {
    if (client.socket.write(piece)) continue
    const drained = new Promise((resolve) => client.socket.once('drain', () => resolve(true)))
    if (!(await Promise.race([drained, client.closed.then(() => false), Bun.sleep(1000)]))) return
  }
}

const plain = Buffer.alloc(MEGABYTE, ' ')
const chunked = Buffer.concat([Buffer.from('100000\r\n'), plain, Buffer.from('\r\n')])
const head = (path: string, more: Record<string, string>) =>
  `POST ${path} HTTP/1.1\r\n${Object.entries({ host: '127.0.0.1', 'content-type': 'application/json', ...more })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`

describe.each(everyApi)('100 MB to %s', (_, api) => {
  const path = api.path('demo/echo')

  test('with their length are refused before they come', async () => {
    const client = rawClient(portOf(gate))
    client.send(head(path, { ...keyed, 'content-length': String(100 * MEGABYTE) }))
    const reply = parseReply(await client.until('}'))
    expect([reply.status, reply.body]).toEqual([413, expect.stringContaining('larger than the limit')])
    client.kill()
  })

  test('in chunks are refused at the limit', async () => {
    const before = await residentMemory(gate.pid)
    const client = rawClient(portOf(gate))
    client.send(head(path, { ...keyed, 'transfer-encoding': 'chunked' }))
    await flood(client, chunked)
    expect(await client.until('larger than the limit')).toStartWith('HTTP/1.1 413')
    expect((await residentMemory(gate.pid)) - before).toBeLessThan(300 * MEGABYTE)
    client.kill()
  }, 60_000)

  test('without a key are refused before they are read, and cost no memory', async () => {
    const before = await residentMemory(gate.pid)
    for (const [framing, piece] of [
      [{ 'content-length': String(100 * MEGABYTE) }, plain],
      [{ 'transfer-encoding': 'chunked' }, chunked],
    ] as [Record<string, string>, Buffer][]) {
      const client = rawClient(portOf(gate))
      client.send(head(path, framing))
      await flood(client, piece)
      expect(await client.until('API key')).toStartWith('HTTP/1.1 401')
      client.kill()
    }
    expect((await residentMemory(gate.pid)) - before).toBeLessThan(64 * MEGABYTE)
  }, 60_000)
})

describe('slow clients', () => {
  /** Sends `text` byte by byte, a byte each 200 ms, and tells how many went out before the connection was ended. */
  async function drip(client: RawClient, text: string): Promise<number> {
    const deadline = Date.now() + 40_000
    let sent = 0
    while (!client.socket.destroyed && sent < text.length && Date.now() < deadline) {
      client.send(text.charAt(sent))
      sent += 1
      await Bun.sleep(200)
    }
    return sent
  }

  test('that drip their headers or their body are cut off, whatever they send in between', async () => {
    await using made = listening({ idleTimeout: 1 })
    const [headers, body, silent] = [1, 2, 3].map(() => rawClient(made.port)) as [RawClient, RawClient, RawClient]
    const request = post(CHAT, { 'x-padding': 'x'.repeat(1000) })
    body.send(request.slice(0, request.indexOf('\r\n\r\n') + 4))
    silent.send('POST /v1/chat')
    const [sentHeaders, sentBody] = await Promise.all([
      drip(headers, request),
      drip(body, ' '.repeat(1000)),
      silent.closed,
    ])
    // Both would have gone on for minutes.
    expect(sentHeaders).toBeLessThan(200)
    expect(sentBody).toBeLessThan(200)
    expect(headers.received() + body.received()).not.toContain('200 OK')
    const quick = rawClient(made.port)
    quick.send(post(CHAT))
    expect(await quick.until('Hello there')).toStartWith('HTTP/1.1 200')
    quick.kill()
  }, 60_000)

  test('that never read their stream are given up, and their turn is cancelled', async () => {
    let cancelled = false
    const text = 'x'.repeat(256 * 1024)
    const wait = { keepAliveMs: 200, headAfterMs: 1000, stallMs: 500 }
    await using made = listening({
      ...wait,
      async *run(_turn, signal) {
        signal.addEventListener('abort', () => (cancelled = true))
        yield [
          { type: 'stream-start', model: 'm', created: 0 },
          { type: 'text-start', block: 0 },
        ]
        while (!signal.aborted) {
          yield [{ type: 'text-delta', block: 0, text }]
          await Bun.sleep(1)
        }
      },
    })
    const client = rawClient(made.port)
    client.socket.pause()
    client.send(post({ ...CHAT, stream: true }))
    await eventually('it is cancelled', () => cancelled, 40_000)
    expect(made.lines).toMatchObject([{ aborted: true }])
    expect(made.gateway.drain.active()).toBe(0)
    client.kill()
  }, 60_000)

  test('in hundreds hold nobody up', async () => {
    const slow = Array.from({ length: 300 }, () => rawClient(portOf(gate)))
    slow.forEach((client, at) =>
      client.send(at % 2 === 0 ? 'GET /v1/mod' : head('/v1/messages', { 'content-length': '1000' })),
    )
    for (let round = 0; round < 5; round += 1) await expectAlive(gate, keyed)
    for (const client of slow) client.kill()
  }, 30_000)
})

describe('pipelining', () => {
  test('ten requests at once: nobody gets the answer of another, and no turn goes on behind', async () => {
    const client = rawClient(portOf(gate))
    const words = Array.from({ length: 10 }, (_, at) => `word-${at}-`)
    client.send(words.map((word) => post(chat.body(`${word} /wait 1`), keyed)).join(''))
    await Promise.race([client.closed, Bun.sleep(2000)])
    const seen = [...client.received().matchAll(/word-(\d+)-/g)].map(([, number]) => Number(number))
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    client.kill()
  })

  test('a second request hidden in the body of a refused one is not served', async () => {
    const hidden = get('/v1/models', { ...keyed, connection: 'close' })
    const client = rawClient(portOf(gate))
    client.send(head('/v1/chat/completions', { 'content-length': String(hidden.length) }) + hidden)
    const text = await client.until('}}')
    await Bun.sleep(200)
    expect(text).toStartWith('HTTP/1.1 401')
    expect(client.received()).not.toContain('"object":"list"')
    client.kill()
  })

  test.each<[string, Record<string, string>]>([
    ['a length and chunks', { 'content-length': '5', 'transfer-encoding': 'chunked' }],
    ['two lengths', { 'content-length': '5', 'Content-Length': '500' }],
    ['chunks twice', { 'transfer-encoding': 'chunked, chunked' }],
    ['a length with a sign', { 'content-length': '+5' }],
    ['a hexadecimal length', { 'content-length': '0x5' }],
    ['two lengths in one', { 'content-length': '5, 5' }],
    ['another encoding', { 'transfer-encoding': 'gzip' }],
    ['an encoding with a space', { 'transfer-encoding ': 'chunked' }],
  ])(
    'a request with %s is never two',
    async (_name, framing) => {
      const client = rawClient(portOf(gate))
      client.send(`${head('/v1/chat/completions', { ...keyed, ...framing })}0\r\n\r\n${get('/v1/models', keyed)}`)
      await Promise.race([client.closed, Bun.sleep(1500)])
      expect(client.received()).not.toContain('"object":"list"')
      client.kill()
    },
    10_000,
  )
})

describe('heads', () => {
  test.each([
    ['a path of 20 KB', get(`/${'a'.repeat(20_000)}`)],
    ['a query of 20 KB', get(`/v1/models?key=${'a'.repeat(20_000)}`)],
    ['a key of 20 KB', get('/v1/models', { authorization: `Bearer ${'a'.repeat(20_000)}` })],
    ['a cookie of 1 MB', get('/v1/models', { cookie: 'a'.repeat(MEGABYTE) })],
    [
      'a thousand headers',
      get('/v1/models', Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`x-${at}`, '']))),
    ],
  ])('%s: 431', async (_name, bytes) => {
    const client = rawClient(portOf(gate))
    client.send(bytes)
    expect(await client.until('\r\n')).toStartWith('HTTP/1.1 431')
    client.kill()
  })

  test('what fits is read, and no longer than that repeated', async () => {
    const reply = await exchange(
      gate,
      requestTo(chat, chat.body('hi'), { authorization: `Bearer ${'a'.repeat(8000)}` }),
    )
    expectRefusal(chat, reply, 401, 'invalid_api_key')
    const path = await exchange(gate, get(`/${'%41'.repeat(4000)}`, keyed))
    expect(path.status).toBe(404)
    expect(path.body.length).toBeLessThan(500)
    const lineOf = () =>
      gate
        .log()
        .split('\n')
        .find((line) => line.includes('%41%41') && line.endsWith('}'))
    const logged = await eventually('it is logged', lineOf)
    expect(logged.length).toBeLessThan(1000)
  })
})

test('clients that reset their connections at any moment leave no turn behind', async () => {
  let running = 0
  let begun = 0
  await using made = listening({
    async *run(_turn, signal) {
      running += 1
      begun += 1
      try {
        yield [
          { type: 'stream-start', model: 'm', created: 0 },
          { type: 'text-start', block: 0 },
        ]
        while (!signal.aborted) {
          yield [{ type: 'text-delta', block: 0, text: 'tick ' }]
          await Bun.sleep(1)
        }
      } finally {
        running -= 1
      }
    },
  })
  const request = post({ ...CHAT, stream: true })
  for (let round = 0; round < 60; round += 1) {
    const client = rawClient(made.port)
    client.send(request.slice(0, Math.ceil((request.length * (round % 12)) / 8)))
    await Bun.sleep(round % 7)
    client.kill()
  }
  await eventually('all turns have ended', () => running === 0 && made.gateway.drain.active() === 0)
  expect(begun).toBeGreaterThan(5)
}, 30_000)
