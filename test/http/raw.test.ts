import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { tmpdir } from 'node:os'
import { GatewayError } from '../../src/core/error.ts'
import type { RawExit, RawRequest, RawRun } from '../../src/core/raw.ts'
import type { Gateway } from '../../src/http/gateway.ts'
import { hashKey } from '../../src/policy/issued-keys.ts'
import { RawStream } from '../../src/http/raw-stream.ts'
import { allEvents, eventsOf, messagesOf } from '../real/harness/raw-world.ts'
import { listening, world } from './world.ts'

const EXIT: RawExit = { code: 0, signal: null, stopped: false }

/** A world whose CLI says these lines. */
function saying(batches: string[][], exit: RawExit = EXIT, failure?: Error) {
  const asked: RawRequest[] = []
  const raw: Gateway['raw'] = {
    start: async (request) => {
      asked.push(request)
      return {
        id: 'chat_1',
        provider: request.provider,
        lines: (async function* () {
          yield* batches
          if (failure) throw failure
        })(),
        exited: Promise.resolve(exit),
        lastWords: () => 'It is broken.',
      } satisfies RawRun
    },
    stop: (id) => Promise.resolve(id === 'chat_1'),
  }
  return { ...world({ raw, headAfterMs: 10_000 }), asked }
}

const post = (body: object | string = { prompt: 'hi' }, headers: Record<string, string> = {}) =>
  new Request('http://localhost/chat', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

describe('POST /chat', () => {
  test('gives each line as a message, and done with the id, which the head has too', async () => {
    const { app, lines } = saying([['{"a":1}', '{"b":2}'], ['{"c":"ü\u2028"}']])
    const response = await app.fetch(post())
    expect(response.headers.get('content-type')).toStartWith('text/event-stream')
    expect(response.headers.get('x-cligate-process-id')).toBe('chat_1')
    expect(await allEvents(response)).toEqual([
      { event: 'message', data: '{"a":1}' },
      { event: 'message', data: '{"b":2}' },
      { event: 'message', data: '{"c":"ü\u2028"}' },
      { event: 'done', data: '{"process_id":"chat_1","exit_code":0,"signal":null}' },
    ])
    expect(lines[0]).toMatchObject({ dialect: 'raw', provider: 'claude', status: 200 })
  })

  test('hands the fields over', async () => {
    const { app, asked } = saying([['x']])
    await allEvents(
      await app.fetch(
        post({
          prompt: 'hi',
          provider: 'codex',
          model: 'm',
          system_prompt: 's',
          append_system_prompt: 'a',
          max_turns: 3,
          json_schema: { type: 'object' },
        }),
      ),
    )
    expect(asked).toEqual([
      {
        prompt: 'hi',
        provider: 'codex',
        model: 'm',
        system: 's',
        appendSystem: 'a',
        maxTurns: 3,
        jsonSchema: { type: 'object' },
        agent: undefined,
      },
    ])
  })

  test('a key without the scope admin has no agent in a folder', async () => {
    const started: unknown[] = []
    const key = { id: 'key_1', name: 'k', hash: hashKey('cligate_k').toString('hex'), prefix: '', createdAt: 0 }
    const withScope = (scope: 'infer' | 'admin') =>
      world({
        agentMode: { roots: [tmpdir()], skipPermissions: false },
        access: {
          keys: [],
          hosts: [],
          origins: [],
          issued: { keys: () => [{ ...key, scopes: [scope] }], guards: () => true, used: () => {} },
        },
        raw: {
          start: (asked) => (started.push(asked), Promise.reject(new GatewayError('overloaded', 'started'))),
          stop: () => Promise.resolve(false),
        },
      }).app
    const ask = async (scope: 'infer' | 'admin') => {
      const request = post({ prompt: 'hi', cwd: tmpdir() })
      request.headers.set('authorization', 'Bearer cligate_k')
      return (await withScope(scope).fetch(request)).status
    }
    expect(await ask('infer')).toBe(403)
    expect(started).toEqual([])
    expect(await ask('admin')).toBe(503)
    expect(started).toHaveLength(1)
  })

  test('a CLI that ends with an error after its lines has an end like others', async () => {
    const { app } = saying([['x']], { ...EXIT, code: 1 })
    expect((await allEvents(await app.fetch(post()))).at(-1)!.data).toContain('"exit_code":1')
  })

  test('a CLI that says nothing and fails is a status, and the log has its words', async () => {
    const { app, failures } = saying([], { ...EXIT, code: 1 })
    const response = await app.fetch(post())
    expect(response.status).toBe(502)
    expect(await response.text()).not.toContain('broken')
    expect(failures).toContainEqual(expect.objectContaining({ stderr: 'It is broken.' }))
  })

  test('one that was stopped before it said anything is done', async () => {
    const { app } = saying([], { code: null, signal: 'SIGKILL', stopped: true })
    expect(await allEvents(await app.fetch(post()))).toEqual([
      { event: 'done', data: '{"process_id":"chat_1","exit_code":null,"signal":"SIGKILL"}' },
    ])
  })

  test('a failure behind lines is an error event', async () => {
    const { app } = saying([['x']], EXIT, new GatewayError('timeout', 'Too slow.'))
    const events = await allEvents(await app.fetch(post()))
    expect(events.map(({ event }) => event)).toEqual(['message', 'error'])
    expect(JSON.parse(events[1]!.data)).toMatchObject({
      process_id: 'chat_1',
      error: { code: 'timeout', message: 'Too slow.' },
    })
  })

  test('a comment comes after 15 seconds of silence at the latest', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const run: RawRun = {
      id: 'chat_1',
      provider: 'claude',
      exited: Promise.resolve(EXIT),
      lastWords: () => '',
      lines: (async function* () {
        yield ['x']
        await promise
      })(),
    }
    // A shorter interval of the configuration counts; the longest is a matter of reading the code.
    await using gate = listening({ raw: { start: async () => run, stop: async () => false }, keepAliveMs: 20 })
    const response = await fetch(new URL('chat', gate.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"prompt":"x"}',
    })
    const reader = response.body!.getReader()
    let seen = ''
    while (!seen.includes(': keep-alive')) seen += new TextDecoder().decode((await reader.read()).value)
    resolve()
  })

  test.each([
    ['no JSON', 'nonsense', undefined],
    ['no prompt', '{}', 'prompt'],
    ['a prompt that is none', { prompt: 3 }, 'prompt'],
    ['a field that there is not', { prompt: 'x', settings: 'x' }, 'settings'],
    ['a command', { prompt: 'x', command: 'sh' }, 'command'],
    ['the id of a session', { prompt: 'x', session_id: '--help' }, 'session_id'],
  ])('%s is a 400', async (_, body, param) => {
    const { app, asked } = saying([['x']])
    const response = await app.fetch(post(body))
    expect(response.status).toBe(400)
    if (param !== undefined) expect(await response.json()).toMatchObject({ error: { param } })
    expect(asked).toEqual([])
  })

  test('is not for web pages, which cannot send JSON unasked', async () => {
    const { app } = saying([['x']])
    expect((await app.fetch(post({ prompt: 'x' }, { 'content-type': 'text/plain' }))).status).toBe(415)
    expect((await app.fetch(post({ prompt: 'x' }, { origin: 'https://evil.example' }))).status).toBe(403)
  })
})

describe('DELETE /chat/{process_id}', () => {
  const remove = (id: string) => saying([]).app.fetch(new Request(`http://localhost/chat/${id}`, { method: 'DELETE' }))

  test('stops', async () => {
    const response = await remove('chat_1')
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ process_id: 'chat_1', stopped: true })
  })

  test.each(['chat_2', '1', '-1', 'a%00', 'x'.repeat(200)])('%s is a 404', async (id) => {
    const response = await remove(id)
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ error: { code: 'not_found' } })
  })
})

test('no line can break the framing, and JSON comes out as it went in', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('data: x', 'event: done', '\r', '\r\n', '\u2028', '\n\n', '\u0000', '\uD800'),
  )
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 8 }), (texts) => {
      const json = texts.map((text) => JSON.stringify({ text }))
      const stream = new RawStream('chat_1')
      const frames = stream.push({ choice: 0, events: json.map((line) => ({ type: 'raw', line })) })
      expect(messagesOf(eventsOf(frames))).toBe(json.map((line) => `${line}\n`).join(''))
      const odd = stream.push({
        choice: 0,
        events: texts.map((text) => ({ type: 'raw', line: text.replaceAll('\n', '') })),
      })
      for (const line of odd.split(/\r\n|\r|\n/))
        expect(line === '' || line.startsWith('data: ') || line === 'event: message').toBe(true)
    }),
  )
})

test('another method of the path is a 405 that names those there are', async () => {
  const { app } = saying([])
  const response = await app.fetch(new Request('http://localhost/chat/chat_1'))
  expect(response.status).toBe(405)
  expect(response.headers.get('allow')).toBe('DELETE, OPTIONS')
})
