// The WebSocket of /v1/responses: by hand, with the official SDK, and with the real Codex.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { OpenAI } from 'openai'
import { ResponsesWS } from 'openai/resources/responses/ws'
import type { Batch } from '../../src/core/event.ts'
import type { ChatRequest } from '../../src/core/request.ts'
import type { RunTurn } from '../../src/core/turn.ts'
import type { Scope } from '../../src/policy/caller.ts'
import { hashKey } from '../../src/policy/issued-keys.ts'
import { createRateLimit } from '../../src/policy/rate-limit.ts'
import { delta, ending, listening, opening, type SocketWorld, type WorldOptions } from '../http/world.ts'
import { temporaryHome } from '../real/harness/real-cli.ts'
import { runCodex } from './codex-client.ts'

setDefaultTimeout(60_000)

type Message = { type: string; stream_id?: string; status?: number; sequence_number?: number; delta?: string } & {
  response?: { id: string; status: string; output: { type: string }[] }
  error?: { code: string; param: string | null; message: string }
}

/** A provider that answers with the number of the turn, and keeps what it was asked. */
function numbered() {
  const asked: ChatRequest[] = []
  const run: RunTurn = async function* ({ request }) {
    asked.push(request)
    yield [...opening(), ...delta(`answer ${asked.length}`), ...ending()]
  }
  return { asked, run }
}

/** A client that keeps all messages, and waits for those it wants. */
async function connect(gate: SocketWorld, headers: Record<string, string> = {}, path = 'v1/responses') {
  const socket = new WebSocket(`${gate.url.href.replace('http', 'ws')}${path}`, { headers } as never)
  const messages: Message[] = []
  let closed: { code: number } | undefined
  let wake = () => {}
  socket.addEventListener('message', ({ data }) => {
    messages.push(JSON.parse(String(data)) as Message)
    wake()
  })
  socket.addEventListener('close', ({ code }) => {
    closed = { code }
    wake()
  })
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', () => reject(new Error('no socket')))
  })
  const until = async <T>(find: () => T | undefined): Promise<T> => {
    while (true) {
      const found = find()
      if (found !== undefined) return found
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  const isLast = ({ type }: Message) => /^(error|response\.(completed|incomplete|failed))$/.test(type)
  return {
    socket,
    messages,
    send: (message: object) => socket.send(JSON.stringify(message)),
    /** The last message of the answer number `count`. */
    answer: (count: number) => until(() => messages.filter(isLast)[count - 1]),
    closed: () => until(() => closed),
  }
}

const create = (more: object = {}) => ({ type: 'response.create', model: 'demo/chat', input: 'Hi', ...more })

describe('a socket', () => {
  test('answers with one event a message', async () => {
    await using gate = listening()
    const client = await connect(gate)
    client.send(create())
    expect((await client.answer(1)).response?.status).toBe('completed')
    expect(client.messages.map(({ sequence_number }) => sequence_number)).toEqual(
      client.messages.map((_, index) => index),
    )
    expect(client.messages.map(({ delta }) => delta ?? '').join('')).toBe('Hello there')
    client.socket.close()
    expect(gate.lines.find(({ method }) => method === 'POST')).toMatchObject({
      status: 200,
      dialect: 'openai-responses',
    })
  })

  test('goes on from its own responses though they are not stored, also from one that was only noted', async () => {
    const { asked, run } = numbered()
    await using gate = listening({ run })
    const client = await connect(gate)
    client.send(create({ input: 'one', store: false, generate: false }))
    const noted = (await client.answer(1)).response!
    expect(noted).toMatchObject({ status: 'completed', output: [] })
    expect(asked).toHaveLength(0)
    client.send(create({ input: 'two', store: false, previous_response_id: noted.id }))
    const second = (await client.answer(2)).response!
    client.send(create({ input: 'three', store: false, previous_response_id: second.id }))
    await client.answer(3)
    const said = asked[1]!.messages.flatMap(({ role, content }) =>
      content.map((part) => [role, 'text' in part ? part.text : '']),
    )
    expect(said).toEqual([
      ['user', 'one'],
      ['user', 'two'],
      ['assistant', 'answer 1'],
      ['user', 'three'],
    ])
    // Nobody else finds them.
    const other = await connect(gate)
    other.send(create({ previous_response_id: second.id }))
    expect(await other.answer(1)).toMatchObject({
      type: 'error',
      status: 400,
      error: { code: 'previous_response_not_found' },
    })
    expect((await fetch(`${gate.url.href}v1/responses/${second.id}`)).status).toBe(404)
    for (const { socket } of [client, other]) socket.close()
  })

  test('answers lanes side by side, and one lane in turn', async () => {
    const gates = new Map<string, PromiseWithResolvers<void>>()
    const started: string[] = []
    const run: RunTurn = async function* ({ request }) {
      const [part] = request.messages[0]!.content
      const name = part?.type === 'text' ? part.text : ''
      started.push(name)
      yield opening()
      await gates.get(name)?.promise
      yield [...delta(name), ...ending()]
    }
    await using gate = listening({ run })
    const client = await connect(gate)
    gates.set('slow', Promise.withResolvers<void>())
    client.send(create({ input: 'slow', stream_id: 'a' }))
    client.send(create({ input: 'after', stream_id: 'a' }))
    client.send(create({ input: 'quick', stream_id: 'b' }))
    expect((await client.answer(1)).stream_id).toBe('b')
    expect(started.toSorted()).toEqual(['quick', 'slow'])
    gates.get('slow')!.resolve()
    expect((await client.answer(3)).stream_id).toBe('a')
    expect(started.at(-1)).toBe('after')
    client.socket.close()
  })

  test.each<[string, string, object]>([
    ['no JSON', '{', { status: 400 }],
    ['an unknown type', '{"type":"response.steer"}', { status: 400, error: { param: 'type' } }],
    ['a wrong field', JSON.stringify(create({ temperature: 9 })), { status: 400, error: { param: 'temperature' } }],
    ['the background', JSON.stringify(create({ background: true })), { status: 400, error: { param: 'background' } }],
    ['a message that is too large', JSON.stringify(create({ input: 'x'.repeat(3000) })), { status: 413 }],
  ])('%s is an error, and the socket goes on', async (_, text, expected) => {
    await using gate = listening({ bodyLimit: 2000 })
    const client = await connect(gate)
    client.socket.send(text)
    expect(await client.answer(1)).toMatchObject({ type: 'error', ...expected })
    client.send(create())
    expect((await client.answer(2)).type).toBe('response.completed')
    client.socket.close()
  })

  const waiting = (): WorldOptions & { cancelled: Promise<void>; started: Promise<void> } => {
    const cancelled = Promise.withResolvers<void>()
    const started = Promise.withResolvers<void>()
    return {
      cancelled: cancelled.promise,
      started: started.promise,
      async *run(_, signal): AsyncGenerator<Batch> {
        yield opening()
        started.resolve()
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
        cancelled.resolve()
      },
    }
  }

  test('cancels what runs for a client that leaves', async () => {
    const { cancelled, started, ...options } = waiting()
    await using gate = listening(options)
    const client = await connect(gate)
    client.send(create())
    await started
    client.socket.close()
    await cancelled
    expect(gate.gateway.drain.active()).toBe(0)
  })

  test('needs the key, and a known host and origin, like everything else', async () => {
    await using gate = listening({ access: { keys: ['the-right-key-000'], hosts: [], origins: [] } })
    const attempt = (headers: Record<string, string>) => connect(gate, headers).then(({ socket }) => socket.close())
    expect(await attempt({}).catch(() => 'refused')).toBe('refused')
    const authorization = 'Bearer the-right-key-000'
    expect(await attempt({ authorization, origin: 'https://evil.example' }).catch(() => 'refused')).toBe('refused')
    expect(await attempt({ authorization }).catch(() => 'refused')).toBeUndefined()
  })

  describe('is no way around what holds for a POST', () => {
    const keysOf = (given: { scopes: readonly Scope[] }[]) => ({
      keys: [],
      hosts: [],
      origins: [],
      issued: {
        keys: () =>
          given.map(({ scopes }) => {
            const hash = hashKey('cligate_one').toString('hex')
            return { id: 'key_1', name: 'laptop', hash, prefix: '', scopes, createdAt: 0 }
          }),
        guards: () => true,
        used: () => {},
      },
    })
    const authorization = 'Bearer cligate_one'

    test('a key that may only read opens none', async () => {
      await using gate = listening({ access: keysOf([{ scopes: ['read'] }]) })
      expect(await connect(gate, { authorization }).catch(() => 'refused')).toBe('refused')
      expect(gate.lines.at(-1)).toMatchObject({ status: 403, error: 'permission_denied' })
    })

    test.each([
      ['revoked', [], { status: 401, error: { code: 'invalid_api_key' } }],
      ['given less', [{ scopes: ['read'] }], { status: 403, error: { code: 'permission_denied' } }],
    ] as const)('a key that was %s while the socket is open asks no more', async (_, after, expected) => {
      const { asked, run } = numbered()
      const given: { scopes: readonly Scope[] }[] = [{ scopes: ['infer'] }]
      const keys = () => keysOf(given).issued.keys()
      const access = { ...keysOf(given), issued: { ...keysOf(given).issued, keys } }
      await using gate = listening({ access, run })
      const client = await connect(gate, { authorization })
      client.send(create())
      expect((await client.answer(1)).type).toBe('response.completed')
      expect(gate.lines.at(-1)).toMatchObject({ method: 'POST', key: 'key_1' })
      given.splice(0, 1, ...after)
      client.send(create())
      expect(await client.answer(2)).toMatchObject({ type: 'error', ...expected })
      expect(asked).toHaveLength(1)
      expect(gate.lines.at(-1)).toMatchObject({ method: 'POST', status: expected.status })
      client.socket.close()
    })

    test('each turn is counted as a request of its own, by its key and its address', async () => {
      const { asked, run } = numbered()
      const perMinute = { chat: 2, debug: 9, auth: 9, session: 9, health: 9, general: 9 }
      const rateLimit = await createRateLimit({ enabled: true, perMinute })
      await using gate = listening({ access: keysOf([{ scopes: ['infer'] }]), run, rateLimit })
      const client = await connect(gate, { authorization })
      for (const turn of [1, 2]) {
        client.send(create())
        expect((await client.answer(turn)).type).toBe('response.completed')
      }
      client.send(create())
      expect(await client.answer(3)).toMatchObject({
        type: 'error',
        status: 429,
        error: { code: 'rate_limit_exceeded' },
        retry_after: expect.any(Number),
      })
      expect(asked).toHaveLength(2)
      // They are the turns that a POST has no more of.
      const post = await fetch(`${gate.url.href}v1/responses`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'demo/chat', input: 'Hi' }),
      })
      expect(post.status).toBe(429)
      client.socket.close()
    })
  })

  test('below a provider asks that provider', async () => {
    const { asked, run } = numbered()
    await using gate = listening({ run })
    const client = await connect(gate, {}, 'demo/v1/responses')
    client.send(create({ model: 'echo' }))
    expect((await client.answer(1)).type).toBe('response.completed')
    expect(asked[0]).toMatchObject({ model: 'echo', provider: 'demo' })
    client.socket.close()
  })

  test('that is idle does not hold a gateway that stops', async () => {
    const gate = listening()
    const client = await connect(gate)
    client.send(create())
    await client.answer(1)
    await gate.stop(50_000)
    expect((await client.closed()).code).toBe(1001)
  })

  test('is what it needs: a plain GET is told so', async () => {
    await using gate = listening()
    const answer = await fetch(`${gate.url.href}v1/responses`)
    expect(answer.status).toBe(426)
    expect(await answer.json()).toMatchObject({ error: { type: 'invalid_request_error' } })
  })
})

test('the official SDK over a socket', async () => {
  await using gate = listening()
  const ws = new ResponsesWS(new OpenAI({ apiKey: 'unused', baseURL: `${gate.url.href}v1` }))
  const text = await new Promise<string>((resolve, reject) => {
    let said = ''
    ws.on('response.output_text.delta', ({ delta }) => (said += delta))
    ws.on('response.completed', () => resolve(said))
    ws.on('error', reject)
    ws.send({ type: 'response.create', model: 'demo/chat', input: 'Hi' })
  })
  expect(text).toBe('Hello there')
  ws.close()
})

test('the real Codex over a socket: it sends what is new, and the model sees all', async () => {
  const asked: ChatRequest[] = []
  const run: RunTurn = async function* ({ request }) {
    asked.push(request)
    if (asked.length > 1) return yield [...opening(), ...delta('Done.'), ...ending()]
    yield [
      { type: 'stream-start', model: 'm', created: 1 },
      { type: 'tool-call-start', block: 0, id: 'call_1', name: 'exec_command' },
      { type: 'tool-call-delta', block: 0, arguments: JSON.stringify({ cmd: 'echo over the socket' }) },
      { type: 'tool-call-end', block: 0 },
      { type: 'usage', usage: { input: 1, output: 1, cachedRead: 0, cacheWrite: 0, reasoning: 0 } },
      { type: 'finish', reason: 'tool-calls' },
    ]
  }
  await using gate = listening({ run })
  await using home = await temporaryHome()
  const { messages, stderr } = await runCodex(home.path, `${gate.url.href}v1`, 'gpt-5.5', ',supports_websockets=true')
  expect(messages, stderr).toEqual(['Done.'])
  // All of it over the socket, and nothing over plain requests.
  expect(gate.lines.filter(({ method }) => method === 'GET').map(({ status }) => status)).toContain(101)
  expect(gate.lines.filter(({ status }) => status >= 400 && status !== 499)).toEqual([])
  expect(asked).toHaveLength(2)
  const [first, second] = asked.map(({ messages }) => messages)
  expect(second!.slice(0, first!.length)).toEqual(first!)
  expect(JSON.stringify(second!.find(({ role }) => role === 'tool'))).toContain('over the socket')
})
