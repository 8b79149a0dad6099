// `chat.web` with the real Claude Code: what the service is offered, who searches, and what the caller sees of it.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { collect } from '../../src/core/collect.ts'
import type { ChatEvent } from '../../src/core/event.ts'
import { answerTo, assistant, failureOf, request, run, textOf, tool, user } from '../providers/claude/requests.ts'
import { claudeWorld, SUBSCRIPTION, type World } from '../providers/claude/world.ts'
import { failure } from '../upstream/replies/failures.ts'
import { hang } from '../upstream/replies/faults.ts'
import { stopped } from '../upstream/replies/stops.ts'
import { text } from '../upstream/replies/text.ts'
import { toolCalls } from '../upstream/replies/tool-calls.ts'
import { answer, type Step } from '../upstream/reply.ts'
import { searched } from '../upstream/replies/web-search.ts'
import { bodies, type Body, namesIn, oneSearch, search, SOURCES } from './harness/web-searches.ts'

setDefaultTimeout(60_000)

const WEATHER = tool('get_weather')

describe.each([
  ['a key', {}],
  ['a subscription', SUBSCRIPTION],
])('with %s', (_, environment) => {
  let world: World
  beforeAll(async () => {
    world = await claudeWorld({ environment, web: true, pool: { warm: 2, maxWarm: 2 } })
  })
  afterAll(() => world[Symbol.asyncDispose]())
  beforeEach(() => world.upstream.reset())

  test('one answer from a turn that searches: all its words, what all of it cost, and no call', async () => {
    oneSearch(world)
    const { content, finish, usage } = await answerTo(world.driver, request('Weather?'))
    expect(content).toEqual([
      { type: 'text', text: 'Let me see. ' },
      { type: 'text', text: 'It is sunny.' },
    ])
    expect(finish).toBe('stop')
    // Three requests of 17 and 5: the search is one.
    expect(usage).toMatchObject({ input: 51, output: 15, cachedRead: 12, cacheWrite: 9, costUsd: expect.any(Number) })
    const [first, nested, last] = bodies(world)
    expect(world.upstream.requests).toHaveLength(3)
    expect([first, nested, last].map(namesIn)).toEqual([['WebSearch'], ['web_search'], ['WebSearch']])
    expect(nested?.tools[0]?.type).toStartWith('web_search_')
    expect(JSON.stringify(nested?.messages)).not.toContain('Weather?')
    expect(JSON.stringify(last?.messages)).toContain(SOURCES[0]!.url)
  })

  test('what it searches and finds is told as its activity, between the words', async () => {
    oneSearch(world)
    const events: ChatEvent[] = []
    for await (const batch of run(world.driver, request('Weather?'))) events.push(...batch)
    const told = events.filter((event) => event.type.endsWith('-start') || event.type === 'tool-activity')
    expect(told).toEqual([
      { type: 'stream-start', model: 'claude-sonnet-4-5', created: expect.any(Number) },
      { type: 'text-start', block: 0 },
      { type: 'tool-activity', name: 'WebSearch', phase: 'start', detail: { query: 'rome' } },
      { type: 'tool-activity', name: 'WebSearch', phase: 'end', detail: { sources: SOURCES } },
      { type: 'text-start', block: 1 },
    ])
  })

  test('an answer without a search is one request', async () => {
    const said = await answerTo(world.driver, request([user('a'), assistant('b'), user('c')], { system: 'Be brief.' }))
    expect(textOf(said)).toBe('Hello from the simulated model.')
    expect(said).toMatchObject({ finish: 'stop', usage: { input: 17, output: 5 } })
    await Bun.sleep(150)
    expect(world.upstream.requests).toHaveLength(1)
    expect(namesIn(bodies(world)[0])).toEqual(['WebSearch'])
  })

  test('several searches in several rounds', async () => {
    world.upstream.next(
      toolCalls([search('one'), search('two')]),
      searched('one', SOURCES, 'One.'),
      searched('two', SOURCES, 'Two.'),
      toolCalls([search('three')], { text: ['Once more. '] }),
      searched('three', [], 'Nothing.'),
      text('Done.'),
    )
    const said = await answerTo(world.driver, request('Look around.'))
    expect(textOf(said)).toBe('Once more. Done.')
    expect(said).toMatchObject({ finish: 'stop', usage: { input: 6 * 17, output: 6 * 5 } })
    expect(world.upstream.requests).toHaveLength(6)
  })

  test('functions of the caller beside it: a search goes on, a call ends the turn', async () => {
    world.upstream.next(
      toolCalls([search('rome')]),
      searched('rome', SOURCES, 'Sunny.'),
      toolCalls([{ id: 'toolu_a', name: 'get_weather', arguments: { city: 'Rome' } }], { text: ['Now the rest.'] }),
    )
    const { content, finish, usage } = await answerTo(world.driver, request('Weather?', { tools: [WEATHER] }))
    expect(finish).toBe('tool-calls')
    expect(content).toEqual([
      { type: 'text', text: 'Now the rest.' },
      { type: 'tool-call', id: 'toolu_a', name: 'get_weather', arguments: '{"city":"Rome"}' },
    ])
    expect(usage).toMatchObject({ input: 51, output: 15, costUsd: expect.any(Number) })
    expect(namesIn(bodies(world)[0]).toSorted()).toEqual(['WebSearch', 'get_weather'])
    await Bun.sleep(150)
    expect(world.upstream.requests).toHaveLength(3)
  })

  test('a search and a call at once: the call is the caller’s, and nobody is asked again', async () => {
    const calls = [search('rome'), { id: 'toolu_a', name: 'get_weather', arguments: {} }]
    world.upstream.next(toolCalls(calls))
    world.upstream.default = searched('rome', SOURCES, 'Sunny.')
    const { content, finish } = await answerTo(world.driver, request('Weather?', { tools: [WEATHER] }))
    expect(finish).toBe('tool-calls')
    expect(content).toEqual([{ type: 'tool-call', id: 'toolu_a', name: 'get_weather', arguments: '{}' }])
    await Bun.sleep(300)
    expect(
      bodies(world)
        .slice(1)
        .flatMap(namesIn)
        .filter((name) => name !== 'web_search'),
    ).toEqual([])
  })

  test('a function that the caller calls WebSearch is the caller’s', async () => {
    world.upstream.next((asked) => {
      const own = namesIn(asked.json as Body).find((name) => name !== 'WebSearch')!
      return toolCalls([{ id: 'toolu_a', name: own, arguments: { query: 'x' } }])
    })
    const { content, finish } = await answerTo(world.driver, request('hi', { tools: [tool('WebSearch')] }))
    expect(finish).toBe('tool-calls')
    expect(content).toMatchObject([{ type: 'tool-call', name: 'WebSearch' }])
    expect(world.upstream.requests).toHaveLength(1)
  })

  test.each(['WebFetch', 'Bash', 'Read', 'Agent', 'web_fetch'])(
    'no other tool: a call of %s runs nothing',
    async (name) => {
      const input = { url: `${world.upstream.url}/secret`, prompt: 'x', command: 'true', file_path: '/etc/hostname' }
      // Time to be noticed: Claude Code refuses at once what it does not know, and goes on.
      const steps: Step[] = [
        { type: 'tool-call', id: 'toolu_1', name, pieces: [JSON.stringify(input)] },
        { type: 'wait', milliseconds: 1000 },
      ]
      world.upstream.next(answer(() => steps, { stop: { reason: 'tool_use' } }))
      expect(await failureOf(world.driver, request('hi'))).toMatchObject({ code: 'provider_error' })
      await world.upstream.turns[0]?.closed
      expect(world.upstream.turns[0]?.outcome).toBe('dropped')
      expect(world.upstream.requests).toHaveLength(1)
    },
  )

  test('an answer that is cut is cut, also behind a search', async () => {
    world.upstream.next(toolCalls([search('rome')]), searched('rome', SOURCES, 'Sunny.'), stopped('max_tokens', ['It']))
    const said = await answerTo(world.driver, request('Weather?', { sampling: { maxTokens: 3000 } }))
    expect(said).toMatchObject({ finish: 'length', usage: { input: 34, output: 10 } })
    expect(textOf(said)).toBe('It')
    await Bun.sleep(150)
    expect(world.upstream.requests).toHaveLength(3)
  })

  test('neither how to stop nor how to call reaches the search', async () => {
    oneSearch(world)
    await answerTo(
      world.driver,
      request('Weather?', {
        tools: [WEATHER],
        toolChoice: { type: 'required' },
        parallelToolCalls: false,
        output: { type: 'json-schema', name: 'x', schema: { type: 'object', properties: {} }, strict: true },
        sampling: { stop: ['rome'], temperature: 0.5 },
      }),
    )
    const [first, nested] = bodies(world)
    expect(first).toMatchObject({ temperature: 0.5 })
    expect(nested).toMatchObject({ tool_choice: { type: 'tool', name: 'web_search' } })
    for (const body of [first, nested]) {
      expect(body).not.toHaveProperty('stop_sequences')
      expect(body).not.toHaveProperty('output_config.format')
    }
  })

  test('a caller who leaves while it searches ends the process and the search', async () => {
    world.upstream.next(toolCalls([search('rome')]), hang())
    const leave = new AbortController()
    const left = collect(
      (async function* () {
        for await (const events of run(world.driver, request('Weather?'), leave.signal)) yield { choice: 0, events }
      })(),
    ).catch((error: unknown) => error)
    const nested = await world.upstream.turn(1)
    leave.abort(new Error('gone'))
    await nested.closed
    expect(nested.outcome).toBe('dropped')
    expect(await left).toMatchObject({ message: 'gone' })
    await Bun.sleep(150)
    expect(world.upstream.requests).toHaveLength(2)
  })
})

test('a model that does nothing but search is stopped', async () => {
  await using world = await claudeWorld({ web: true })
  let asked = 0
  world.upstream.default = ({ json }) => {
    asked += 1
    return namesIn(json as Body)[0] === 'web_search'
      ? searched('x', SOURCES, 'Found.')
      : toolCalls([{ ...search('again'), id: `toolu_${asked}` }])
  }
  const error = await failureOf(world.driver, request('hi'))
  expect(error).toMatchObject({
    code: 'provider_error',
    message: 'Claude asked 25 times for searches, and gave no answer.',
  })
  expect(world.upstream.requests).toHaveLength(50)
})

test('without chat.web nothing of it is there', async () => {
  await using world = await claudeWorld()
  world.upstream.next(text('Hello.'), toolCalls([search('rome')]))
  await answerTo(world.driver, request('hi'))
  expect(bodies(world)[0]?.tools).toEqual([])
  expect(await failureOf(world.driver, request('hi'))).toMatchObject({ code: 'provider_error' })
  await Bun.sleep(150)
  expect(world.upstream.requests).toHaveLength(2)
})

test('a search that fails is told to the model, which answers all the same', async () => {
  await using world = await claudeWorld({ web: true })
  // Claude Code tries a search once more.
  world.upstream.next(toolCalls([search('rome')]), failure(500), failure(500), text('I do not know.'))
  const events: ChatEvent[] = []
  for await (const batch of run(world.driver, request('Weather?'))) events.push(...batch)
  expect(events.filter(({ type }) => type === 'tool-activity')).toMatchObject([
    { phase: 'start', detail: { query: 'rome' } },
    { phase: 'end', detail: {} },
  ])
  expect(events.at(-1)).toEqual({ type: 'finish', reason: 'stop' })
  expect(world.upstream.requests).toHaveLength(4)
  expect(JSON.stringify(bodies(world).at(-1)?.messages)).toContain('tool_result')
})
