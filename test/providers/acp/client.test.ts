// The gateway's end of the Agent Client Protocol, against a child that says what the test wants.
import { describe, expect, test } from 'bun:test'
import { LineTooLongError } from '../../../src/process/lines.ts'
import { AcpClient, type AcpClientOptions, type AcpSession } from '../../../src/providers/acp-client.ts'
import { AcpError } from '../../../src/providers/acp-errors.ts'
import type { AcpEvent } from '../../../src/providers/acp-types.ts'
import { answer, failure, type FakeChild, fakeChild, says, type Sent, update } from './fake-child.ts'

const connect = (child: FakeChild, options: Partial<AcpClientOptions> = {}) =>
  AcpClient.connect(child, { name: 'Test agent', ...options })

const PROMPT = [{ type: 'text' as const, text: 'hi' }]
const failureOf = async (action: Promise<unknown>) =>
  await action.then(
    () => undefined,
    (error: unknown) => error,
  )
const textsOf = (events: readonly AcpEvent[]) =>
  events.flatMap((event) =>
    event.type === 'update' &&
    event.update.sessionUpdate === 'agent_message_chunk' &&
    event.update.content.type === 'text'
      ? [event.update.content.text]
      : [],
  )

/** Reads a prompt to its end. */
async function read(session: AcpSession, signal?: AbortSignal): Promise<AcpEvent[][]> {
  return await Array.fromAsync(session.prompt(PROMPT, { signal }))
}

describe('requests', () => {
  test('what is offered at the beginning: no files and no terminal', async () => {
    const child = fakeChild(({ id }) =>
      child.say(answer(id, { protocolVersion: 1, agentInfo: { name: 'a', version: '1' } })),
    )
    const client = await connect(child)
    expect(await client.initialize()).toMatchObject({ agentInfo: { version: '1' } })
    expect(child.told[0]).toMatchObject({
      method: 'initialize',
      params: {
        protocolVersion: 1,
        clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
      },
    })
  })

  test('sessions are opened, loaded and resumed', async () => {
    const child = fakeChild(({ id }) => child.say(answer(id, { sessionId: 's' })))
    const client = await connect(child)
    expect((await client.newSession({ cwd: '/w' })).sessionId).toBe('s')
    await client.loadSession('s', { cwd: '/w', mcpServers: [] })
    await client.resumeSession('s', { cwd: '/w', meta: { more: 1 } })
    await client.setModel('s', 'big')
    expect(child.told.map(({ method, params }) => [method, params])).toEqual([
      ['session/new', { cwd: '/w', mcpServers: [] }],
      ['session/load', { sessionId: 's', cwd: '/w', mcpServers: [] }],
      ['session/resume', { sessionId: 's', cwd: '/w', mcpServers: [], _meta: { more: 1 } }],
      ['session/set_model', { sessionId: 's', modelId: 'big' }],
    ])
  })

  test('an error of the agent keeps its code and data', async () => {
    const child = fakeChild(({ id }) => child.say(failure(id, 429, 'slow down', { details: 'x' })))
    const error = await failureOf((await connect(child)).request('any', {}))
    expect(error).toBeInstanceOf(AcpError)
    expect(error).toMatchObject({ code: 429, message: 'slow down', data: { details: 'x' } })
  })

  test('an abort ends the waiting with its reason; the late answer harms nobody', async () => {
    const child = fakeChild()
    const client = await connect(child)
    const stop = new AbortController()
    const waiting = failureOf(client.request('any', {}, stop.signal))
    const { id } = await child.hears('any')
    stop.abort(new Error('enough'))
    expect(await waiting).toEqual(new Error('enough'))
    child.say(answer(id, {}))
    expect(await failureOf(client.request('more', {}, stop.signal))).toEqual(new Error('enough'))
    expect(child.told.map(({ method }) => method)).toEqual(['any'])
  })

  test('a child that ends fails what waits for it, and what is asked later', async () => {
    const child = fakeChild()
    const client = await connect(child)
    const waiting = failureOf(client.request('any', {}))
    await child.hears('any')
    child.end({ code: 3 })
    const expected = {
      code: 'provider_error',
      message: 'Test agent ended before its answer was complete (exit code 3).',
    }
    expect(await waiting).toMatchObject(expected)
    expect(await failureOf(client.request('more', {}))).toMatchObject(expected)
  })

  test('what is no message is passed over', async () => {
    const child = fakeChild(({ id }) =>
      child.say('Starting…', '[1, 2]', '{"log": true}', '{"jsonrpc":', answer(id, { ok: 1 })),
    )
    expect(await (await connect(child)).request<unknown>('any', {})).toEqual({ ok: 1 })
  })
})

describe('requests of the agent', () => {
  const ask = (method: string) => ({ jsonrpc: '2.0', id: 77, method, params: { sessionId: 's', path: '/etc/passwd' } })
  const replyTo = async (child: FakeChild): Promise<Sent> => {
    while (true) {
      const reply = child.told.find(({ id, method }) => id === 77 && method === undefined)
      if (reply) return reply
      await Bun.sleep(1)
    }
  }

  test.each(['fs/read_text_file', 'fs/write_text_file', 'terminal/create', 'craft/drainMidTurnQueue', 'toString'])(
    '%s is refused at once',
    async (method) => {
      const child = fakeChild()
      await connect(child)
      child.say(ask(method))
      expect((await replyTo(child)).error).toMatchObject({ code: -32601 })
    },
  )

  test('a permission is not given, and the session hears of it', async () => {
    const child = fakeChild()
    const client = await connect(child)
    const session = client.session('s')
    child.say(ask('session/request_permission'))
    expect((await replyTo(child)).result).toEqual({ outcome: { outcome: 'cancelled' } })
    expect(await session.next()).toMatchObject([{ type: 'permission', request: { path: '/etc/passwd' } }])
  })

  test('a driver may answer otherwise, and know more methods', async () => {
    const outcome = { outcome: { outcome: 'selected' as const, optionId: 'once' } }
    const child = fakeChild()
    await connect(child, { onPermission: async () => outcome, extensions: { 'x/more': () => ({ more: true }) } })
    child.say(ask('session/request_permission'))
    expect((await replyTo(child)).result).toEqual(outcome)
    const other = fakeChild()
    await connect(other, { extensions: { 'x/more': () => ({ more: true }) } })
    other.say(ask('x/more'))
    expect((await replyTo(other)).result).toEqual({ more: true })
  })
})

describe('prompts', () => {
  test('all that one read brings is one array; the end comes last', async () => {
    const child = fakeChild(({ id, method }) => {
      if (method !== 'session/prompt') return
      child.say(says('s', 'a'), says('s', 'b'), says('other', 'x'))
      setTimeout(() => child.say(says('s', 'c'), answer(id, { stopReason: 'end_turn' })), 10)
    })
    const session = (await connect(child)).session('s')
    const batches = await read(session)
    expect(batches.map(textsOf)).toEqual(expect.arrayContaining([['a', 'b'], ['c']]))
    expect(batches.flat().at(-1)).toEqual({ type: 'stop', response: { stopReason: 'end_turn' } })
    expect(batches.every((batch) => batch.length > 0)).toBe(true)
  })

  test('updates of any kind get through, known or not', async () => {
    const child = fakeChild(({ id }) => {
      child.say(update('s', { sessionUpdate: 'of_tomorrow', more: [1] }), answer(id, { stopReason: 'end_turn' }))
    })
    const [first] = await read((await connect(child)).session('s'))
    expect(first?.[0]).toMatchObject({ type: 'update', update: { sessionUpdate: 'of_tomorrow', more: [1] } })
  })

  test('an error comes behind what was said before it', async () => {
    const child = fakeChild(({ id }) => child.say(says('s', 'a'), failure(id, 500, 'terminated')))
    const session = (await connect(child)).session('s')
    const seen: AcpEvent[] = []
    const reading = async () => {
      for await (const events of session.prompt(PROMPT)) seen.push(...events)
    }
    expect(await failureOf(reading())).toMatchObject({ code: 500 })
    expect(textsOf(seen)).toEqual(['a'])
    await session.settled()
  })

  test('an abort tells the agent, and throws its reason at once; the session settles with the answer', async () => {
    const child = fakeChild(({ method }) => {
      if (method === 'session/prompt') child.say(says('s', 'a'))
    })
    const session = (await connect(child)).session('s')
    const stop = new AbortController()
    const reading = failureOf(read(session, stop.signal))
    const { id } = await child.hears('session/prompt')
    stop.abort(new Error('enough'))
    expect(await reading).toEqual(new Error('enough'))
    expect((await child.hears('session/cancel')).params).toEqual({ sessionId: 's' })
    let settled = false
    const settling = session.settled().then(() => (settled = true))
    await Bun.sleep(5)
    expect(settled).toBe(false)
    child.say(answer(id, { stopReason: 'cancelled' }))
    await settling
  })

  test('a reader who leaves tells the agent', async () => {
    const child = fakeChild(({ method }) => {
      if (method === 'session/prompt') child.say(says('s', 'a'))
    })
    const session = (await connect(child)).session('s')
    for await (const _ of session.prompt(PROMPT)) break
    expect((await child.hears('session/cancel')).params).toEqual({ sessionId: 's' })
  })

  test('an answer that was read to its end is not cancelled', async () => {
    const child = fakeChild(({ id }) => child.say(answer(id, { stopReason: 'end_turn' })))
    await read((await connect(child)).session('s'))
    await Bun.sleep(5)
    expect(child.told.map(({ method }) => method)).toEqual(['session/prompt'])
  })

  test('a child that ends in mid-answer is an error, also for a session that only listens', async () => {
    const child = fakeChild(({ method }) => {
      if (method === 'session/prompt') child.say(says('s', 'a'))
    })
    const client = await connect(child)
    const reading = failureOf(read(client.session('s')))
    const listening = failureOf(client.session('t').next())
    await child.hears('session/prompt')
    child.end({ code: null, signal: 'SIGSEGV' })
    expect(await reading).toMatchObject({ code: 'provider_error', message: expect.stringContaining('signal SIGSEGV') })
    expect(await listening).toMatchObject({ code: 'provider_error' })
    expect(await failureOf(client.session('u').next())).toMatchObject({ code: 'provider_error' })
  })

  test('a line without end is an error, and the end of the child', async () => {
    const child = fakeChild()
    const reading = failureOf(read((await connect(child)).session('s')))
    await child.hears('session/prompt')
    child.breakWith(new LineTooLongError(10))
    expect(await reading).toMatchObject({ code: 'provider_error', message: expect.stringContaining('too long') })
    expect(await child.exited).toMatchObject({ signal: 'SIGKILL' })
  })

  test('a slow reader holds the agent back, but not where others share the process', async () => {
    const flood = (child: FakeChild) => {
      for (let count = 0; count < 5000; count += 1) child.say(says('s', 'x'))
    }
    const consumed = async (holdBack: boolean) => {
      const child = fakeChild()
      const client = await connect(child, { holdBack })
      const session = client.session('s')
      flood(child)
      child.say(answer(0, { late: true }))
      const request = client.request('any', {})
      const settled = await Promise.race([request.then(() => true), Bun.sleep(50).then(() => false)])
      const first = await session.next()
      for (let read = first.length; read < 5000;) read += (await session.next()).length
      await request
      return { settled, first: first.length }
    }
    const held = await consumed(true)
    expect(held.settled).toBe(false)
    expect(held.first).toBeLessThan(3000)
    const free = await consumed(false)
    expect(free.settled).toBe(true)
    expect(free.first).toBe(5000)
  })
})
