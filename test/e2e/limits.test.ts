// Too much of everything, from clients that send without end or do not read: refused or held back, and nobody else notices.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { post, rawClient } from '../http/raw-client.ts'
import { type RunningCligate, eventually, residentMemory, startCligate } from '../support/cligate.ts'

const MEGABYTE = 2 ** 20
const CLAUDE_OFF = { providers: { claude: { enabled: false } } }

let gate: RunningCligate
beforeAll(async () => {
  gate = await startCligate({ config: { ...CLAUDE_OFF, images: { max_count: 2, max_mb: 0.001 } } })
}, 30_000)
afterAll(async () => {
  await gate?.stop()
})

const port = () => Number(new URL(gate.url).port)
const user = (content: unknown) => [{ role: 'user', content }]
const ask = (fields: object, url = gate.url) =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'demo/echo', messages: user('hi'), ...fields }),
  })

async function expectRefused(response: Response, status: number, code: string, param: string | null = null) {
  const { error } = (await response.json()) as { error: { code: string; param: string | null } }
  expect({ status: response.status, code: error.code, param: error.param }).toEqual({ status, code, param })
}

describe('a body of 200 MB', () => {
  const HEAD = 'POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n'

  test('that says so is refused before it comes', async () => {
    const client = rawClient(port())
    client.send(`${HEAD}content-length: ${200 * MEGABYTE}\r\n\r\n`)
    const answer = await client.until('"}}')
    expect(answer).toStartWith('HTTP/1.1 413')
    expect(answer).toContain('"code":"request_too_large"')
    client.kill()
  })

  test('in chunks is refused at the limit, and costs no more than that', async () => {
    const before = await residentMemory(gate.pid)
    const client = rawClient(port())
    client.send(`${HEAD}transfer-encoding: chunked\r\n\r\n`)
    const piece = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(MEGABYTE, 0x20), Buffer.from('\r\n')])
    let sent = 0
    while (sent < 200 && !client.received().includes('"}}') && !client.socket.destroyed) {
      sent += 1
      const hasRoom = client.socket.write(piece)
      if (!hasRoom) {
        const drained = new Promise((resolve) => client.socket.once('drain', resolve))
        await Promise.race([drained, client.until('"}}').catch(() => {})])
      }
      // Else this client would not look whether it has an answer.
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await client.until('"}}')).toStartWith('HTTP/1.1 413')
    expect(sent).toBeGreaterThan(32)
    expect(sent).toBeLessThan(120)
    expect((await residentMemory(gate.pid)) - before).toBeLessThan(250 * MEGABYTE)
    client.kill()
  }, 30_000)

  test('the limit is the configured one', async () => {
    const small = await startCligate({ config: { ...CLAUDE_OFF, server: { body_limit_mb: 0.001 } } })
    try {
      expect((await ask({ messages: user('x'.repeat(900)) }, small.url)).status).toBe(200)
      await expectRefused(await ask({ messages: user('x'.repeat(1100)) }, small.url), 413, 'request_too_large')
    } finally {
      await small.stop()
    }
  }, 30_000)
})

describe('too many', () => {
  const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
  const image = (data: string) => ({ type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } })

  test('images', async () => {
    expect((await ask({ messages: user([image(PIXEL), image(PIXEL)]) })).status).toBe(200)
    const three = [image(PIXEL), image(PIXEL), image(PIXEL)]
    await expectRefused(
      await ask({ messages: user(three) }),
      400,
      'invalid_request',
      'messages[0].content[2].image_url.url',
    )
  })
  test('bytes of an image', async () => {
    const large = Buffer.concat([Buffer.from(PIXEL, 'base64'), Buffer.alloc(2000)]).toString('base64')
    const param = 'messages[0].content[0].image_url.url'
    await expectRefused(await ask({ messages: user([image(large)]) }), 413, 'request_too_large', param)
  })
  test('answers', async () => {
    expect((await ask({ n: 8 })).status).toBe(200)
    await expectRefused(await ask({ n: 9 }), 400, 'invalid_request', 'n')
  })
  test('unknown fields: the header stays small', async () => {
    const fields = Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`${'é'.repeat(60)}${at}`, 1]))
    const answer = await ask(fields)
    expect(answer.status).toBe(200)
    const ignored = answer.headers.get('x-cligate-ignored') ?? ''
    expect(ignored.length).toBeGreaterThan(100)
    expect(ignored.length).toBeLessThan(4096)
    expect(ignored).toMatch(/^[\x21-\x7e]+$/)
  })
})

describe('a client that does not read', () => {
  test('stops its answer, holds nobody up, and gets the rest when it reads again', async () => {
    // Some 40 MB: more than all the buffers on the way hold.
    const flood = { model: 'demo/echo', stream: true, n: 8, user: 'flood', messages: user('x'.repeat(4_000_000)) }
    const finished = () => gate.log().includes('"outputTokens":2000000')
    const socket = connect({ port: port(), host: '127.0.0.1' })
    let received = 0
    let tail = ''
    const done = Promise.withResolvers<void>()
    socket.on('data', (bytes: Buffer) => {
      if (received === 0) socket.pause()
      received += bytes.length
      tail = (tail + bytes.subarray(-100).toString('latin1')).slice(-100)
      if (tail.includes('[DONE]')) done.resolve()
    })
    try {
      socket.write(post(flood))
      await eventually('the answer begins', () => received > 0)
      for (let round = 0; round < 10; round += 1) {
        const started = performance.now()
        expect((await ask({})).status).toBe(200)
        expect(performance.now() - started).toBeLessThan(2000)
        await Bun.sleep(100)
      }
      expect(finished()).toBe(false)
      socket.resume()
      await done.promise
      expect(received).toBeGreaterThan(32_000_000)
      await eventually('it is logged as a whole one', finished)
    } finally {
      socket.destroy()
    }
  }, 60_000)

  test('because it was halted (kill -STOP) reads on when it is continued', async () => {
    const code = `const answer = await fetch('${gate.url}/v1/chat/completions', { method: 'POST',
      headers: { 'content-type': 'application/json' }, body: ${JSON.stringify(JSON.stringify({ model: 'demo/echo', stream: true, messages: user('/delay 2 /tokens 500') }))} })
    let text = ''
    for await (const chunk of answer.body) { if (text === '') console.log('began'); text += new TextDecoder().decode(chunk) }
    console.log(text.trimEnd().endsWith('[DONE]'))`
    const client = Bun.spawn(['bun', '-e', code], { stdout: 'pipe', stderr: 'inherit' })
    const reader = client.stdout.getReader()
    await reader.read()
    client.kill('SIGSTOP')
    expect((await ask({})).status).toBe(200)
    const ended = () => gate.log().includes('"outputTokens":500')
    await eventually('the answer is written without a reader, for it is small', ended, 20_000)
    client.kill('SIGCONT')
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('true\n')
    expect(await client.exited).toBe(0)
  }, 60_000)
})

test('200 clients that send half a request hold nobody up', async () => {
  const slow = Array.from({ length: 200 }, () => rawClient(port()))
  slow.forEach((client, at) => client.send(at % 2 === 0 ? post({}).slice(0, -1) : 'GET /v1/mod'))
  const answers = await Promise.all(Array.from({ length: 20 }, async () => (await ask({})).status))
  expect(new Set(answers)).toEqual(new Set([200]))
  for (const client of slow) client.kill()
})
