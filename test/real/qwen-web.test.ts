// A turn that searches with the real Qwen Code (`chat.web`), where the service is Alibaba Cloud's: its rounds, its words, its end.
import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { assertOrder } from '../../src/core/assert-order.ts'
import type { ChatEvent } from '../../src/core/event.ts'
import { answerTo, failureOf, run, textOf, tool } from '../providers/claude/requests.ts'
import { ask, bodiesOf, MODEL, qwenWorld, toolsIn, type World } from '../providers/qwen/world.ts'
import { rateLimited } from '../upstream/replies/failures.ts'
import { hang } from '../upstream/replies/faults.ts'
import { stopped } from '../upstream/replies/stops.ts'
import { text } from '../upstream/replies/text.ts'
import { toolCalls } from '../upstream/replies/tool-calls.ts'
import { searched } from '../upstream/replies/web-search.ts'
import { type SimulatedDashScope, startDashScope } from './harness/simulated-dashscope.ts'

setDefaultTimeout(90_000)

const SOURCES = [{ title: 'Rome today', url: 'https://weather.example/rome' }]
const search = (query: string) => ({ id: `call_${query}`, name: 'web_search', arguments: { query } })

let world: World
let service: SimulatedDashScope
beforeAll(async () => {
  service = startDashScope(() => world.upstream.url)
  world = await qwenWorld({ web: true, environment: service.environment })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  service.stop()
})
beforeEach(() => world.upstream.reset())

test('one answer from a turn that searches, with the words and tokens of all rounds', async () => {
  world.upstream.next(
    toolCalls([search('rome')], { text: ['Let me see. '] }),
    searched('rome', SOURCES, 'Sunny.'),
    text('It is sunny.'),
  )
  const events: ChatEvent[] = []
  for await (const batch of run(world.driver, ask('Weather?'))) events.push(...batch)
  assertOrder(events)
  expect(events.filter(({ type }) => /-start$|activity|usage|finish/.test(type))).toEqual([
    { type: 'stream-start', model: MODEL, created: expect.any(Number) },
    { type: 'text-start', block: 0 },
    { type: 'tool-activity', name: 'web_search', phase: 'start', detail: { query: 'rome' } },
    { type: 'tool-activity', name: 'web_search', phase: 'end', detail: {} },
    { type: 'text-start', block: 1 },
    { type: 'usage', usage: { input: 34, output: 10, cachedRead: 8, cacheWrite: 0, reasoning: 0 } },
    { type: 'finish', reason: 'stop' },
  ])
  const said = events.flatMap((event) => (event.type === 'text-delta' ? [event.text] : []))
  expect(said.join('')).toBe('Let me see. It is sunny.')
  expect(world.upstream.requests.map(({ path }) => path)).toEqual([
    '/v1/chat/completions',
    '/v1/responses',
    '/v1/chat/completions',
  ])
  expect(bodiesOf(world).map(toolsIn)).toEqual([['web_search'], ['web_search', 'web_extractor'], ['web_search']])
  expect(JSON.stringify(bodiesOf(world)[1])).not.toContain('Weather?')
  expect(JSON.stringify(bodiesOf(world)[2]?.messages)).toContain(SOURCES[0]!.url)
})

test('an answer without a search is one request', async () => {
  const said = await answerTo(world.driver, ask('hi'))
  expect(textOf(said)).toBe('Hello from the simulated model.')
  expect(said).toMatchObject({ finish: 'stop', usage: { input: 17, output: 5 } })
  await Bun.sleep(150)
  expect(world.upstream.requests).toHaveLength(1)
})

test('several searches in several rounds, and an answer that is cut', async () => {
  world.upstream.next(
    toolCalls([search('one')]),
    searched('one', SOURCES, 'One.'),
    toolCalls([search('two')], { text: ['Once more. '] }),
    searched('two', [], 'Nothing.'),
    stopped('max_tokens', ['It'], { usage: { output: 3000 } }),
  )
  const said = await answerTo(world.driver, ask('Look around.', { sampling: { maxTokens: 3000 } }))
  expect(textOf(said)).toBe('Once more. It')
  expect(said).toMatchObject({ finish: 'length', usage: { input: 51, output: 3010 } })
  await Bun.sleep(150)
  expect(world.upstream.requests).toHaveLength(5)
})

test('beside functions of the caller it does not search', async () => {
  world.upstream.next(toolCalls([{ id: 'call_a', name: 'get_weather', arguments: { city: 'Rome' } }]))
  const { content, finish } = await answerTo(world.driver, ask('Weather?', { tools: [tool('get_weather')] }))
  expect(finish).toBe('tool-calls')
  expect(content).toMatchObject([{ type: 'tool-call', id: 'call_a', name: 'get_weather' }])
  expect(bodiesOf(world).map(toolsIn)).toEqual([['get_weather']])
})

test('a failure behind a search ends the turn at once', async () => {
  world.upstream.next(toolCalls([search('rome')]), searched('rome', SOURCES, 'Sunny.'), rateLimited(7))
  expect(await failureOf(world.driver, ask('Weather?'))).toMatchObject({ code: 'rate_limit_exceeded' })
  await Bun.sleep(150)
  expect(world.upstream.requests).toHaveLength(3)
})

test('a caller who leaves while it searches ends the search', async () => {
  world.upstream.next(toolCalls([search('rome')]), hang())
  const leave = new AbortController()
  const left = Array.fromAsync(run(world.driver, ask('Weather?'), leave.signal)).catch((error: unknown) => error)
  const nested = await world.upstream.turn(1)
  leave.abort(new Error('gone'))
  await nested.closed
  expect(nested.outcome).toBe('dropped')
  expect(await left).toMatchObject({ message: 'gone' })
  await Bun.sleep(150)
  expect(world.upstream.requests).toHaveLength(2)
})

test('a model that does nothing but search is stopped', async () => {
  let asked = 0
  world.upstream.default = ({ path }) => {
    asked += 1
    return path === '/v1/responses'
      ? searched('again', SOURCES, 'Found.')
      : toolCalls([{ ...search('again'), id: `call_${asked}` }])
  }
  expect(await failureOf(world.driver, ask('hi'))).toMatchObject({
    code: 'provider_error',
    message: 'Qwen Code asked 25 times for searches, and gave no answer.',
  })
  await Bun.sleep(150)
  expect(world.upstream.requests).toHaveLength(50)
})
