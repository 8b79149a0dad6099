// The routes over a real socket, with the official SDK, and a provider that the test leads.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NotFoundError, OpenAI } from 'openai'
import type { ResponseStreamEvent } from 'openai/resources/responses/responses'
import * as v from 'valibot'
import { GatewayError } from '../../../src/core/error.ts'
import type { Batch, ChatEvent } from '../../../src/core/event.ts'
import type { ChatRequest } from '../../../src/core/request.ts'
import type { RunTurn } from '../../../src/core/turn.ts'
import {
  ResponsesDeleted,
  ResponsesItemList,
  ResponsesResponse,
  ResponsesTokenCount,
} from '../../../src/dialects/openai-responses/schema-answer.ts'
import { RunningResponses } from '../../../src/http/running-responses.ts'
import { createResponseStore } from '../../../src/store/responses.ts'
import { IN_MEMORY } from '../../../src/store/database.ts'
import { delta, ending, listening, opening, type SocketWorld, world, type WorldOptions } from '../../http/world.ts'
import { eventsIn, reassemble } from './support.ts'

setDefaultTimeout(30_000)

const MODEL = 'demo/chat'
const LONG_AGO = 1e12

function sdk(gate: SocketWorld, apiKey = 'unused') {
  return new OpenAI({ apiKey, baseURL: `${gate.url.href}v1`, maxRetries: 0 })
}

/** A provider that keeps what it is asked and answers with the number of the turn. */
function scripted(...turns: ChatEvent[][]): { run: RunTurn; asked: ChatRequest[] } {
  const asked: ChatRequest[] = []
  return {
    asked,
    async *run({ request }) {
      asked.push(request)
      const events = turns[asked.length - 1]
      yield events ?? [...opening(), ...delta(`answer ${asked.length}`), ...ending()]
    },
  }
}

/** A provider that says a word whenever it is told to, and ends when it is told to or cancelled. */
function led() {
  const queue: Batch[] = []
  let wake = () => {}
  const state = { cancelled: false, started: 0 }
  const push = (...batch: Batch) => {
    queue.push(batch)
    wake()
  }
  const run: RunTurn = async function* (_, signal) {
    state.started += 1
    yield opening()
    signal.addEventListener('abort', () => {
      state.cancelled = true
      wake()
    })
    while (!signal.aborted) {
      const batch = queue.shift()
      if (!batch) {
        await new Promise<void>((resolve) => (wake = resolve))
        continue
      }
      yield batch
      if (batch.at(-1)?.type === 'finish') return
    }
  }
  return { run, state, say: (text: string) => push(...delta(text)), end: () => push(...ending()) }
}

async function until(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
    if (await check()) return
    await Bun.sleep(5)
  }
  throw new Error(`never: ${what}`)
}

const textsOf = ({ messages }: ChatRequest) =>
  messages.map(
    ({ role, content }) => `${role}: ${content.map((part) => ('text' in part ? part.text : part.type)).join('|')}`,
  )

describe('POST /v1/responses', () => {
  test('answers, streams, and does so without /v1', async () => {
    await using gate = listening()
    const client = sdk(gate)
    const whole = await client.responses.create({ model: MODEL, input: 'Hi' })
    expect(whole).toMatchObject({ status: 'completed', output_text: 'Hello there', model: MODEL })
    const streamed = await client.responses.stream({ model: MODEL, input: 'Hi' }).finalResponse()
    expect(streamed.output_text).toBe('Hello there')
    const bare = new OpenAI({ apiKey: 'x', baseURL: gate.url.href, maxRetries: 0 })
    expect((await bare.responses.create({ model: MODEL, input: 'Hi' })).output_text).toBe('Hello there')
    expect(gate.lines.map(({ dialect }) => dialect)).toEqual(Array(3).fill('openai-responses'))
  })

  test('a body that is not as documented, no model, no JSON: all in OpenAI’s shape', async () => {
    const { app } = world({
      plan: undefined,
      run: async function* () {
        yield await Promise.reject(new GatewayError('model_not_found', 'No such model.', { param: 'model' }))
      },
    })
    const post = (body: string, type = 'application/json') =>
      app.fetch(
        new Request('http://localhost/v1/responses', { method: 'POST', headers: { 'content-type': type }, body }),
      )
    const bodies: [Response, number, string | null][] = [
      [await post('{"model":"demo/chat"}'), 400, 'input'],
      [await post('{"model":"demo/chat","input":[{"role":"x","content":""}]}'), 400, 'input[0].role'],
      [await post('{'), 400, null],
      [await post('{}', 'text/plain'), 415, null],
      [await post('{"model":"demo/chat","input":"x"}'), 404, 'model'],
      [await post('{"model":"demo/chat","input":"x","stream":true}'), 404, 'model'],
    ]
    for (const [answer, status, param] of bodies) {
      const body = (await answer.json()) as { error: { param: string | null; message: string; type: string } }
      expect({ status: answer.status, param: body.error.param }).toEqual({ status, param })
      expect(body.error.type).toBe('invalid_request_error')
    }
  })

  test('what is ignored is in the header, and in strict mode a 400', async () => {
    const { app } = world()
    const post = (headers: Record<string, string> = {}) =>
      app.fetch(
        new Request('http://localhost/v1/responses', {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify({ model: MODEL, input: 'x', truncation: 'auto', odd: 1 }),
        }),
      )
    expect((await post()).headers.get('x-cligate-ignored')).toBe('truncation,odd')
    expect((await post({ 'x-cligate-strict': '1' })).status).toBe(400)
  })
})

describe('stored responses', () => {
  test('a conversation goes on from the one before, with all that was opaque', async () => {
    const provider = scripted([
      { type: 'stream-start', model: 'm', created: 1 },
      { type: 'reasoning-start', block: 0 },
      { type: 'reasoning-delta', block: 0, text: 'Hm.' },
      { type: 'reasoning-end', block: 0, signature: 'c2ln' },
      { type: 'tool-call-start', block: 1, id: 'call_1', name: 'look' },
      { type: 'tool-call-delta', block: 1, arguments: '{}' },
      { type: 'tool-call-end', block: 1 },
      { type: 'finish', reason: 'tool-calls' },
    ])
    await using gate = listening({ run: provider.run })
    const client = sdk(gate)
    const tools = [{ type: 'function' as const, name: 'look', parameters: {}, strict: false }]
    const first = await client.responses.create({ model: MODEL, instructions: 'Old.', input: 'Look!', tools })
    expect(JSON.stringify(first)).not.toContain('encrypted_content')
    const second = await client.responses.create({
      model: MODEL,
      instructions: 'New.',
      previous_response_id: first.id,
      input: [{ type: 'function_call_output', call_id: 'call_1', output: 'seen' }],
      tools,
    })
    expect(second).toMatchObject({ previous_response_id: first.id, output_text: 'answer 2' })
    await client.responses.create({ model: MODEL, previous_response_id: second.id, input: 'And now?' })
    const last = provider.asked[2]!
    expect(last.system).toEqual([])
    expect(provider.asked[1]!.system).toEqual([{ type: 'text', text: 'New.' }])
    expect(last.messages as unknown[]).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Look!' }] },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'Hm.', signature: 'c2ln' },
          { type: 'tool-call', id: 'call_1', name: 'look', arguments: '{}' },
        ],
      },
      {
        role: 'tool',
        content: [{ type: 'tool-result', id: 'call_1', content: [{ type: 'text', text: 'seen' }], isError: false }],
      },
      { role: 'assistant', content: [{ type: 'text', text: 'answer 2' }] },
      { role: 'user', content: [{ type: 'text', text: 'And now?' }] },
    ])
  })

  test('streamed ones are stored as well, and items are found by reference', async () => {
    const provider = scripted()
    await using gate = listening({ run: provider.run })
    const client = sdk(gate)
    const first = await client.responses.stream({ model: MODEL, input: 'one' }).finalResponse()
    await client.responses.create({
      model: MODEL,
      input: [
        { type: 'item_reference', id: first.output[0]!.id! },
        { role: 'user', content: 'two' },
      ],
    })
    expect(textsOf(provider.asked[1]!)).toEqual(['assistant: answer 1', 'user: two'])
  })

  test('are fetched, streamed again, listed and deleted', async () => {
    await using gate = listening({ run: scripted().run })
    const client = sdk(gate)
    const made = await client.responses.create({ model: MODEL, input: 'one', metadata: { a: 'b' } })
    const second = await client.responses.create({ model: MODEL, previous_response_id: made.id, input: 'two' })
    expect(await client.responses.retrieve(made.id)).toEqual(made)

    const seen: ResponseStreamEvent[] = []
    for await (const event of await client.responses.retrieve(made.id, { stream: true })) seen.push(event)
    expect(seen.at(-1)).toMatchObject({ type: 'response.completed', response: { id: made.id } })
    const again = client.responses.stream({ response_id: made.id, starting_after: 3 })
    expect((await again.finalResponse()).output_text).toBe('answer 1')

    const listed = await Array.fromAsync(client.responses.inputItems.list(second.id, { order: 'asc', limit: 1 }))
    expect(listed.map((item) => `${item.type} ${'role' in item ? item.role : ''}`)).toEqual([
      'message user',
      'message assistant',
      'message user',
    ])
    const newest = await client.responses.inputItems.list(second.id)
    expect(newest.data[0]).toMatchObject({ role: 'user', content: [{ type: 'input_text', text: 'two' }] })

    await client.responses.delete(made.id)
    expect(await client.responses.retrieve(made.id).catch((thrown: unknown) => thrown)).toBeInstanceOf(NotFoundError)
    const orphan = client.responses.create({ model: MODEL, previous_response_id: second.id, input: 'x' })
    expect(await orphan.catch((thrown: unknown) => thrown)).toMatchObject({
      status: 400,
      code: 'previous_response_not_found',
    })
  })

  test('bodies are as documented', async () => {
    const { app } = world()
    const ask = async (path: string, method = 'GET', body?: object) => {
      const init = body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
      return await (await app.fetch(new Request(`http://localhost${path}`, { method, ...init }))).json()
    }
    const made = v.parse(ResponsesResponse, await ask('/v1/responses', 'POST', { model: MODEL, input: 'x' }))
    expect(v.parse(ResponsesResponse, await ask(`/v1/responses/${made.id}`))).toEqual(made)
    expect(v.parse(ResponsesItemList, await ask(`/responses/${made.id}/input_items`)).data).toHaveLength(1)
    expect(v.parse(ResponsesDeleted, await ask(`/responses/${made.id}`, 'DELETE')).id).toBe(made.id)
    const count = await ask('/responses/input_tokens', 'POST', { model: MODEL, input: 'Hello there.' })
    expect(v.parse(ResponsesTokenCount, count).input_tokens).toBeGreaterThan(0)
  })

  test('with store: false nothing is', async () => {
    await using gate = listening()
    const client = sdk(gate)
    const made = await client.responses.create({ model: MODEL, input: 'one', store: false })
    expect(await client.responses.retrieve(made.id).catch((thrown: unknown) => thrown)).toBeInstanceOf(NotFoundError)
  })

  test('where storing is turned off nothing is, and the response says so', async () => {
    const responses = createResponseStore({ path: IN_MEMORY, enabled: false, maxAgeMs: LONG_AGO, maxBytes: 1e9 })
    await using gate = listening({ responses })
    const client = sdk(gate)
    const made = await client.responses.create({ model: MODEL, input: 'one' })
    expect(Reflect.get(made, 'store')).toBe(false)
    const background = client.responses.create({ model: MODEL, input: 'one', background: true })
    expect(await background.catch((thrown: unknown) => thrown)).toMatchObject({ status: 400, param: 'background' })
  })

  test('one key never sees another’s', async () => {
    const keys = ['key-of-alice-000', 'key-of-bob-00000']
    await using gate = listening({ access: { keys, hosts: [], origins: [] }, run: scripted().run })
    const [alice, bob] = keys.map((key) => sdk(gate, key)) as [OpenAI, OpenAI]
    const made = await alice.responses.create({ model: MODEL, input: 'secret' })
    const background = await alice.responses.create({ model: MODEL, input: 'secret', background: true })
    const attempts = [
      () => bob.responses.retrieve(made.id),
      () => bob.responses.delete(made.id),
      () => bob.responses.inputItems.list(made.id),
      () => bob.responses.retrieve(background.id),
      () => bob.responses.cancel(background.id),
      () => bob.responses.create({ model: MODEL, previous_response_id: made.id, input: 'x' }),
      () => bob.responses.create({ model: MODEL, input: [{ type: 'item_reference', id: made.output[0]!.id! }] }),
    ]
    for (const attempt of attempts) {
      const thrown = await Promise.resolve(attempt()).catch((reason: unknown) => reason)
      expect([400, 404]).toContain((thrown as { status: number }).status)
    }
    expect((await alice.responses.retrieve(made.id)).id).toBe(made.id)
  })

  test.each([
    ['/v1/responses/resp_none', 404],
    ['/v1/responses/..%2f..%2fetc', 404],
    ['/v1/responses/resp_none/input_items', 404],
    ['/v1/responses/MADE?starting_after=1', 400],
    ['/v1/responses/MADE?stream=true&starting_after=x', 400],
    ['/v1/responses/MADE/input_items?limit=0', 400],
    ['/v1/responses/MADE/input_items?order=up', 400],
    ['/v1/responses/MADE/input_items?after=msg_x', 400],
  ])('GET %s is a %i', async (path, status) => {
    const { app } = world()
    const body = JSON.stringify({ model: MODEL, input: 'x' })
    const headers = { 'content-type': 'application/json' }
    const made = await app.fetch(new Request('http://localhost/v1/responses', { method: 'POST', headers, body }))
    const { id } = (await made.json()) as { id: string }
    const answer = await app.fetch(new Request(`http://localhost${path.replace('MADE', id)}`))
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({ error: { type: 'invalid_request_error' } })
  })

  test('a wrong method is a 405 that says what is allowed', async () => {
    const { app } = world()
    const answer = await app.fetch(new Request('http://localhost/v1/responses/resp_1', { method: 'PUT' }))
    expect({ status: answer.status, allow: answer.headers.get('allow') }).toEqual({
      status: 405,
      allow: 'GET, HEAD, DELETE, OPTIONS',
    })
  })

  test('a synchronous one cannot be cancelled, and a conversation not be compacted', async () => {
    await using gate = listening()
    const client = sdk(gate)
    const made = await client.responses.create({ model: MODEL, input: 'x' })
    expect(await client.responses.cancel(made.id).catch((thrown: unknown) => thrown)).toMatchObject({ status: 400 })
    const compact = await fetch(`${gate.url.href}v1/responses/compact`, { method: 'POST', body: '{}' })
    expect(compact.status).toBe(404)
  })
})

describe('in the background', () => {
  const begin = async (options: WorldOptions = {}) => {
    const provider = led()
    const gate = listening({ run: provider.run, ...options })
    return { provider, gate, client: sdk(gate) }
  }

  test('it answers at once, runs on, and is fetched', async () => {
    const { provider, gate, client } = await begin()
    const made = await client.responses.create({ model: MODEL, input: 'x', background: true })
    expect(made).toMatchObject({ status: 'queued', background: true, output: [] })
    provider.say('Hello')
    await until('in progress', async () => (await client.responses.retrieve(made.id)).output_text === 'Hello')
    expect((await client.responses.retrieve(made.id)).status).toBe('in_progress')
    provider.end()
    await until('completed', async () => (await client.responses.retrieve(made.id)).status === 'completed')
    const done = await client.responses.retrieve(made.id)
    expect(done).toMatchObject({ output_text: 'Hello', usage: { input_tokens: 7 } })
    // The request is logged, and its work.
    expect(gate.lines.filter(({ path, method }) => method === 'POST' && path === '/v1/responses')).toMatchObject([
      { status: 200 },
      { status: 200, finish: 'stop', inputTokens: 7 },
    ])
    await gate.stop(0)
  })

  test('a client that leaves its stream does not end it, and another reads on from any event', async () => {
    const { provider, gate, client } = await begin()
    const stream = await client.responses.create({ model: MODEL, input: 'x', background: true, stream: true })
    const seen: ResponseStreamEvent[] = []
    for await (const event of stream) {
      seen.push(event)
      if (event.type === 'response.in_progress') provider.say('one ')
      // Leaving the loop closes the connection.
      if (event.type === 'response.output_text.delta') break
    }
    const [created] = seen
    if (created?.type !== 'response.created') throw new Error('not created')
    const { id } = created.response
    await until('the line of the stream', () => gate.lines.length === 1)
    expect(provider.state.cancelled).toBe(false)
    provider.say('two ')
    const rest: ResponseStreamEvent[] = []
    const reading = (async () => {
      const after = seen.at(-1)!.sequence_number
      for await (const event of await client.responses.retrieve(id, { stream: true, starting_after: after })) {
        rest.push(event)
        if (event.type === 'response.output_text.delta' && event.delta.includes('three')) provider.end()
      }
    })()
    await until('it reads on', () => rest.length > 0)
    provider.say('three')
    await reading
    expect([...seen, ...rest].map(({ sequence_number }) => sequence_number)).toEqual(
      [...seen, ...rest].map((_, index) => index),
    )
    expect(rest.at(-1)).toMatchObject({ type: 'response.completed' })
    // And all of it again, when it is over, byte for byte.
    await until('stored', async () => (await client.responses.retrieve(id)).status === 'completed')
    const bytes = await (await fetch(`${gate.url.href}v1/responses/${id}?stream=true`)).bytes()
    const events = eventsIn(bytes)
    expect(reassemble(events).texts).toEqual(['one two three'])
    expect(events as unknown[]).toEqual([...seen, ...rest] as unknown[])
    const tail = await (await fetch(`${gate.url.href}v1/responses/${id}?stream=true&starting_after=6`)).bytes()
    expect(eventsIn(tail, 7)).toEqual(events.slice(7))
    await gate.stop(0)
  })

  test('it is cancelled, once and again', async () => {
    const { provider, gate, client } = await begin()
    const made = await client.responses.create({ model: MODEL, input: 'x', background: true })
    provider.say('Hello')
    await until('begun', async () => (await client.responses.retrieve(made.id)).output_text === 'Hello')
    const cancelled = await client.responses.cancel(made.id)
    expect(cancelled).toMatchObject({ status: 'cancelled', output: [{ content: [{ text: 'Hello' }] }] })
    expect(provider.state.cancelled).toBe(true)
    expect((await client.responses.cancel(made.id)).status).toBe('cancelled')
    expect((await client.responses.retrieve(made.id)).status).toBe('cancelled')
    await gate.stop(0)
  })

  test('deleting it ends the work on it', async () => {
    const { provider, gate, client } = await begin()
    const made = await client.responses.create({ model: MODEL, input: 'x', background: true })
    await until('begun', () => provider.state.started === 1)
    await client.responses.delete(made.id)
    await until('cancelled', () => provider.state.cancelled)
    await Bun.sleep(20)
    expect(await client.responses.retrieve(made.id).catch((thrown: unknown) => thrown)).toBeInstanceOf(NotFoundError)
    await gate.stop(0)
  })

  test('what goes wrong is told by the response', async () => {
    const failing: RunTurn = async function* () {
      yield opening()
      await Promise.resolve()
      throw new GatewayError('overloaded', 'Come back later.')
    }
    const before: RunTurn = async function* () {
      yield await Promise.reject(new GatewayError('rate_limit_exceeded', 'Slowly.'))
    }
    for (const [run, code] of [
      [failing, 'server_is_overloaded'],
      [before, 'rate_limit_exceeded'],
    ] as const) {
      await using gate = listening({ run })
      const client = sdk(gate)
      const made = await client.responses.create({ model: MODEL, input: 'x', background: true })
      await until('failed', async () => (await client.responses.retrieve(made.id)).status === 'failed')
      expect((await client.responses.retrieve(made.id)).error).toMatchObject({ code })
    }
  })

  test('a request that cannot be answered is refused at once', async () => {
    const { gate, client } = await begin()
    const attempt = client.responses.create({ model: MODEL, input: [], background: true })
    expect(await attempt.catch((thrown: unknown) => thrown)).toMatchObject({ status: 400, param: 'input' })
    await gate.stop(0)
  })

  test('one that runs at the gateway before this one is fetched, streamed and cancelled by way of this one', async () => {
    const options = () => ({ path: join(folder, 'shared.sqlite'), maxAgeMs: LONG_AGO, maxBytes: 1e9 })
    const folder = mkdtempSync(join(tmpdir(), 'cligate-running-'))
    const running = new RunningResponses()
    const [first, second] = [led(), led()]
    const turns = [first.run, second.run]
    const { gate, client } = await begin({
      run: (turn, signal) => turns.shift()!(turn, signal),
      responses: createResponseStore(options()),
      running,
    })
    try {
      const made = await client.responses.create({ model: MODEL, input: 'x', background: true })
      const other = await client.responses.create({ model: MODEL, input: 'x', background: true })
      expect(gate.gateway.drain.active()).toBe(2)
      await using next = listening({ responses: createResponseStore(options()), running })
      const after = sdk(next)
      first.say('Hello')
      await until('in progress', async () => (await after.responses.retrieve(made.id)).output_text === 'Hello')
      expect(await after.responses.cancel(other.id)).toMatchObject({ status: 'cancelled' })
      expect((await client.responses.retrieve(other.id)).status).toBe('cancelled')
      expect(second.state.cancelled).toBe(true)
      first.end()
      const types: string[] = []
      for await (const { type } of await after.responses.retrieve(made.id, { stream: true })) types.push(type)
      expect(types.at(-1)).toBe('response.completed')
      expect((await after.responses.retrieve(made.id)).status).toBe('completed')
      await until('both are over', () => gate.gateway.drain.active() === 0)
    } finally {
      await gate.stop(0)
      rmSync(folder, { recursive: true })
    }
  })

  test('one caller has 20 of them at most, and leaves room for others', async () => {
    const keys = ['key-of-alice-000', 'key-of-bob-00000']
    const { gate } = await begin({ access: { keys, hosts: [], origins: [] } })
    const ask = (key: string) =>
      fetch(`${gate.url.href}v1/responses`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: MODEL, input: 'x', background: true }),
      })
    const [alice = '', bob = ''] = keys
    for (let made = 0; made < 20; made += 1) expect((await ask(alice)).status).toBe(200)
    const refused = await ask(alice)
    expect(refused.status).toBe(429)
    expect(refused.headers.get('retry-after')).toBe('10')
    expect((await ask(bob)).status).toBe(200)
    await gate.stop(0)
  })

  test('one whose gateway died has failed', async () => {
    const responses = createResponseStore({ path: IN_MEMORY, maxAgeMs: LONG_AGO, maxBytes: 1e9 })
    const { gate, client } = await begin({ responses })
    const made = await client.responses.create({ model: MODEL, input: 'x', background: true })
    await using after = listening({ responses })
    const found = await sdk(after).responses.retrieve(made.id)
    expect(found).toMatchObject({ status: 'failed', error: { code: 'server_error' } })
    await gate.stop(0)
  })
})
