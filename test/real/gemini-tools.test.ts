// Functions of the caller through the real Gemini CLI: what reaches the model, what comes back, and that nothing else happens.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ChatEvent } from '../../src/core/event.ts'
import type { AssistantPart, ChatRequest, Message, Tool, ToolResultPart } from '../../src/core/request.ts'
import { KNOWN_MODELS } from '../../src/providers/gemini/model-facts.ts'
import {
  answerTo,
  assistant,
  failureOf,
  request as anyRequest,
  run,
  textOf,
  user,
} from '../providers/claude/requests.ts'
import { geminiWorld, MODEL, type World } from '../providers/gemini/world.ts'
import { text } from '../upstream/replies/text.ts'
import { toolCalls } from '../upstream/replies/tool-calls.ts'
import { answer, type Step } from '../upstream/reply.ts'
import { realCli, temporaryHome } from './harness/real-cli.ts'

setDefaultTimeout(60_000)

let world: World
beforeAll(async () => {
  world = await geminiWorld()
  await world.driver.models(new AbortController().signal)
})
beforeEach(() => world.upstream.reset())
afterAll(() => world[Symbol.asyncDispose]())

type Declaration = { name: string; description: string; parametersJsonSchema: Record<string, unknown> }
type Part = Record<string, unknown> & {
  functionCall?: object
  functionResponse?: Record<string, unknown> & { response: Record<string, unknown> }
}
type Body = {
  contents: { role: string; parts: Part[] }[]
  tools: { functionDeclarations: Declaration[] }[]
  toolConfig: { functionCallingConfig: { mode: string } }
  generationConfig: object
}
const sent = (position = 0) => world.upstream.turns[position]?.json as Body
const declared = (position = 0) => sent(position).tools[0]?.functionDeclarations ?? []

const CITY = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
const tool = (name: string, parameters: Record<string, unknown> = CITY): Tool => ({
  name,
  description: `Does ${name}.`,
  parameters,
  strict: false,
})
const WEATHER = tool('get_weather')
const TIME = tool('get_time')

type Changes = Parameters<typeof anyRequest>[1]
const request = (messages: string | Message[], changes: Changes = {}): ChatRequest =>
  anyRequest(messages, { model: MODEL, tools: [WEATHER, TIME], ...changes })

const result = (id: string, content: ToolResultPart['content'] | string, isError = false): Message => ({
  role: 'tool',
  content: [
    {
      type: 'tool-result',
      id,
      content: typeof content === 'string' ? [{ type: 'text', text: content }] : content,
      isError,
    },
  ],
})

/** The calls of an answer, in order. */
function callsOf(content: readonly AssistantPart[]) {
  return content.flatMap((part) =>
    part.type === 'tool-call'
      ? [{ id: part.id, name: part.name, arguments: JSON.parse(part.arguments) as unknown }]
      : [],
  )
}

describe('what the model is offered', () => {
  test('the caller’s functions, and no other', async () => {
    await answerTo(world.driver, request('hi'))
    expect(declared().map(({ name, description }) => [name, description])).toEqual([
      ['mcp_c_get_weather', 'Does get_weather.'],
      ['mcp_c_get_time', 'Does get_time.'],
    ])
    expect(declared()[0]?.parametersJsonSchema).toMatchObject(CITY)
    expect(world.upstream.requests).toHaveLength(1)
    expect(world.strangers).toEqual([])
  })

  test('nothing of them in the turn that follows', async () => {
    await answerTo(world.driver, request('hi'))
    await answerTo(world.driver, request('hi', { tools: [] }))
    expect(declared(1).map(({ name }) => name)).toEqual(['google_web_search'])
    expect(sent(1).toolConfig.functionCallingConfig).toEqual({ mode: 'NONE' })
  })

  const BOTH = ['mcp_c_get_weather', 'mcp_c_get_time']
  const CHOICES: [ChatRequest['toolChoice'], string, string[]][] = [
    [{ type: 'auto' }, 'AUTO', BOTH],
    [{ type: 'none' }, 'NONE', BOTH],
    [{ type: 'required' }, 'ANY', BOTH],
    [{ type: 'named', name: 'get_time' }, 'ANY', ['mcp_c_get_time']],
  ]
  // Those that the CLI knows, at a level of effort too, and two that it does not know.
  const MODELS: [string, Changes][] = [
    ...KNOWN_MODELS.map((model): [string, Changes] => [model, {}]),
    ['gemini-3-flash-preview', { reasoning: { effort: 'none' } }],
    ['gemini-2.5-flash', { reasoning: { effort: 'low' }, sampling: { maxTokens: 99 } }],
    ['gemini-2.0-flash', {}],
    ['tuned-model', { sampling: { temperature: 0.5 } }],
  ]
  test.each(MODELS)('what it may do with them, and nothing else changes: %s', async (model, changes) => {
    for (const [toolChoice] of CHOICES) await answerTo(world.driver, request('hi', { ...changes, model, toolChoice }))
    await answerTo(world.driver, request('hi', { ...changes, model, tools: [] }))
    for (const [position, [, mode, names]] of CHOICES.entries()) {
      expect(sent(position).toolConfig.functionCallingConfig).toEqual({ mode })
      expect(declared(position).map(({ name }) => name)).toEqual(names)
      expect(sent(position).generationConfig).toEqual(sent(CHOICES.length).generationConfig)
      expect(world.upstream.turns[position]?.path).toBe(world.upstream.turns[CHOICES.length]!.path)
    }
    expect(world.upstream.requests).toHaveLength(CHOICES.length + 1)
  })

  test('a hundred, with odd schemas and names', async () => {
    const odd = {
      type: 'object',
      properties: {
        mode: { enum: ['a', 'b'], default: 'a' },
        tree: { $ref: '#/$defs/node' },
        either: { anyOf: [{ type: 'string' }, { type: 'integer', minimum: 0 }] },
        ünïcode: { type: 'string', description: '“日本”\u2028 </b>' },
        wait_for_previous: { type: 'string' },
      },
      additionalProperties: false,
      $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } } } },
    }
    const names = ['größe', 'my tool', 'a.b:c-d', 'x'.repeat(64), `${'x'.repeat(64)}y`, 'mcp_c_x', '']
    const many = Array.from({ length: 93 }, (_, position) => tool(`tool_${position}`, odd))
    const tools = [...many, ...names.map((name) => tool(name, { type: 'object' }))]
    await answerTo(world.driver, request('hi', { tools }))
    expect(declared()).toHaveLength(100)
    expect(declared()[0]?.parametersJsonSchema).toMatchObject({ ...odd, properties: { tree: odd.properties.tree } })
    expect(declared()[0]?.parametersJsonSchema['properties']).toMatchObject({ ünïcode: odd.properties.ünïcode })
    const shown = declared().map(({ name }) => name)
    expect(new Set(shown).size).toBe(100)
    for (const name of shown) expect(name).toMatch(/^mcp_c_[A-Za-z0-9_.:-]{1,57}$/)

    world.upstream.next(toolCalls(shown.slice(93).map((name) => ({ name, arguments: {} }))))
    const { content } = await answerTo(world.driver, request('hi', { tools }))
    expect(callsOf(content).map(({ name }) => name)).toEqual(names)
  })
})

describe('a call', () => {
  test('several at once, behind a text: as the model made them, in one request', async () => {
    const calls = [
      { id: 'c1', name: 'mcp_c_get_weather', arguments: { city: 'Köln 🌧 "\\\u2028' } },
      { id: 'c2', name: 'mcp_c_get_time', arguments: { city: 'Rome' } },
      { id: 'c3', name: 'mcp_c_get_weather', arguments: { city: 'Oslo' } },
    ]
    world.upstream.next(toolCalls(calls, { text: ['Let me ', 'see.'] }))
    const asked = await answerTo(world.driver, request('hi'))
    expect(asked.finish).toBe('tool-calls')
    expect(textOf(asked)).toBe('Let me see.')
    expect(callsOf(asked.content)).toEqual(
      calls.map(({ id, name, arguments: args }) => ({ id, name: name.slice(6), arguments: args })),
    )
    expect(asked.usage).toMatchObject({ input: 17, output: 5 })
    expect(world.upstream.requests).toHaveLength(1)
  })

  test('arguments that the schema does not allow are the caller’s to judge', async () => {
    world.upstream.next(toolCalls([{ name: 'mcp_c_get_weather', arguments: { town: ['x', null] } }]))
    const { content, finish } = await answerTo(world.driver, request('hi'))
    expect(callsOf(content)).toMatchObject([{ name: 'get_weather', arguments: { town: ['x', null] } }])
    expect(finish).toBe('tool-calls')
    expect(world.upstream.requests).toHaveLength(1)
  })

  test('the parameter that the CLI adds is taken away, and one of that name that the caller has is not', async () => {
    const own = tool('own', { type: 'object', properties: { wait_for_previous: { type: 'number' } } })
    const args = { city: 'x', wait_for_previous: true }
    world.upstream.next(
      toolCalls([
        { name: 'mcp_c_get_weather', arguments: args },
        { name: 'mcp_c_own', arguments: args },
      ]),
    )
    const { content } = await answerTo(world.driver, request('hi', { tools: [WEATHER, own] }))
    expect(callsOf(content).map((call) => call.arguments)).toEqual([{ city: 'x' }, args])
  })

  test('a service that gives calls no ids', async () => {
    const call = { id: '', name: 'mcp_c_get_weather', arguments: { city: 'x' } }
    world.upstream.next(toolCalls([call, call]))
    const ids = callsOf((await answerTo(world.driver, request('hi'))).content).map(({ id }) => id)
    expect(ids.every((id) => /^call_\w{24}$/.test(id))).toBe(true)
    expect(new Set(ids).size).toBe(2)
  })

  test('large arguments', async () => {
    const city = 'ä'.repeat(300_000)
    world.upstream.next(toolCalls([{ name: 'mcp_c_get_weather', arguments: { city } }]))
    expect(callsOf((await answerTo(world.driver, request('hi'))).content)[0]?.arguments).toEqual({ city })
  })

  test('a model that leaves the prefix away means the same', async () => {
    world.upstream.next(toolCalls([{ name: 'get_weather', arguments: { city: 'x' } }]))
    expect(callsOf((await answerTo(world.driver, request('hi'))).content)).toMatchObject([{ name: 'get_weather' }])
    expect(world.upstream.requests).toHaveLength(1)
  })

  test.each(['made_up', 'mcp_c_made_up', 'google_web_search', 'run_shell_command'])(
    'one of %s, which nobody offered, runs nothing and fails the turn',
    async (name) => {
      const known = { name: 'mcp_c_get_weather', arguments: { city: 'x' } }
      world.upstream.next(toolCalls([known, { name, arguments: { query: 'x', command: 'touch /tmp/never' } }]))
      const error = await failureOf(world.driver, request('hi'))
      expect(error).toMatchObject({
        code: 'provider_error',
        message: expect.stringContaining(name.replace(/^mcp_c_/, '')),
      })
      expect(world.upstream.requests).toHaveLength(1)
    },
  )

  test('many turns one after the other', async () => {
    for (let position = 0; position < 40; position += 1) {
      world.upstream.next(toolCalls([{ name: 'mcp_c_get_weather', arguments: { city: `${position}` } }]))
      const { content } = await answerTo(world.driver, request(`turn ${position}`))
      expect(callsOf(content)[0]?.arguments).toEqual({ city: `${position}` })
    }
    expect(world.upstream.requests).toHaveLength(40)
  })
})

describe('the conversation with results', () => {
  const call = (id: string, city: string): AssistantPart => ({
    type: 'tool-call',
    id,
    name: 'get_weather',
    arguments: JSON.stringify({ city }),
  })

  test('three rounds: each request begins with the one before', async () => {
    const messages: Message[] = [user('weather?')]
    for (const city of ['Rome', 'Oslo', 'Bonn']) {
      world.upstream.next(
        toolCalls([{ id: `id-${city}`, name: 'mcp_c_get_weather', arguments: { city } }], { text: [`${city}: `] }),
      )
      const asked = await answerTo(world.driver, request(messages, { system: 'Be brief.' }))
      const [{ id } = { id: '' }] = callsOf(asked.content)
      messages.push({ role: 'assistant', content: asked.content }, result(id, `sunny in ${city}`))
    }
    world.upstream.next(text('Sunny.'))
    const last = await answerTo(world.driver, request(messages, { system: 'Be brief.' }))
    expect(textOf(last)).toBe('Sunny.')
    expect(world.upstream.requests).toHaveLength(4)
    const contents = [0, 1, 2, 3].map((position) => JSON.stringify(sent(position).contents).slice(0, -1))
    for (const [position, before] of contents.slice(0, -1).entries()) {
      expect(contents[position + 1]?.startsWith(before)).toBe(true)
    }
    expect(sent(3).contents.slice(0, 3)).toEqual([
      { role: 'user', parts: [{ text: 'weather?' }] },
      {
        role: 'model',
        parts: [
          { text: 'Rome: ' },
          {
            functionCall: { id: 'id-Rome', name: 'mcp_c_get_weather', args: { city: 'Rome' } },
            thoughtSignature: expect.any(String),
          },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'id-Rome', name: 'mcp_c_get_weather', response: { output: 'sunny in Rome' } } },
          { text: '\u200b' },
        ],
      },
    ])
  })

  test('thoughts, and what a call was signed with, which the service gets back', async () => {
    const steps: Step[] = [
      { type: 'thinking', text: 'Two cities.' },
      { type: 'signature', signature: 'c2lnbmF0dXJl' },
      { type: 'tool-call', id: 'c1', name: 'mcp_c_get_weather', pieces: ['{"city":"Rome"}'] },
      { type: 'tool-call', id: 'c2', name: 'mcp_c_get_weather', pieces: ['{"city":"Oslo"}'] },
    ]
    world.upstream.next(answer(() => steps, { stop: { reason: 'tool_use' } }))
    const { content } = await answerTo(world.driver, request('weather?'))
    expect(content[0]).toMatchObject({ type: 'reasoning', text: 'Two cities.' })
    expect(callsOf(content).map(({ id }) => id)).toEqual(['c1', 'c2'])
    const messages: Message[] = [user('weather?'), { role: 'assistant', content }, result('c1', 'a'), result('c2', 'b')]
    await answerTo(world.driver, request(messages))
    expect(sent(1).contents[1]?.parts).toEqual([
      {
        functionCall: { id: 'c1', name: 'mcp_c_get_weather', args: { city: 'Rome' } },
        thoughtSignature: 'c2lnbmF0dXJl',
      },
      { functionCall: { id: 'c2', name: 'mcp_c_get_weather', args: { city: 'Oslo' } } },
    ])
    expect(sent(1).contents[2]?.parts.map((part) => part.functionResponse?.response)).toEqual([
      { output: 'a' },
      { output: 'b' },
      undefined,
    ])
  })

  test('a failed call, an image, and a text of the user behind it', async () => {
    const image = {
      type: 'image' as const,
      source: { kind: 'data' as const, mediaType: 'image/png', data: 'iVBORw0KGgo=' },
    }
    const messages = [
      user('x'),
      assistant(call('c1', 'a'), call('c2', 'b')),
      result('c1', 'no such city', true),
      result('c2', [{ type: 'text', text: 'look' }, image]),
      user('and now?'),
    ]
    await answerTo(world.driver, request(messages))
    expect(sent().contents[2]?.parts).toEqual([
      { functionResponse: { id: 'c1', name: 'mcp_c_get_weather', response: { error: 'no such city' } } },
      { functionResponse: { id: 'c2', name: 'mcp_c_get_weather', response: { output: 'look' } } },
      { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } },
      { text: 'and now?' },
    ])
    await answerTo(world.driver, { ...request(messages.slice(0, -1)), model: 'gemini-3-flash-preview' })
    expect(sent(1).contents[2]?.parts[1]?.functionResponse).toMatchObject({
      response: { output: 'look' },
      parts: [{ inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }],
    })
    expect(world.upstream.requests).toHaveLength(2)
  })

  test('large results stay whole, also old ones', async () => {
    const large = 'word '.repeat(60_000)
    const messages = [user('x')]
    for (const id of ['c1', 'c2', 'c3']) messages.push(assistant(call(id, 'a')), result(id, large))
    await answerTo(world.driver, request(messages))
    const outputs = sent().contents.flatMap(({ parts }) =>
      parts.flatMap((part) => part.functionResponse?.response['output'] ?? []),
    )
    expect(outputs).toEqual([large, large, large])
  })

  test('calls of functions that are not offered any more', async () => {
    const messages = [user('x'), assistant(call('c1', 'a')), result('c1', 'b')]
    await answerTo(world.driver, request(messages, { tools: [] }))
    expect(sent().contents[1]?.parts[0]?.functionCall).toMatchObject({ name: 'mcp_c_get_weather' })
  })
})

describe('where the CLI notes no answers, as with Google accounts', () => {
  test('the calls are those that it could not run, without signatures', async () => {
    await using folder = await temporaryHome()
    const path = join(folder.path, 'gemini-shim')
    // Without the last two arguments, which name the file.
    await writeFile(path, `#!/bin/sh\nexec env node '${realCli('gemini')}' "$1" "$2" "$3" "$4" "$5"\n`)
    await chmod(path, 0o755)
    await using other = await geminiWorld({ executable: path })
    const calls = [
      { id: 'c1', name: 'mcp_c_get_weather', arguments: { city: 'Köln 🌧' } },
      { id: 'c2', name: 'mcp_c_get_time', arguments: { town: 1, wait_for_previous: false } },
      { id: 'c3', name: 'mcp_c_get_weather', arguments: { city: 'x'.repeat(100_000) } },
    ]
    other.upstream.next(toolCalls(calls, { text: ['Let me see.'] }))
    const asked = await answerTo(other.driver, request('hi'))
    expect(callsOf(asked.content)).toEqual([
      { ...calls[0]!, name: 'get_weather' },
      { id: 'c2', name: 'get_time', arguments: { town: 1 } },
      { ...calls[2]!, name: 'get_weather' },
    ])
    expect(asked).toMatchObject({ finish: 'tool-calls', usage: { input: 17, output: 5 } })
    other.upstream.next(toolCalls([{ name: 'made_up', arguments: {} }]))
    expect(await failureOf(other.driver, request('hi'))).toMatchObject({ code: 'provider_error' })
    other.upstream.next(toolCalls([{ id: '', name: 'mcp_c_get_time', arguments: { city: 'x' } }]))
    expect(callsOf((await answerTo(other.driver, request('hi'))).content)[0]?.id).toMatch(/^call_\w{24}$/)
    expect(other.upstream.requests).toHaveLength(3)
  })
})

describe('with the web', () => {
  test('a call ends the turn before a second request', async () => {
    await using web = await geminiWorld({ web: true })
    const calls = ['Rome', 'Oslo'].map((city) => ({ id: city, name: 'mcp_c_get_weather', arguments: { city } }))
    web.upstream.next(toolCalls(calls, { text: ['Let me see.'] }))
    const { content, finish } = await answerTo(web.driver, request('hi'))
    expect(callsOf(content).map(({ id }) => id)).toEqual(['Rome', 'Oslo'])
    expect(finish).toBe('tool-calls')
    expect(web.upstream.requests).toHaveLength(1)
    const { tools } = web.upstream.turns[0]!.json as Body
    expect(tools[0]?.functionDeclarations.map(({ name }) => name)).toEqual([
      'web_fetch',
      'google_web_search',
      'mcp_c_get_weather',
      'mcp_c_get_time',
    ])
  })
})

describe('an answer with a schema', () => {
  const PERSON = {
    type: 'object',
    properties: { name: { type: 'string' }, age: { type: 'integer' } },
    required: ['name'],
  }
  const output = (schema: Record<string, unknown>) => ({
    type: 'json-schema' as const,
    name: 'person',
    schema,
    strict: true,
  })

  test('is the arguments of a call that the service has to make', async () => {
    world.upstream.next(
      toolCalls([{ name: 'mcp_c_answer', arguments: { name: 'Ada', age: 36 } }], { text: ['Here it is:'] }),
    )
    const asked = await answerTo(world.driver, request('who?', { tools: [], output: output(PERSON) }))
    expect(textOf(asked)).toBe('{"name":"Ada","age":36}')
    expect(asked.finish).toBe('stop')
    expect(declared()[0]).toMatchObject({ name: 'mcp_c_answer', parametersJsonSchema: PERSON })
    expect(declared()).toHaveLength(1)
    expect(sent().toolConfig.functionCallingConfig).toEqual({ mode: 'ANY' })
    expect(world.upstream.requests).toHaveLength(1)
  })

  test('may be no object', async () => {
    world.upstream.next(toolCalls([{ name: 'mcp_c_answer', arguments: { value: [1, 2] } }]))
    const list = { type: 'array', items: { type: 'integer' } }
    const asked = await answerTo(world.driver, request('which?', { tools: [], output: output(list) }))
    expect(textOf(asked)).toBe('[1,2]')
    expect(declared()[0]?.parametersJsonSchema).toMatchObject({ properties: { value: list }, required: ['value'] })
  })

  test('and functions, of which the model calls what it needs', async () => {
    const taken = tool('answer')
    world.upstream.next(toolCalls([{ name: 'mcp_c_answer', arguments: { city: 'x' } }]))
    const changes = { tools: [WEATHER, taken], output: output(PERSON) }
    const asked = await answerTo(world.driver, request('who?', changes))
    expect(callsOf(asked.content)).toMatchObject([{ name: 'answer' }])
    expect(sent().toolConfig.functionCallingConfig).toEqual({ mode: 'ANY' })
    expect(declared().map(({ name }) => name)).toEqual(['mcp_c_get_weather', 'mcp_c_answer', 'mcp_c_answer_'])
    world.upstream.next(toolCalls([{ name: 'mcp_c_answer_', arguments: { name: 'Ada' } }]))
    expect(textOf(await answerTo(world.driver, request('who?', changes)))).toBe('{"name":"Ada"}')
    // Who has to call one does not answer yet.
    await answerTo(world.driver, request('who?', { ...changes, toolChoice: { type: 'required' } }))
    expect(declared(2).map(({ name }) => name)).toEqual(['mcp_c_get_weather', 'mcp_c_answer'])
  })

  test('that the model gave as a text instead is that text', async () => {
    world.upstream.next(text(['{"name":', '"Ada"}']))
    const asked = await answerTo(world.driver, request('who?', { tools: [], output: output(PERSON) }))
    expect(textOf(asked)).toBe('{"name":"Ada"}')
  })

  test('which a client leaves is cancelled', async () => {
    const leave = new AbortController()
    world.upstream.next(answer(() => [{ type: 'text', text: 'x' }, { type: 'silence' }]))
    const events: ChatEvent[] = []
    const turn = (async () => {
      for await (const batch of run(world.driver, request('hi'), leave.signal)) {
        events.push(...batch)
        leave.abort()
      }
    })()
    await turn.catch(() => {})
    const asked = await world.upstream.turn(0)
    await asked.closed
    expect(asked.outcome).toBe('dropped')
    expect(events.length).toBeGreaterThan(0)
  })
})
