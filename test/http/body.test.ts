// What arrives: its size, its type, its JSON. Every refusal is a 4xx in OpenAI's shape that repeats nothing of the input.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import type { ChatRequest } from '../../src/core/request.ts'
import { eventually } from './gate.ts'
import { post, rawClient } from './raw-client.ts'
import { CHAT, chatRequest, delta, ending, listening, opening, type SocketWorld, world } from './world.ts'

const MEGABYTE = 2 ** 20

type ErrorBody = { error: { message: string; type: string; param: string | null; code: string } }

async function expectError(response: Response, status: number, code: string): Promise<ErrorBody> {
  expect(response.status).toBe(status)
  expect(response.headers.get('content-type')).toContain('application/json')
  expect(response.headers.get('x-should-retry')).toBe('false')
  const body = (await response.json()) as ErrorBody
  expect(body.error).toMatchObject({ code, message: expect.any(String), type: expect.any(String) })
  return body
}

/** Sends a body piece by piece, until the server answers or hangs up. */
async function upload(world: SocketWorld, head: string, pieces: number, frame: (piece: Uint8Array) => Uint8Array) {
  const client = rawClient(world.port)
  const piece = frame(new Uint8Array(MEGABYTE).fill(0x20))
  client.send(head)
  let sent = 0
  while (sent < pieces && !client.received().includes('\r\n\r\n') && !client.socket.destroyed) {
    const room = client.socket.write(piece)
    sent += 1
    if (!room)
      await Promise.race([new Promise((resolve) => client.socket.once('drain', resolve)), client.until('\r\n\r\n')])
    await Bun.sleep(0)
  }
  const answer = await client.until('"}}')
  client.kill()
  return { answer, sent }
}

describe('trap: a body over the limit', () => {
  test('declared, 200 MB: 413 in OpenAI’s shape at once', async () => {
    await using world = listening()
    const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${200 * MEGABYTE}\r\n\r\n`
    const { answer, sent } = await upload(world, head, 200, (piece) => piece)
    expect(answer).toStartWith('HTTP/1.1 413')
    expect(answer).toContain('"code":"request_too_large"')
    expect(sent).toBeLessThan(50)
    expect(world.lines).toMatchObject([{ status: 413, error: 'request_too_large' }])
  })

  test('chunked, 200 MB: 413 in OpenAI’s shape when the limit is passed, without holding what comes behind', async () => {
    await using world = listening()
    const before = process.memoryUsage().rss
    const head =
      'POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n'
    const frame = (piece: Uint8Array) =>
      Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')])
    const { answer, sent } = await upload(world, head, 200, frame)
    expect(answer).toStartWith('HTTP/1.1 413')
    expect(answer).toContain('"code":"request_too_large"')
    expect(sent).toBeGreaterThan(30)
    expect(sent).toBeLessThan(100)
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * MEGABYTE)
  })

  test('the limit itself is let in, one byte more is not, whichever way it is sent', async () => {
    const text = JSON.stringify(CHAT)
    await using exact = listening({ bodyLimit: Buffer.byteLength(text) })
    const send = (body: string, chunked: boolean) =>
      fetch(new URL('/v1/chat/completions', exact.url), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: chunked ? new Blob([body]).stream() : body,
      })
    for (const chunked of [false, true]) {
      expect((await send(text, chunked)).status).toBe(200)
      await expectError(await send(`${text} `, chunked), 413, 'request_too_large')
    }
  })

  test('on a path that nobody serves is not read', async () => {
    await using world = listening()
    const head = `POST /nothing HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: ${200 * MEGABYTE}\r\n\r\n`
    const { answer, sent } = await upload(world, head, 200, (piece) => piece)
    expect(answer).toStartWith('HTTP/1.1 404')
    expect(sent).toBeLessThan(50)
  })
})

describe('content types', () => {
  test.each(['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON', 'application/vnd.api+json'])(
    '%s is JSON',
    async (type) => {
      expect((await world().app.fetch(chatRequest(CHAT, { 'content-type': type }))).status).toBe(200)
    },
  )

  // The types a page can send to another site without asking, and no type at all, which it can too.
  test.each([
    'text/plain',
    'text/plain; application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'application/octet-stream',
    '',
  ])('trap: %j is refused', async (type) => {
    const request = chatRequest(CHAT, { 'content-type': type })
    if (type === '') request.headers.delete('content-type')
    const made = world()
    await expectError(await made.app.fetch(request), 415, 'unsupported_media_type')
    expect(made.lines).toHaveLength(1)
  })

  test('a compressed body is refused: what it expands to has no bound', async () => {
    const request = chatRequest(CHAT, { 'content-encoding': 'gzip' })
    await expectError(await world().app.fetch(request), 415, 'unsupported_media_type')
  })
})

describe('trap: what is not JSON', () => {
  const canary = 'canary-prompt'
  test.each([
    `{"model": "${canary}`,
    `{"model": ${canary}}`,
    `{"model": "${canary}"} trailing`,
    `'${canary}'`,
    '',
    '   ',
    'undefined',
    '{"a":01}',
    '[1,]',
    '\u0000',
    '['.repeat(100_000),
  ])('%#: 400, nothing repeated', async (body) => {
    const answer = await expectError(await world().app.fetch(chatRequest(body)), 400, 'invalid_request')
    expect(JSON.stringify(answer)).not.toContain(canary)
  })

  test.each([
    'null',
    '[]',
    '"text"',
    '5',
    '{}',
    '{"model":"demo/chat"}',
    '{"model":"demo/chat","messages":[]}',
    '{"model":"--help","messages":[{"role":"user","content":"x"}]}',
    '{"model":1e999,"messages":[{"role":"user","content":"x"}]}',
    `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
  ])('%s is JSON, but no request: 400', async (body) => {
    await expectError(await world().app.fetch(chatRequest(body)), 400, 'invalid_request')
  })

  test('a million wrong messages are one short error, soon', async () => {
    const body = `{"model":"demo/chat","messages":[${'5,'.repeat(1_000_000)}5]}`
    const started = performance.now()
    const answer = await expectError(await world().app.fetch(chatRequest(body)), 400, 'invalid_request')
    expect(JSON.stringify(answer).length).toBeLessThan(500)
    expect(performance.now() - started).toBeLessThan(3000)
  })

  test.each(['{"__proto__":{"polluted":1},', '{"constructor":{"prototype":{"polluted":1}},', '{"model":"other",'])(
    'harmless: %s',
    async (start) => {
      const body = start + JSON.stringify(CHAT).slice(1)
      const response = await world().app.fetch(chatRequest(body))
      expect(response.status).toBe(200)
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    },
  )

  test('bytes that are no UTF-8 harm nobody', async () => {
    const text = JSON.stringify({ ...CHAT, messages: [{ role: 'user', content: 'MARK' }] })
    const [before, after] = text.split('MARK') as [string, string]
    const body = Buffer.concat([Buffer.from(before), Buffer.from([0xff, 0xfe, 0xc3]), Buffer.from(after)])
    const request = new Request('http://localhost/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    expect((await world().app.fetch(request)).status).toBe(200)
  })

  test('a connection that ends in the middle of the JSON is not half a request', async () => {
    let turns = 0
    await using world = listening({
      async *run() {
        turns += 1
        yield [...opening(), ...ending()]
      },
    })
    const client = rawClient(world.port)
    const text = post(CHAT)
    client.send(text.slice(0, -1))
    await eventually(() => world.gateway.drain.active() === 1)
    client.kill()
    await eventually(() => world.lines.length === 1)
    expect(turns).toBe(0)
  })
})

test('trap: characters cut by chunk borders on the way in', async () => {
  const seen: ChatRequest[] = []
  await using world = listening({
    async *run({ request }) {
      seen.push(request)
      yield [...opening(), ...delta('ok'), ...ending()]
    },
  })
  const piece = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('漢字', '🦊', 'é́', '👩‍👩‍👧', '\u2028'))
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 20 }),
      fc.array(fc.nat(400), { maxLength: 12 }),
      async (parts, cuts) => {
        const content = `>${parts.join('')}`
        const bytes = Buffer.from(JSON.stringify({ ...CHAT, messages: [{ role: 'user', content }] }))
        const borders = [0, ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length]
        const body = new ReadableStream({
          async start(controller) {
            for (const [index, border] of borders.slice(1).entries()) {
              if (border > borders[index]!) controller.enqueue(bytes.subarray(borders[index], border))
              await Bun.sleep(0)
            }
            controller.close()
          },
        })
        seen.length = 0
        const response = await fetch(new URL('/v1/chat/completions', world.url), {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body,
        })
        expect(response.status).toBe(200)
        expect(seen[0]?.messages).toEqual([{ role: 'user', content: [{ type: 'text', text: content }] }])
      },
    ),
    { numRuns: 60 },
  )
})
