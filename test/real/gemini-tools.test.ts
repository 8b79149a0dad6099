// Functions of the caller through the real Gemini CLI: what the model is offered, and what becomes of its calls.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ChatRequest } from '../../src/core/request.ts'
import { KNOWN_MODELS } from '../../src/providers/gemini/model-facts.ts'
import { answerTo, failureOf, textOf } from '../providers/claude/requests.ts'
import { callsOf, type Changes, declaredBy, request, sentBy, tool, WEATHER } from '../providers/gemini/functions.ts'
import { geminiWorld, type World } from '../providers/gemini/world.ts'
import { toolCalls } from '../upstream/replies/tool-calls.ts'
import { realCli, temporaryHome } from './harness/real-cli.ts'

setDefaultTimeout(60_000)

let world: World
beforeAll(async () => {
  world = await geminiWorld()
  // Once, so that no test waits for the start.
  await world.driver.models(new AbortController().signal)
})
beforeEach(() => world.upstream.reset())
afterAll(() => world[Symbol.asyncDispose]())

const sent = (position = 0) => sentBy(world, position)
const declared = (position = 0) => declaredBy(world, position)

describe('what the model is offered', () => {
  test('the caller’s functions, and no other', async () => {
    await answerTo(world.driver, request('hi'))
    expect(declared().map(({ name, description }) => [name, description])).toEqual([
      ['mcp_c_get_weather', 'Does get_weather.'],
      ['mcp_c_get_time', 'Does get_time.'],
    ])
    expect(declared()[0]?.parametersJsonSchema).toMatchObject(WEATHER.parameters)
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
    expect(declaredBy(web).map(({ name }) => name)).toEqual([
      'google_web_search',
      'mcp_c_get_weather',
      'mcp_c_get_time',
    ])
  })
})
