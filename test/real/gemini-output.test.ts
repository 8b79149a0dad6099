// Answers with a schema through the real Gemini CLI: arguments of a call that the model has to make.
import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { answerTo, textOf } from '../providers/claude/requests.ts'
import { callsOf, declaredBy, request, sentBy, tool, WEATHER } from '../providers/gemini/functions.ts'
import { geminiWorld, type World } from '../providers/gemini/world.ts'
import { text } from '../upstream/replies/text.ts'
import { toolCalls } from '../upstream/replies/tool-calls.ts'

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
