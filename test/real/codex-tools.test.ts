// Functions of the caller, called by a model behind the real Codex: what comes back, and what the service got.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { GatewayError } from '../../src/core/error.ts'
import type { ChatRequest, Message, Tool } from '../../src/core/request.ts'
import { answerTo, failureOf, request as requestOf, run, textOf } from '../providers/claude/requests.ts'
import { callOf, functionsOf, type Item, tool, WEATHER } from '../providers/codex/functions.ts'
import { codexWorld, MODEL, type World } from '../providers/codex/world.ts'
import { text } from '../upstream/replies/text.ts'
import { type Call, toolCalls } from '../upstream/replies/tool-calls.ts'
import { UNICODE_SAMPLE } from '../upstream/replies/unicode.ts'
import { answer, type Step } from '../upstream/reply.ts'

setDefaultTimeout(60_000)

/** Models with and without "Responses lite", which are told of functions in different ways. */
const MODELS = ['gpt-5.5', 'gpt-6.1-sol']
const OSLO = { name: 'get_weather', arguments: { city: 'Oslo' }, id: 'call_oslo' }
const ROME = { name: 'get_weather', arguments: { city: 'Rome' }, id: 'call_rome' }

/** Between a call and the end of the answer. Without it, a machine that is busy may let Codex ask again before it is stopped. */
const PAUSE: Step = { type: 'wait', milliseconds: 10_000 }

let world: World
beforeAll(async () => {
  world = await codexWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => {
  world.upstream.reset()
  // What a second request would be answered.
  world.upstream.default = text('There was a second request.')
})

const request = (messages: string | Message[], changes: Partial<Omit<ChatRequest, 'system' | 'sampling'>> = {}) =>
  requestOf(messages, { model: MODEL, tools: [WEATHER], ...changes })
const offered = () => functionsOf(world.upstream.turns.at(-1)!.json)
const codeOf = (error: unknown) => (error as GatewayError).code
/** Long enough for a second request to come, had the turn not been stopped. */
const settled = () => Bun.sleep(100)

describe.each(MODELS)('%s', (model) => {
  test('in a thread that was opened for a turn before, the model is told the same, and of nobody else’s functions', async () => {
    const other = tool('other')
    const bodies: { said: string; names: string[] }[] = []
    for (const tools of [[WEATHER], [WEATHER], [other], [WEATHER, other], [], [WEATHER]]) {
      world.upstream.next(text('Sunny.'))
      await answerTo(world.driver, request('weather?', { model, tools }))
      // Time for the next thread.
      await settled()
      const { prompt_cache_key: _, client_metadata: __, ...body } = world.upstream.turns.at(-1)!.json as Item
      // Codex's own number of the list.
      const said = JSON.stringify(body).replaceAll(/"at_[\da-f-]{36}"/g, '"at"')
      bodies.push({ said, names: offered().map(({ name }) => name) })
    }
    expect(bodies.map(({ names }) => names.toSorted().join())).toEqual([
      'get_weather',
      'get_weather',
      'other',
      'get_weather,other',
      '',
      'get_weather',
    ])
    expect(bodies[1]!.said).toBe(bodies[0]!.said)
    expect(bodies[5]!.said).toBe(bodies[0]!.said)
  })

  test('a call: its id, its name, its arguments as the model wrote them; one request', async () => {
    world.upstream.next(toolCalls([{ ...OSLO, arguments: ['{"city": ', '"Oslo"}'] }]))
    const answered = await answerTo(world.driver, request('weather?', { model }))
    expect(answered).toEqual({
      model,
      content: [{ type: 'tool-call', id: 'call_oslo', name: 'get_weather', arguments: '{"city": "Oslo"}' }],
      finish: 'tool-calls',
      usage: { input: 17, output: 5, cachedRead: 4, cacheWrite: 0, reasoning: 0 },
    })
    await settled()
    expect(world.upstream.turns).toHaveLength(1)
    expect(offered()).toMatchObject([
      {
        type: 'function',
        name: 'get_weather',
        description: 'The weather of a city.',
        parameters: {
          type: 'object',
          properties: { city: { type: 'string', description: 'Its name' } },
          required: ['city'],
        },
      },
    ])
  })

  test('reasoning, a text and parallel calls, in the order of the model', async () => {
    world.upstream.next(
      answer(() => [
        { type: 'thinking', text: 'Two of them.' },
        { type: 'signature', signature: 'c2VhbGVk' },
        { type: 'text', text: 'I look.' },
        callOf(OSLO),
        callOf(ROME),
        callOf({ ...OSLO, id: 'call_third' }),
      ]),
    )
    const { content, finish } = await answerTo(world.driver, request('weather?', { model }))
    expect(content).toMatchObject([
      { type: 'reasoning', text: 'Two of them.', encrypted: 'codex:c2VhbGVk' },
      { type: 'text', text: 'I look.' },
      { type: 'tool-call', id: 'call_oslo', arguments: '{"city":"Oslo"}' },
      { type: 'tool-call', id: 'call_rome', arguments: '{"city":"Rome"}' },
      { type: 'tool-call', id: 'call_third' },
    ])
    expect(finish).toBe('tool-calls')
    await settled()
    expect(world.upstream.turns).toHaveLength(1)
  })

  test('200 tools with descriptions of 10,000 characters', async () => {
    const tools = Array.from({ length: 200 }, (_, index) =>
      tool(`tool_${index}`, { description: `${index}`.repeat(5000) }),
    )
    world.upstream.next(toolCalls([{ name: 'tool_199', arguments: {}, id: 'call_1' }]))
    const { content } = await answerTo(world.driver, request('go', { model, tools }))
    expect(content).toMatchObject([{ type: 'tool-call', name: 'tool_199' }])
    expect(offered().map(({ name, description }) => ({ name, description }))).toEqual(
      tools.map(({ name, description }) => ({ name, description })),
    )
  })
})

describe('a call', () => {
  test('comes as soon as it is complete, while the model still speaks', async () => {
    const wait: Step = { type: 'wait', milliseconds: 60_000 }
    world.upstream.next(answer(() => [callOf(OSLO), wait, callOf(ROME)]))
    for await (const batch of run(world.driver, request('weather?'))) {
      if (!batch.some((event) => event.type === 'tool-call-end')) continue
      expect(world.upstream.turns[0]?.outcome).toBe('open')
      break
    }
    const turn = await world.upstream.turn(0)
    await turn.closed
    expect(turn.outcome).toBe('dropped')
  })

  test('may be written for longer than the one before it is held back', async () => {
    const pause: Step = { type: 'wait', milliseconds: 3500 }
    world.upstream.next(answer(() => [callOf(OSLO), pause, callOf(ROME)]))
    const { content, finish } = await answerTo(world.driver, request('weather?'))
    expect(content).toMatchObject([{ id: 'call_oslo' }, { id: 'call_rome' }])
    expect(finish).toBe('tool-calls')
    await settled()
    expect(world.upstream.turns).toHaveLength(1)
  })

  test.each([
    ['unicode', { text: UNICODE_SAMPLE }],
    ['nothing', {}],
    ['300,000 characters', { text: 'x'.repeat(300_000) }],
  ])('arguments: %s', async (_, value) => {
    world.upstream.next(toolCalls([{ name: 'write', arguments: value }]))
    const { content } = await answerTo(world.driver, request('go', { tools: [tool('write')] }))
    expect(content).toMatchObject([{ type: 'tool-call', arguments: JSON.stringify(value) }])
  })

  test.each([[['{"city":']], [[]], [['"Oslo']], [['{}{}']]])(
    'arguments that are no JSON are the caller’s to see: %p',
    async (pieces) => {
      world.upstream.next(answer(() => [callOf({ ...OSLO, arguments: pieces }), PAUSE]))
      const answered = await answerTo(world.driver, request('weather?'))
      expect(answered.content).toMatchObject([{ type: 'tool-call', arguments: pieces.join('') }])
      expect(answered.finish).toBe('tool-calls')
      await settled()
      expect(world.upstream.turns).toHaveLength(1)
    },
  )

  test('names that Codex keeps or does not take are the caller’s again', async () => {
    const names = [
      'exec_command',
      'shell_command',
      'mcp',
      'mcp__files__read',
      'files.read',
      'größe',
      'x'.repeat(100),
      'apply_patch',
    ]
    const told = [
      't_exec_command',
      't_shell_command',
      't_mcp',
      't_mcp__files__read',
      'files_read',
      'gr__e',
      'x'.repeat(64),
      'apply_patch',
    ]
    world.upstream.next(toolCalls(told.map((name, index) => ({ name, arguments: {}, id: `call_${index}` }))))
    const { content } = await answerTo(world.driver, request('go', { tools: names.map((name) => tool(name)) }))
    expect(content.map((part) => (part.type === 'tool-call' ? part.name : ''))).toEqual(names)
    expect(
      offered()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(told.toSorted())
  })

  test('of a function that nobody offered ends the turn with an error', async () => {
    const forbidden = { name: 'exec_command', arguments: { cmd: `touch ${world.home}/ran` } }
    world.upstream.next(answer(() => [callOf(forbidden), PAUSE]))
    expect(await failureOf(world.driver, request('go'))).toMatchObject({
      code: 'provider_error',
      message: 'The model called a tool that it was not given (exec_command).',
    })
    await settled()
    expect(world.upstream.turns).toHaveLength(1)
    expect(await Bun.file(`${world.home}/ran`).exists()).toBe(false)
  })

  test('two functions of one name are refused', async () => {
    expect(await failureOf(world.driver, request('go', { tools: [WEATHER, WEATHER] }))).toMatchObject({
      code: 'invalid_request',
      param: 'tools',
    })
    expect(world.upstream.requests).toEqual([])
  })

  test('with "none" nothing is offered, and the conversation stays', async () => {
    const messages: Message[] = [
      { role: 'assistant', content: [{ type: 'tool-call', id: 'a', name: 'mcp', arguments: '{}' }] },
      {
        role: 'tool',
        content: [{ type: 'tool-result', id: 'a', isError: false, content: [{ type: 'text', text: '5' }] }],
      },
    ]
    const asked = request(messages, { tools: [tool('mcp')], toolChoice: { type: 'none' } })
    expect(textOf(await answerTo(world.driver, asked))).toBe('There was a second request.')
    expect(offered()).toEqual([])
    const { input } = world.upstream.turns[0]!.json as { input: Item[] }
    expect(input.find(({ type }) => type === 'function_call')).toMatchObject({ name: 't_mcp' })
  })
})

test('calls that Codex answers by itself are one request each, also for 60 at a time', async () => {
  await using busy = await codexWorld({ maxQueue: 60, queueTimeout: 60_000 })
  busy.upstream.default = ({ body }) => {
    const isOdd = /"text":"\d*[13579]"/.test(body)
    const call: Call = isOdd ? { name: 'nobody_offered_this', arguments: {} } : { ...OSLO, arguments: ['{"city":'] }
    return answer(() => [callOf(call), PAUSE])
  }
  const turns = Array.from({ length: 60 }, async (_, index) => {
    const asked = request(`${index}`)
    return index % 2 === 0 ? (await answerTo(busy.driver, asked)).finish : codeOf(await failureOf(busy.driver, asked))
  })
  expect(await Promise.all(turns)).toEqual(
    Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? 'tool-calls' : 'provider_error')),
  )
  await settled()
  expect(busy.upstream.turns).toHaveLength(60)
})

test('a reader that does not read does not let Codex ask again and again', async () => {
  await using slow = await codexWorld()
  const wait: Step = { type: 'wait', milliseconds: 500 }
  const said: Step = { type: 'text', text: 'I look.' }
  slow.upstream.default = answer(() => [said, wait, callOf({ ...OSLO, arguments: ['{'] }), wait])
  const batches = run(slow.driver, request('weather?'))[Symbol.asyncIterator]()
  await batches.next()
  await Bun.sleep(4000)
  expect(slow.upstream.turns.length).toBeLessThanOrEqual(2)
  await batches.return?.()
})

describe('an answer that breaks off behind a call, of which Codex says nothing while the call waits', () => {
  test('is cut by the service', async () => {
    world.upstream.next(answer(() => [callOf(OSLO)], { stop: { reason: 'max_tokens' } }))
    const { content, finish } = await answerTo(world.driver, request('weather?'))
    expect(content).toMatchObject([{ type: 'tool-call', id: 'call_oslo' }])
    expect(finish).toBe('length')
    expect(world.upstream.turns).toHaveLength(1)
  })

  test.each([
    ['fails', { type: 'failure', failure: { type: 'failure', status: 500, message: 'no', headers: {} } }],
    ['ends', { type: 'end' }],
    ['is cut off', { type: 'cut' }],
  ] satisfies [string, Step][])('%s', async (_, last) => {
    const pause: Step = { type: 'wait', milliseconds: 50 }
    world.upstream.next(answer(() => [callOf(OSLO), pause, last]))
    expect(await failureOf(world.driver, request('weather?'))).toMatchObject({ code: 'provider_error' })
    await settled()
    expect(world.upstream.turns).toHaveLength(1)
  })
})

describe('odd schemas', () => {
  const parameters: [string, Record<string, unknown>, object][] = [
    ['{}', {}, { type: 'object', properties: {} }],
    [
      'a reference to itself',
      {
        type: 'object',
        properties: { root: { $ref: '#/$defs/node' } },
        $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } } } },
      },
      {
        type: 'object',
        properties: { root: { $ref: '#/$defs/node' } },
        $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } } } },
      },
    ],
    [
      'a choice inside',
      { type: 'object', properties: { x: { oneOf: [{ type: 'string' }, { type: 'number' }] } } },
      { type: 'object', properties: { x: { oneOf: [{ type: 'string' }, { type: 'number' }] } } },
    ],
    [
      'a choice at the top',
      { oneOf: [{ properties: { a: { type: 'string' } } }, { properties: { b: { type: 'number' } } }] },
      { type: 'object', properties: { a: { type: 'string' }, b: { type: 'number' } } },
    ],
    ['no schema at all', { type: 'object', properties: null, required: 'x', items: 7 }, { type: 'object' }],
    [
      'texts of an array, described by their places',
      { type: 'object', properties: { x: { type: 'array', items: [{ type: 'string' }] } } },
      { properties: { x: { type: 'array', items: {}, description: 'items: [{"type":"string"}]' } } },
    ],
  ]
  test.each(parameters)('%s', async (_, given, expected) => {
    await answerTo(world.driver, request('go', { tools: [tool('odd', { parameters: given })] }))
    expect(offered()[0]).toMatchObject({ name: 'odd', parameters: expected })
  })

  test('nested without end: Codex, which would not read it, never sees all of it', async () => {
    let deep: Record<string, unknown> = { type: 'string' }
    for (let level = 0; level < 1000; level += 1) deep = { type: 'object', properties: { x: deep } }
    await answerTo(world.driver, request('go', { tools: [tool('deep', { parameters: deep })] }))
    expect(offered()[0]).toMatchObject({ name: 'deep' })
  })
})

test('what Codex would drop of a schema is in the descriptions', async () => {
  const parameters = {
    type: 'object',
    properties: {
      day: { type: 'string', description: 'The day', format: 'date', default: '2026-01-01' },
      n: { const: 5 },
    },
    minProperties: 1,
  }
  await answerTo(world.driver, request('go', { tools: [tool('plan', { parameters })] }))
  expect(offered()[0]).toMatchObject({
    description: 'Does plan.\n\nminProperties: 1',
    parameters: {
      properties: {
        day: { type: 'string', description: 'The day (format: date; default: 2026-01-01)' },
        n: { type: 'number', enum: [5] },
      },
    },
  })
})

test('a schema that is too large for Codex is in the description in full', async () => {
  const parameters: Tool['parameters'] = {
    type: 'object',
    properties: Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`p${index}`, { type: 'string', description: `${index} `.repeat(100) }]),
    ),
  }
  await answerTo(world.driver, request('go', { tools: [tool('large', { parameters })] }))
  const large = offered()[0]!
  expect(large.description).toBe(`Does large.\n\nParameters, as JSON Schema: ${JSON.stringify(parameters)}`)
  expect(Object.keys((large.parameters as { properties: object }).properties)).toHaveLength(20)
})

test('a turn with tools between turns without: no thread is mistaken for another', async () => {
  for (const tools of [[], [WEATHER], [], [tool('other')], [WEATHER], []]) {
    await answerTo(world.driver, request('hi', { tools }))
    expect(offered().map(({ name }) => name)).toEqual(tools.map(({ name }) => name))
  }
})

test('nothing was asked of anybody but the service', () => {
  expect(world.strangers).toEqual([])
})
