// Structured output through the real Qwen Code, with what the gateway does around it: services that keep to the form, that take no notice
// of it, and that refuse it.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { ChatRequest, Output } from '../../src/core/request.ts'
import type { Driver } from '../../src/providers/driver.ts'
import { answerTo, asEmulated, failureOf, textOf } from '../providers/claude/requests.ts'
import { ask, type Body, MODEL, qwenWorld, type World } from '../providers/qwen/world.ts'
import { failure } from '../upstream/replies/failures.ts'
import { stopped } from '../upstream/replies/stops.ts'
import { text } from '../upstream/replies/text.ts'
import { toolCalls } from '../upstream/replies/tool-calls.ts'

setDefaultTimeout(60_000)

const SCHEMA = { type: 'object', properties: { a: { type: 'number' } }, required: ['a'], additionalProperties: false }
const FORM: Output = { type: 'json-schema', name: 'thing', schema: SCHEMA, strict: true }
const RESPONSE_FORMAT = { type: 'json_schema', json_schema: { name: 'thing', schema: SCHEMA, strict: true } }

let world: World
beforeAll(async () => {
  world = await qwenWorld({ maxActive: 64, maxQueue: 64 })
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => world.upstream.reset())

const wanting = (changes: Parameters<typeof ask>[1] = {}): ChatRequest =>
  ask('Which?', { output: FORM, given: { output: 'response_format' }, ...changes })
const answered = (asked: ChatRequest, { driver } = world) => answerTo(asEmulated(driver, asked), asked)
const failed = (asked: ChatRequest) => failureOf(asEmulated(world.driver, asked), asked)
const bodies = () => world.upstream.turns.map(({ json }) => json as Body)
const said = (body: Body | undefined) => JSON.stringify(body?.messages)

describe.each([true, false])('asked for a stream: %p', (stream) => {
  test('a service that keeps to the form is asked once, in its own words and in ours', async () => {
    world.upstream.next(text('{"a":1}'))
    expect(textOf(await answered(wanting({ stream })))).toBe('{"a":1}')
    expect(bodies()).toMatchObject([{ response_format: RESPONSE_FORMAT }])
    expect(said(bodies()[0])).toContain('It must fit this JSON Schema')
  })

  test('prose and fences around the answer are no reason to ask again', async () => {
    world.upstream.next(text('Sure!\n```json\n{"a": 1}\n```'))
    expect(textOf(await answered(wanting({ stream })))).toBe('{"a": 1}')
    expect(bodies()).toHaveLength(1)
  })

  test('a service that takes no notice of it is told what is wrong, once', async () => {
    world.upstream.next(text('It is number one.'), text('{"a":1}'))
    const answer = await answered(wanting({ stream }))
    expect(answer).toMatchObject({ content: [{ text: '{"a":1}' }], finish: 'stop', usage: { output: 10 } })
    expect(bodies()).toMatchObject([{ response_format: RESPONSE_FORMAT }, { response_format: RESPONSE_FORMAT }])
    expect(said(bodies()[1])).toContain('It is number one.')
    expect(said(bodies()[1])).toContain('the answer is not JSON.')
  })

  test('after the second answer that does not fit, it is an error, and nothing of them was shown', async () => {
    world.upstream.next(text('{"a":"one"}'), text('{"a":1,"b":2}'))
    const asked = wanting({ stream })
    const driver = asEmulated(world.driver, asked)
    const shown: string[] = []
    const watched: Driver = {
      ...driver,
      async *run(turn, signal) {
        for await (const batch of driver.run(turn, signal)) {
          shown.push(...batch.map(({ type }) => type))
          yield batch
        }
      },
    }
    expect(await failureOf(watched, asked)).toMatchObject({
      code: 'provider_error',
      param: 'response_format',
      message: expect.stringContaining('"b"'),
    })
    expect(shown).toEqual([])
    expect(bodies()).toHaveLength(2)
  })
})

test('calls of functions, and what was cut short, pass as they are', async () => {
  const tools = [{ name: 'get_weather', description: '', parameters: { type: 'object' }, strict: false }]
  world.upstream.next(toolCalls([{ name: 'get_weather', arguments: {} }]))
  expect(await answered(wanting({ tools }))).toMatchObject({ finish: 'tool-calls' })
  world.upstream.next(stopped('max_tokens', ['{"a":']))
  expect(await answered(wanting())).toMatchObject({ finish: 'length', content: [{ text: '{"a":' }] })
  expect(bodies()).toHaveLength(2)
})

test('any JSON object is asked for by its own word', async () => {
  world.upstream.next(text('{}'))
  await answered(wanting({ output: { type: 'json' } }))
  expect(bodies()).toMatchObject([{ response_format: { type: 'json_object' } }])
})

describe('a service that refuses the form', () => {
  const refusal = failure(400, { message: 'This response_format type is unavailable now' })

  test('is asked without it, and is not asked with it again', async () => {
    await using own = await qwenWorld()
    own.upstream.next(refusal, text('{"a":1}'), text('{"a":2}'))
    const formats = () => own.upstream.turns.map(({ json }) => (json as Body)['response_format'])
    expect(textOf(await answered(wanting(), own))).toBe('{"a":1}')
    expect(formats()).toEqual([RESPONSE_FORMAT, undefined])
    expect(textOf(await answered(wanting(), own))).toBe('{"a":2}')
    expect(formats()).toEqual([RESPONSE_FORMAT, undefined, undefined])
    // Of another kind of form, or another model, nothing is known.
    own.upstream.next(text('{}'), text('{"a":3}'))
    await answered(wanting({ output: { type: 'json' } }), own)
    await answered(wanting({ model: `${MODEL}-2` }), own)
    expect(formats().slice(3)).toEqual([{ type: 'json_object' }, RESPONSE_FORMAT])
  })

  test('and refuses the turn for something else is not asked again', async () => {
    world.upstream.next(failure(400, { message: 'temperature is out of range' }))
    expect(await failed(wanting())).toMatchObject({ code: 'invalid_request' })
    expect(bodies()).toHaveLength(1)
  })
})
