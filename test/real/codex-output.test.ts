// Structured output through the real Codex: what the service is asked to keep to.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { ChatRequest, Output } from '../../src/core/request.ts'
import { answerTo, asEmulated, failureOf, request, textOf } from '../providers/claude/requests.ts'
import { functionsOf, WEATHER } from '../providers/codex/functions.ts'
import { codexWorld, type World } from '../providers/codex/world.ts'
import { text } from '../upstream/replies/text.ts'

setDefaultTimeout(30_000)

const CLOSED = {
  type: 'object',
  properties: {
    city: { type: 'string', description: 'größer' },
    at: { anyOf: [{ type: 'number' }, { type: 'null' }] },
  },
  required: ['city', 'at'],
  additionalProperties: false,
}
const OPEN = { type: 'object', properties: { city: { type: 'string' } } }

let world: World
beforeAll(async () => {
  world = await codexWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => world.upstream.reset())

const schema = (of: Record<string, unknown>, strict: boolean): Output => ({
  type: 'json-schema',
  name: 'place',
  schema: of,
  strict,
})
const format = () => (world.upstream.turns.at(-1)!.json as { text: { format?: unknown } }).text.format

describe.each(['gpt-5.5', 'gpt-6.1-sol'])('%s', (model) => {
  test.each([
    ['a strict schema', schema(CLOSED, true), CLOSED],
    ['a strict schema that OpenAI may refuse: OpenAI says why', schema(OPEN, true), OPEN],
    ['a schema that is not said to be strict, and is', schema(CLOSED, false), CLOSED],
  ])('%s is passed on as it is', async (_, output, sent) => {
    world.upstream.next(text('{"city":"Oslo","at":null}'))
    const asked = request('where?', { model, output })
    expect(world.driver.support(asked, model).output).toBe('native')
    expect(textOf(await answerTo(world.driver, asked))).toBe('{"city":"Oslo","at":null}')
    expect(format()).toEqual({ type: 'json_schema', strict: true, name: 'codex_output_schema', schema: sent })
  })

  test.each([
    ['a schema that is not strict', schema(OPEN, false)],
    ['any JSON', { type: 'json' } as const],
  ])('%s is not: it is for the gateway', async (_, output) => {
    const asked = request('where?', { model, output })
    expect(world.driver.support(asked, model).output).toBe('emulated')
    await answerTo(world.driver, asked)
    expect(format()).toBeUndefined()
  })

  test('with functions beside it', async () => {
    await answerTo(world.driver, request('where?', { model, tools: [WEATHER], output: schema(CLOSED, true) }))
    expect(format()).toMatchObject({ type: 'json_schema', schema: CLOSED })
    expect(functionsOf(world.upstream.turns[0]!.json)).toMatchObject([{ name: 'get_weather' }])
  })
})

test('a schema that Codex cannot read, and would be silent about, is never sent to it', async () => {
  let deep: Record<string, unknown> = { type: 'string' }
  for (let level = 0; level < 300; level += 1) deep = { type: 'object', properties: { x: deep } }
  const asked = request('where?', { model: 'gpt-5.5', output: schema(deep, true) })
  expect(world.driver.support(asked, 'gpt-5.5').output).toBe('emulated')
  expect(textOf(await answerTo(world.driver, asked))).toBe('Hello from the simulated model.')
})

describe('what the service cannot be held to, such as a pattern', () => {
  const code = { type: 'string', pattern: '^[A-Z]{3}$' }
  const coded = { type: 'object', properties: { code }, required: ['code'], additionalProperties: false }
  const wanting = (stream: boolean) => request('which?', { model: 'gpt-5.5', output: schema(coded, true), stream })
  const whole = (asked: ChatRequest) => asEmulated(world.driver, asked)

  test('is mended once where the answer does not stream', async () => {
    world.upstream.next(text('{"code":"oslo"}'), text('{"code":"OSL"}'))
    const asked = wanting(false)
    expect(textOf(await answerTo(whole(asked), asked))).toBe('{"code":"OSL"}')
    expect(world.upstream.turns).toHaveLength(2)
    expect(JSON.stringify(world.upstream.turns[1]!.json)).toContain('/code: ')
    expect(format()).toMatchObject({ type: 'json_schema', strict: true })
  })

  test('is an error at the end of an answer that does', async () => {
    world.upstream.next(text('{"code":"oslo"}'))
    const asked = wanting(true)
    expect(await failureOf(whole(asked), asked)).toMatchObject({ code: 'provider_error' })
    expect(world.upstream.turns).toHaveLength(1)
  })
})
