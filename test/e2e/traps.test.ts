// The traps of Bun and Elysia that a gateway can fall into, each sprung against a running cligate.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { Glob } from 'bun'
import { join } from 'node:path'
import { post, rawClient } from '../http/raw-client.ts'
import { type RunningCligate, eventually, startCligate } from '../support/cligate.ts'

const ROOT = join(import.meta.dir, '../..')
const ORIGIN = 'https://app.example'
const CLAUDE_OFF = { providers: { claude: { enabled: false } } }
const KEY = 'key-of-the-test-1'

let gate: RunningCligate
beforeAll(async () => {
  gate = await startCligate({
    // CORS sets headers on every answer, which is what makes Elysia wrap responses anew.
    config: { ...CLAUDE_OFF, cors: { origins: [ORIGIN] }, server: { hosts: ['a'], api_keys: [KEY] } },
    // Bun's own error pages, with source code, are a thing of development.
    environment: { NODE_ENV: 'development' },
  })
}, 30_000)
afterAll(async () => {
  await gate?.stop()
})

const portOf = (running: RunningCligate) => Number(new URL(running.url).port)
const user = (content: string) => [{ role: 'user', content }]
const HEADERS = { authorization: `Bearer ${KEY}`, origin: ORIGIN }
const ask = (content: string, fields: object = {}) =>
  fetch(`${gate.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...HEADERS },
    body: JSON.stringify({ model: 'demo/echo', messages: user(content), ...fields }),
  })
const stream = (content: string, fields: object = {}) => ask(content, { stream: true, ...fields })

type Chunk = { choices?: { delta: { content?: string } }[]; error?: { code: string } }
/** The frames of a stream, each of which has to be one `data:` line, or a comment. */
function framesOf(text: string): (Chunk | '[DONE]')[] {
  expect(text).toEndWith('\n\n')
  return text
    .slice(0, -2)
    .split('\n\n')
    .filter((frame) => !frame.startsWith(':'))
    .map((frame) => {
      const data = /^data: (.*)$/.exec(frame)?.[1]
      if (data === undefined) throw new Error(`no frame: ${JSON.stringify(frame)}`)
      return data === '[DONE]' ? data : (JSON.parse(data) as Chunk)
    })
}
const saidIn = (text: string) =>
  framesOf(text)
    .map((frame) => (frame === '[DONE]' ? '' : (frame.choices?.[0]?.delta.content ?? '')))
    .join('')

describe('streams', () => {
  test('1: with CORS on, no character is lost where chunks of bytes are cut', async () => {
    // Long enough for hundreds of chunks on the wire, with characters of two, three and four bytes.
    const words = Array.from({ length: 30_000 }, (_, at) => ['ä', '世界', '👩‍👩‍👧‍👦', 'e\u0301'][at % 4]).join(' ')
    const answer = await stream(words)
    expect(answer.headers.get('access-control-allow-origin')).toBe(ORIGIN)
    const bytes = await answer.bytes()
    expect(saidIn(new TextDecoder('utf-8', { fatal: true }).decode(bytes))).toBe(words)
    const whole = (await (await ask(words)).json()) as { choices: { message: { content: string } }[] }
    expect(whole.choices[0]!.message.content).toBe(words)
  })

  test('2: a failure in the middle is no clean end', async () => {
    const frames = framesOf(await (await stream('', { model: 'demo/error-mid-stream' })).text())
    expect(frames.at(-1)).toMatchObject({ error: { code: 'provider_error' } })
    expect(frames).not.toContain('[DONE]')
  })

  test('3: text that looks like frames, numbers and booleans comes out as the same text', async () => {
    const evil = 'a\n\ndata: [DONE]\n\nevent: x\r\rid: 1\u2028\u2029\u0085\u0000\u001b[2J: ping\n'
    for (const text of [evil, '1', 'true', 'null', '[DONE]', 'data: {}', '\ud800']) {
      const answer = await (await stream(text)).text()
      expect(saidIn(answer)).toBe(text)
      expect(framesOf(answer).filter((frame) => frame === '[DONE]')).toHaveLength(1)
      // Readers differ in what a line break is, so nothing of the kind stands raw in a frame.
      for (const raw of ['\r', '\u2028', '\u2029', '\u0085', '\0']) expect(answer).not.toContain(raw)
    }
  })

  test('4: the head leaves while the model is silent', async () => {
    const started = performance.now()
    const answer = await stream('/wait 8000 late')
    expect(answer.status).toBe(200)
    expect(performance.now() - started).toBeLessThan(6000)
    await answer.body?.cancel()
  })

  test('7: silence does not end a stream, a comment comes', async () => {
    const patient = await startCligate({ config: { ...CLAUDE_OFF, sse: { keepalive_interval: 1, head_after_ms: 0 } } })
    try {
      const client = rawClient(portOf(patient))
      client.send(post({ model: 'demo/echo', stream: true, messages: user('/wait 2500 here') }))
      const text = await client.until('[DONE]')
      expect(text.split(': keep-alive').length - 1).toBeGreaterThanOrEqual(1)
      expect(text.indexOf(': keep-alive')).toBeLessThan(text.indexOf('here'))
      client.kill()
    } finally {
      await patient.stop()
    }
  }, 30_000)
})

describe('errors', () => {
  test('8: no page of source code, whatever fails', async () => {
    const answers = await Promise.all([
      ask('/error internal_error'),
      fetch(`${gate.url}/v1/models/%ff`, { headers: HEADERS }),
      fetch(`${gate.url}/v1/models?limit=x`, { headers: HEADERS }),
      fetch(gate.url),
    ])
    expect(answers.map(({ status }) => status)).toEqual([500, 404, 400, 401])
    for (const answer of answers) {
      expect(answer.headers.get('content-type')).toStartWith('application/json')
      expect(await answer.text()).not.toMatch(/<|\.ts|at \w+ \(/)
    }
  })

  test('9: a wrong field is a 400 in our shape, and no word of the prompt comes back', async () => {
    const answer = await ask('a secret prompt', { temperature: 'a secret value', user: 'a secret user' })
    const text = await answer.text()
    expect(answer.status).toBe(400)
    expect(JSON.parse(text)).toEqual({
      error: {
        message: 'temperature must be a number, not a string.',
        type: 'invalid_request_error',
        param: 'temperature',
        code: 'invalid_request',
      },
    })
    expect(gate.log()).not.toContain('a secret')
  })
})

describe('connections', () => {
  const chat = (content: string, fields: object = {}) =>
    post({ model: 'demo/echo', messages: user(content), ...fields }, { authorization: HEADERS.authorization })

  test('10: a host name of one letter has paths too', async () => {
    const client = rawClient(portOf(gate))
    client.send(`GET /v1/models/demo/echo HTTP/1.1\r\nhost: a\r\nx-api-key: ${KEY}\r\nconnection: close\r\n\r\n`)
    expect(await client.closed).toContain('"id":"demo/echo"')
  })

  test('11: a request sent behind an unanswered one costs both, but nobody else; one after the other is fine', async () => {
    const impatient = rawClient(portOf(gate))
    impatient.send(chat('/wait 60000 never') + chat('never'))
    expect(await impatient.closed).not.toContain('never')
    const patient = rawClient(portOf(gate))
    for (const word of ['first', 'second', 'third']) {
      patient.send(chat(word))
      expect(await patient.until(`"content":"${word}"`)).toStartWith('HTTP/1.1 200')
    }
    patient.kill()
    await eventually('the turn of the first one is cancelled', () => /"status":499[^\n]*"demo\/echo"/.test(gate.log()))
  })

  test('12: half-closing means leaving: the turn is cancelled', async () => {
    const client = rawClient(portOf(gate))
    client.send(chat('/wait 60000 never', { user: 'half', stream: true }))
    await client.until(':\n\n')
    client.socket.end()
    expect(await client.closed).not.toContain('never')
    await eventually('it is logged as left', () => /"stream":true[^\n]*"aborted":true/.test(gate.log()))
  })

  test('17: a second cligate on the port takes the next one, and none of the first one’s requests', async () => {
    const port = portOf(gate)
    const child = Bun.spawn(['bun', join(ROOT, 'src/cli.ts'), 'serve', '--port', `${port}`], {
      cwd: gate.home,
      env: { PATH: process.env.PATH ?? '', HOME: gate.home, LOG_LEVEL: 'silent' },
      stdout: 'pipe',
      stderr: 'ignore',
    })
    try {
      const { value } = await child.stdout.getReader().read()
      const own = Number(/listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(new TextDecoder().decode(value))?.[1])
      expect(own).toBeGreaterThan(port)
      // Only the first one knows the key's configuration: a request that the second one took would need none.
      const answers = await Promise.all(Array.from({ length: 30 }, () => fetch(`${gate.url}/v1/models`)))
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]))
    } finally {
      child.kill()
      await child.exited
    }
  }, 30_000)
})

describe('the house', () => {
  const sources = async () => {
    const files = [...new Glob('src/**/*.ts').scanSync(ROOT)]
    return await Promise.all(files.map(async (file) => ({ file, text: await Bun.file(join(ROOT, file)).text() })))
  }

  test('14: bunfig.toml does not switch coverage off behind the back of --coverage', async () => {
    const config = Bun.TOML.parse(await Bun.file(join(ROOT, 'bunfig.toml')).text()) as { test?: object }
    expect(config.test).not.toHaveProperty('coverage')
  })

  test('15: no file is imported with two types', async () => {
    const types = new Map<string, Set<string>>()
    for (const { file, text } of await sources()) {
      for (const [, path, type] of text.matchAll(/from '([^']+)' with \{ type: '(\w+)' \}/g)) {
        const target = join(ROOT, file, '..', path!)
        types.set(target, (types.get(target) ?? new Set()).add(type!))
      }
    }
    expect(types.size).toBeGreaterThan(1)
    for (const [file, found] of types) expect([file, found.size]).toEqual([file, 1])
  })

  test('16: no page is imported as a route, and the explorer is a page also where CORS is on', async () => {
    for (const { file, text } of await sources()) expect([file, /from '[^']+\.html'/.test(text)]).toEqual([file, false])
    const page = await fetch(`${gate.url}/docs`, { headers: HEADERS })
    expect(page.headers.get('content-type')).toStartWith('text/html')
    expect(await page.text()).toStartWith('<!doctype html>')
  })
})
