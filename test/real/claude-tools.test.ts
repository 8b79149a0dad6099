// The caller's functions through the real Claude Code: what the service is offered, and what the model's calls come to.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Tool, ToolChoice } from '../../src/core/request.ts'
import { answerTo, failureOf, request, run, textOf, tool } from '../providers/claude/requests.ts'
import { claudeWorld, SUBSCRIPTION, type World } from '../providers/claude/world.ts'
import { answer, type Step } from '../upstream/reply.ts'
import { type Call, toolCalls } from '../upstream/replies/tool-calls.ts'
import { UNICODE_SAMPLE } from '../upstream/replies/unicode.ts'

setDefaultTimeout(60_000)

type Body = {
  tools: { name: string; description: string; input_schema: object }[]
  tool_choice?: unknown
  thinking?: { type: string }
}

const WEATHER = tool('get_weather', {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
})

/** What Claude Code itself offers when it is the client, and more names of its own. */
const OWN_NAMES =
  'Agent AskUserQuestion Bash BashOutput CronCreate Edit EnterPlanMode ExitPlanMode Glob Grep KillShell ListMcpResourcesTool Monitor NotebookEdit Read SendMessage Skill StructuredOutput Task TaskStop TodoWrite ToolSearch WebFetch WebSearch Workflow Write mcp__client__x mcp__files__read __proto__'.split(
    ' ',
  )

/** A call of which one piece comes after the other. */
function* slowCall(name: string, pieces: readonly string[]): Iterable<Step> {
  const event = (fields: { type: string; [field: string]: unknown }): Step => ({
    type: 'bytes',
    bytes: `event: ${fields.type}\ndata: ${JSON.stringify({ ...fields, index: 0 })}\n\n`,
  })
  const block = { type: 'tool_use', id: 'toolu_slow', name, input: {} }
  yield event({ type: 'content_block_start', content_block: block })
  for (const piece of pieces) {
    yield { type: 'wait', milliseconds: 150 }
    yield event({ type: 'content_block_delta', delta: { type: 'input_json_delta', partial_json: piece } })
  }
  yield event({ type: 'content_block_stop' })
}

describe.each([
  ['exact', {}],
  ['replayed', SUBSCRIPTION],
])('%s', (_, environment) => {
  let world: World
  beforeAll(async () => {
    world = await claudeWorld({ environment })
  })
  afterAll(() => world[Symbol.asyncDispose]())
  beforeEach(() => world.upstream.reset())
  const body = () => world.upstream.turns.at(-1)?.json as Body
  const ask = (tools: Tool[], more: Parameters<typeof request>[1] = {}) =>
    answerTo(world.driver, request('Weather?', { tools, ...more }))

  test('a call is handed to the caller, after one request that offers the function as it was given', async () => {
    world.upstream.next(toolCalls([{ id: 'toolu_a', name: 'get_weather', arguments: { city: UNICODE_SAMPLE } }]))
    const { finish, content, usage } = await ask([WEATHER])
    const args = JSON.stringify({ city: UNICODE_SAMPLE })
    expect(finish).toBe('tool-calls')
    expect(content).toEqual([{ type: 'tool-call', id: 'toolu_a', name: 'get_weather', arguments: args }])
    expect(usage).toMatchObject({ input: 17, output: 5, costUsd: expect.any(Number) })
    expect(world.upstream.requests).toHaveLength(1)
    expect(body().tools).toEqual([
      { name: 'get_weather', description: 'Does get_weather.', input_schema: WEATHER.parameters },
    ])
    expect(body()).not.toHaveProperty('tool_choice')
  })

  test('a model that does not call answers as ever', async () => {
    const said = await ask([WEATHER])
    expect(textOf(said)).toBe('Hello from the simulated model.')
    expect(said.finish).toBe('stop')
  })

  test('thinking, words, and several calls in their order', async () => {
    const steps: Step[] = [
      { type: 'thinking', text: 'Both.' },
      { type: 'signature', signature: 'c2ln' },
      { type: 'text', text: 'One moment.' },
      { type: 'tool-call', id: 'toolu_1', name: 'get_weather', pieces: ['{"ci', 'ty":"Paris"}'] },
      { type: 'tool-call', id: 'toolu_2', name: 'get_time', pieces: ['{}'] },
    ]
    world.upstream.next(answer(() => steps, { stop: { reason: 'tool_use' } }))
    expect(await ask([WEATHER, tool('get_time')])).toMatchObject({
      finish: 'tool-calls',
      content: [
        { type: 'reasoning', text: 'Both.', signature: 'c2ln' },
        { type: 'text', text: 'One moment.' },
        { type: 'tool-call', id: 'toolu_1', name: 'get_weather', arguments: '{"city":"Paris"}' },
        { type: 'tool-call', id: 'toolu_2', name: 'get_time', arguments: '{}' },
      ],
    })
    expect(world.upstream.turns).toHaveLength(1)
  })

  test.each(['claude-sonnet-4-5', 'some-model-of-tomorrow'])(
    'a call that is cut by max_tokens is cut, and nobody is asked to go on (%s)',
    async (model) => {
      const reply = toolCalls([{ name: 'get_weather', arguments: ['{"city":', '"Par'] }], {
        stop: { reason: 'max_tokens' },
        usage: { output: 64 },
      })
      world.upstream.next(reply)
      expect(await ask([WEATHER], { model, sampling: { maxTokens: 64 } })).toMatchObject({
        finish: 'length',
        content: [{ type: 'tool-call', arguments: '{"city":"Par' }],
        usage: { output: 64 },
      })
      await Bun.sleep(150)
      expect(world.upstream.turns).toHaveLength(1)
    },
  )

  const calls: [string, string[], string][] = [
    ['no arguments', [], '{}'],
    ['empty arguments', ['{', '}'], '{}'],
    ['arguments that are broken', ['{"city": ', '"Par'], '{"city": "Par'],
    ['arguments that are no object', ['[1]'], '[1]'],
  ]
  test.each(calls)('%s', async (_name, pieces, expected) => {
    world.upstream.next(toolCalls([{ name: 'get_weather', arguments: pieces }]))
    expect(await ask([WEATHER])).toMatchObject({
      finish: 'tool-calls',
      content: [{ type: 'tool-call', arguments: expected }],
    })
    expect(world.upstream.turns).toHaveLength(1)
  })

  test('arguments come as the model writes them', async () => {
    const pieces = ['{"city":', '"New', ' York', '"}']
    world.upstream.next(answer(() => slowCall('get_weather', pieces), { stop: { reason: 'tool_use' } }))
    const batches: string[] = []
    for await (const batch of run(world.driver, request('Weather?', { tools: [WEATHER] }))) {
      const json = batch.flatMap((event) => (event.type === 'tool-call-delta' ? [event.arguments] : [])).join('')
      if (json !== '') batches.push(json)
    }
    expect(batches.join('')).toBe(pieces.join(''))
    // A busy machine may read two pieces at once.
    expect(batches.length).toBeGreaterThan(1)
  })

  test('a function that nobody offered is not called, and nobody is asked again', async () => {
    world.upstream.next(toolCalls([{ name: 'rm_rf', arguments: {} }]))
    const error = await failureOf(world.driver, request('hi', { tools: [WEATHER] }))
    expect(error).toMatchObject({ code: 'provider_error' })
    expect(String(error)).toContain('rm_rf')
    await Bun.sleep(150)
    expect(world.upstream.turns).toHaveLength(1)
  })

  test('a call where no function is offered', async () => {
    world.upstream.next(toolCalls([{ name: 'Bash', arguments: { command: `touch ${world.home}/ran` } }]))
    expect(await failureOf(world.driver, request('hi'))).toMatchObject({ code: 'provider_error' })
    await Bun.sleep(150)
    expect(world.upstream.turns).toHaveLength(1)
    expect(existsSync(join(world.home, 'ran'))).toBe(false)
  })

  test('names of Claude Code’s own tools are the caller’s, and none of them is run', async () => {
    const made: Call[] = OWN_NAMES.map((name) => ({
      id: `toolu_${name}`,
      // What Claude Code takes for its own has another name at the service.
      name: name === 'ToolSearch' ? 't_ToolSearch' : name,
      arguments: { command: `touch ${world.home}/ran`, file_path: join(world.home, 'ran'), content: 'x' },
    }))
    world.upstream.next(toolCalls(made))
    const { content, finish } = await ask(OWN_NAMES.map((name) => tool(name)))
    expect(finish).toBe('tool-calls')
    expect(content.map((part) => part.type === 'tool-call' && part.name)).toEqual(OWN_NAMES)
    expect(
      body()
        .tools.map(({ name }) => name)
        .toSorted(),
    ).toEqual(made.map(({ name }) => name).toSorted())
    expect(body().tools.every(({ name, description }) => name.endsWith(description.slice(5, -1)))).toBe(true)
    await Bun.sleep(150)
    expect(world.upstream.turns).toHaveLength(1)
    expect(existsSync(join(world.home, 'ran'))).toBe(false)
  })

  test('names that the service does not take come back as the caller wrote them', async () => {
    world.upstream.next((asked) => toolCalls([{ name: (asked.json as Body).tools[0]!.name, arguments: {} }]))
    const { content } = await ask([tool('größe.von/mm')])
    expect(body().tools[0]?.name).toMatch(/^[\w-]+$/)
    expect(content).toMatchObject([{ name: 'größe.von/mm' }])
  })

  test('150 functions with long descriptions', async () => {
    const many = Array.from({ length: 150 }, (__, number) => tool(`f${number}`, {}, `${number} ${'x'.repeat(10_000)}`))
    await ask(many)
    const { tools } = body()
    expect(tools).toHaveLength(150)
    expect(tools.find(({ name }) => name === 'f149')?.description).toBe(`149 ${'x'.repeat(10_000)}`)
    expect(tools.filter((one) => 'defer_loading' in one)).toEqual([])
  })

  test('descriptions arrive whole, whatever lines and paragraphs they have', async () => {
    const descriptions = [
      'one\ntwo',
      'one\n\ntwo\n\n\nthree',
      '\n\none',
      'one\r\n\r\ntwo',
      'one\n \n\ttwo',
      'x\n\n'.repeat(9),
    ]
    await ask(descriptions.map((description, number) => tool(`f${number}`, {}, description)))
    const told = body().tools.map((one) => one.description)
    // Claude Code takes off what is blank around it.
    const words = (text: string) => text.trim().replaceAll(/\n[ \n]*\n/g, '\n\n')
    expect(told.map(words).toSorted()).toEqual(descriptions.map(words).toSorted())
  })

  test('schemas of every kind arrive so that the service takes them', async () => {
    const shared = { $defs: { city: { type: 'string', description: 'é' } } }
    const refers = { type: 'object', properties: { city: { $ref: '#/$defs/city' } }, required: ['city'], ...shared }
    await ask([
      tool('a_references', refers),
      tool('b_empty', {}),
      tool('c_no_type', { properties: { x: { type: 'integer' } } }),
      tool('d_one_of', { oneOf: [refers, { type: 'object', properties: { zip: { type: 'string' } } }], ...shared }),
      tool('e_root_reference', { $ref: '#/$defs/it', $defs: { it: { type: 'object', properties: {} } } }),
      tool('f_tuple', { type: 'object', properties: { x: { type: 'array', items: [{ type: 'string' }] } } }),
      tool('g_limit', { type: 'object', properties: { x: { type: 'number', minimum: 0, exclusiveMinimum: true } } }),
    ])
    const schemas = Object.fromEntries(body().tools.map((one) => [one.name, one.input_schema]))
    expect(schemas).toEqual({
      a_references: refers,
      b_empty: { type: 'object', properties: {} },
      c_no_type: { type: 'object', properties: { x: { type: 'integer' } } },
      d_one_of: { type: 'object', properties: { city: { $ref: '#/$defs/city' }, zip: { type: 'string' } }, ...shared },
      e_root_reference: { type: 'object', properties: {}, $defs: { it: { type: 'object', properties: {} } } },
      f_tuple: { type: 'object', properties: { x: { type: 'array', prefixItems: [{ type: 'string' }] } } },
      g_limit: { type: 'object', properties: { x: { type: 'number', exclusiveMinimum: 0 } } },
    })
    expect(body().tools.find(({ name }) => name === 'd_one_of')?.description).toContain('"oneOf"')
  })

  const bad: [string, object][] = [
    ['no object', { type: 'string' }],
    ['a property that is no schema', { type: 'object', properties: { a: 'text' } }],
    ['an unknown type', { type: 'object', properties: { a: { type: 'whatever' } } }],
    ['a list that is none, deep inside', { type: 'object', properties: { a: { items: { enum: 'x' } } } }],
  ]
  test.each(bad)('a schema that cannot be used is a wrong request, and asks nobody: %s', async (_name, parameters) => {
    for (const others of [[], [WEATHER]]) {
      const tools = [...others, tool('bad', { ...parameters })]
      const error = await failureOf(world.driver, request('hi', { tools }))
      expect(error).toMatchObject({ code: 'invalid_request', status: 400 })
      expect(String(error)).toContain('bad')
    }
    expect(world.upstream.turns).toEqual([])
  })

  const choices: [string, string, ToolChoice, object | undefined, string][] = [
    ['auto', 'claude-sonnet-4-5', { type: 'auto' }, undefined, 'enabled'],
    ['none', 'claude-sonnet-4-5', { type: 'none' }, { type: 'none' }, 'enabled'],
    ['required', 'claude-sonnet-4-5', { type: 'required' }, { type: 'any' }, 'disabled'],
    [
      'named',
      'claude-opus-4-6',
      { type: 'named', name: 'get_weather' },
      { type: 'tool', name: 'get_weather' },
      'disabled',
    ],
    ['required, where the model always thinks', 'claude-opus-5-5', { type: 'required' }, undefined, 'adaptive'],
  ]
  test.each(choices)('tool_choice %s (%s)', async (_name, model, toolChoice, expected, thinking) => {
    await ask([WEATHER], { model, toolChoice })
    expect(body().tools).toHaveLength(1)
    expect(body().tool_choice).toEqual(expected)
    expect(body().thinking?.type).toBe(thinking)
  })

  test('one call at a time', async () => {
    await ask([WEATHER], { parallelToolCalls: false })
    expect(body().tool_choice).toEqual({ type: 'auto', disable_parallel_tool_use: true })
    await ask([WEATHER], { parallelToolCalls: false, toolChoice: { type: 'required' } })
    expect(body().tool_choice).toEqual({ type: 'any', disable_parallel_tool_use: true })
  })
})

test('twenty calls under load: twenty requests, whatever the model says and whether its price is known', async () => {
  await using world = await claudeWorld({ pool: { warm: 4, maxWarm: 4 }, environment: SUBSCRIPTION })
  const two: Call[] = [
    { id: 'toolu_1', name: 'get_weather', arguments: { city: 'Paris' } },
    { id: 'toolu_2', name: 'Bash', arguments: { command: 'true' } },
  ]
  const broken: Call = { id: 'toolu_3', name: 'Bash', arguments: ['{"comm', 'and'] }
  const replies = [
    toolCalls(two, { text: ['Both.'] }),
    toolCalls(two, { text: ['Slowly.'], between: 100 }),
    toolCalls([broken, ...two], { text: ['Broken.'] }),
    toolCalls([...two, broken], { text: ['At the end.'] }),
    toolCalls(
      Array.from({ length: 12 }, (_, id) => ({ ...two[0]!, id: `toolu_${id}` })),
      { text: ['Many.'] },
    ),
  ]
  let asked = 0
  world.upstream.default = () => replies[asked++ % replies.length]!
  const models = ['claude-sonnet-4-5', 'claude-opus-5-5', 'some-model-of-tomorrow', 'claude-haiku-4-5']
  for (let round = 0; round < 5; round += 1) {
    const answers = models.map((model) =>
      answerTo(world.driver, request('hi', { model, tools: [WEATHER, tool('Bash')] })),
    )
    for (const { finish, content } of await Promise.all(answers)) {
      expect(finish).toBe('tool-calls')
      const [said, ...calls] = content
      const many = { 'Broken.': 3, 'At the end.': 3, 'Many.': 12 }[said?.type === 'text' ? said.text : '']
      expect(calls.map((part) => part.type)).toEqual(Array<'tool-call'>(many ?? 2).fill('tool-call'))
    }
  }
  await Bun.sleep(500)
  expect(world.upstream.requests).toHaveLength(20)
})

describe('a stock whose processes know some functions ahead', () => {
  let world: World
  beforeAll(async () => {
    world = await claudeWorld({ pool: { warm: 2, maxWarm: 2 } })
    for (let count = 0; count < 4; count += 1)
      await answerTo(world.driver, request('hi', { system: 'often', tools: [WEATHER] }))
  })
  afterAll(() => world[Symbol.asyncDispose]())
  beforeEach(() => world.upstream.reset())

  test('serves the same, others and none, without a trace of them', async () => {
    const sets = [[WEATHER], [tool('other')], [], [tool('get_weather', {}, 'Another.')], [WEATHER]]
    for (const tools of sets) await answerTo(world.driver, request('hi', { system: 'often', tools }))
    const offered = world.upstream.turns.map((turn) => (turn.json as Body).tools)
    const expected = sets.map((tools) =>
      tools.map(({ name, description, parameters }) => ({
        name,
        description,
        input_schema: { type: 'object', properties: {}, ...parameters },
      })),
    )
    expect(offered).toEqual(expected)
  })
})
