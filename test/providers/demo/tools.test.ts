import { describe, expect, test } from 'bun:test'
import { assertOrder } from '../../../src/core/assert-order.ts'
import { collect } from '../../../src/core/collect.ts'
import type { GatewayError } from '../../../src/core/error.ts'
import type { ChatEvent } from '../../../src/core/event.ts'
import type { AssistantPart, ChatRequest, Message, Tool } from '../../../src/core/request.ts'
import { createDemoDriver } from '../../../src/providers/demo/driver.ts'
import { chatRequest, userMessage } from '../../core/samples.ts'

const never = new AbortController().signal
const demo = createDemoDriver({ now: () => 1_700_000_000_000 })

const tool = (name: string, properties: Record<string, unknown> = {}): Tool => ({
  name,
  description: `Does ${name}.`,
  parameters: { type: 'object', properties, required: Object.keys(properties) },
  strict: false,
})
const weather = tool('get_weather', { city: { type: 'string' }, days: { type: 'integer', minimum: 2 } })
const time = tool('get_time')
const tools = [weather, time]

async function eventsOf(prompt: string, changes: Partial<ChatRequest> = {}, model = 'tools'): Promise<ChatEvent[]> {
  const request = chatRequest({ messages: [userMessage(prompt)], tools, ...changes })
  const events = (await Array.fromAsync(demo.run({ id: 't', request, model }, never))).flat()
  assertOrder(events)
  return events
}

async function answer(prompt: string, changes: Partial<ChatRequest> = {}, model = 'tools') {
  const events = await eventsOf(prompt, changes, model)
  const [whole] = await collect(
    (async function* () {
      yield { choice: 0, events }
    })(),
  )
  const { content, finish, usage } = whole!
  const text = content.map((part) => (part.type === 'text' ? part.text : '')).join('')
  return { events, calls: content.filter((part) => part.type === 'tool-call'), text, finish, usage }
}

const called = ({ calls }: { calls: Extract<AssistantPart, { type: 'tool-call' }>[] }) => calls.map(({ name }) => name)
const refusal = async (prompt: string, changes: Partial<ChatRequest> = {}) =>
  await eventsOf(prompt, changes).catch((error: GatewayError) => error)

describe('demo/tools', () => {
  test('calls the first function, with arguments that fit its schema', async () => {
    const { calls, text, finish } = await answer('How is it?')
    expect(calls).toEqual([
      { type: 'tool-call', id: 'call_demo_1_0', name: 'get_weather', arguments: '{"city":"city","days":2}' },
    ])
    expect([text, finish]).toEqual(['', 'tool-calls'])
  })

  test('calls those that the prompt names, side by side', async () => {
    const { calls } = await answer('Call get_time and get_weather!')
    expect(calls.map(({ name, id }) => [name, id])).toEqual([
      ['get_weather', 'call_demo_1_0'],
      ['get_time', 'call_demo_1_1'],
    ])
  })

  test('streams the arguments in pieces', async () => {
    const pieces = (await eventsOf('go')).filter(({ type }) => type === 'tool-call-delta')
    expect(pieces.length).toBeGreaterThan(1)
    expect((await eventsOf('go', { stream: false })).filter(({ type }) => type === 'tool-call-delta')).toHaveLength(1)
  })

  test('without functions it talks', async () => {
    expect(await answer('hello', { tools: [] })).toMatchObject({ calls: [], finish: 'stop' })
  })

  const image = { type: 'image' as const, source: { kind: 'data' as const, mediaType: 'image/png', data: 'AA==' } }
  const history = (prompt: string): Message[] => [
    userMessage(prompt),
    {
      role: 'assistant',
      content: [
        { type: 'tool-call', id: 'a', name: 'get_weather', arguments: '{}' },
        { type: 'tool-call', id: 'b', name: 'get_time', arguments: '{}' },
      ],
    },
    {
      role: 'tool',
      content: [{ type: 'tool-result', id: 'b', content: [{ type: 'text', text: 'no clock' }], isError: true }],
    },
    {
      role: 'tool',
      content: [
        { type: 'tool-result', id: 'a', content: [{ type: 'text', text: 'rain' }, image, image], isError: false },
      ],
    },
  ]

  test('answers from the results: text, images, failures', async () => {
    const { text, calls, finish } = await answer('', { messages: history('go') })
    expect(text).toBe('get_time failed: no clock\nget_weather gave (with 2 images or documents): rain')
    expect([calls, finish]).toEqual([[], 'stop'])
    // So do other models that were told to call.
    const { text: same } = await answer('', { messages: history('/call get_time /call get_weather') }, 'chat')
    expect(same).toBe(text)
  })

  test('calls again where it has to, with an id of its own', async () => {
    const { calls } = await answer('', { messages: history('go'), toolChoice: { type: 'required' } })
    expect(calls).toMatchObject([{ name: 'get_weather', id: 'call_demo_4_0' }])
  })
})

describe('/call', () => {
  test('calls at any model, with the JSON behind it to the letter or with a sample', async () => {
    const { calls } = await answer(
      '/call get_weather {"city": "}{"} /call get_time\n/call get_weather then',
      {},
      'chat',
    )
    expect(calls.map(({ name, arguments: json }) => [name, json])).toEqual([
      ['get_weather', '{"city": "}{"}'],
      ['get_time', '{}'],
      ['get_weather', '{"city":"city","days":2}'],
    ])
  })

  test('also with what is no JSON, behind words and thoughts, and failing between', async () => {
    const { events, calls, text } = await answer('/call get_time {not: json} /tokens 3 /reasoning 2', {}, 'chat')
    expect(calls[0]!.arguments).toBe('{not: json}')
    expect(text).not.toBe('')
    expect(events.filter(({ type }) => type.endsWith('-start')).map(({ type }) => type)).toEqual([
      'stream-start',
      'reasoning-start',
      'text-start',
      'tool-call-start',
    ])
    expect(await refusal('/call get_weather /error 500 after 1')).toMatchObject({ code: 'provider_error' })
  })

  test('of what nobody offers is a 400', async () => {
    for (const changes of [{}, { tools: [] }]) {
      expect(await refusal('/call nothing {}', changes)).toMatchObject({ code: 'invalid_request', param: 'messages' })
    }
  })

  test.each(['/call', '/calls get_time', 'say /call get_time'])('%s is no directive but words', async (prompt) => {
    expect((await answer(prompt, {}, 'echo')).text).toBe(prompt)
  })
})

describe('the choice of the caller', () => {
  test('none: no call, whatever the prompt says', async () => {
    const none = { toolChoice: { type: 'none' } as const }
    expect(called(await answer('get_time', none))).toEqual([])
    expect(called(await answer('/call get_time', none, 'chat'))).toEqual([])
  })

  test('required: a call, at any model', async () => {
    const required = { toolChoice: { type: 'required' } as const }
    expect(called(await answer('hello', required, 'chat'))).toEqual(['get_weather'])
    expect(called(await answer('/call get_time', required, 'chat'))).toEqual(['get_time'])
  })

  test('named: that one, and no other', async () => {
    const named = { toolChoice: { type: 'named', name: 'get_time' } as const }
    expect(called(await answer('get_weather', named))).toEqual(['get_time'])
    expect(called(await answer('/call get_weather /call get_time', named, 'chat'))).toEqual(['get_time'])
  })

  test('one at a time', async () => {
    const one = { parallelToolCalls: false }
    expect(called(await answer('get_time get_weather', one))).toEqual(['get_weather'])
    expect(called(await answer('/call get_time /call get_weather', one, 'chat'))).toEqual(['get_time'])
  })
})

describe('the form of an answer', () => {
  test('a value that fits the schema, in pieces', async () => {
    const output = { type: 'json-schema', name: 'n', schema: weather.parameters, strict: true } as const
    const { text, events } = await answer('hi', { tools: [], output }, 'chat')
    expect(text).toBe('{"city":"city","days":2}')
    expect(events.filter(({ type }) => type === 'text-delta').length).toBeGreaterThan(1)
    expect(called(await answer('hi', { output }))).toEqual(['get_weather'])
  })

  test('an object with the text in it, where no schema is given', async () => {
    const { text } = await answer('hi', { tools: [], output: { type: 'json' } }, 'unicode')
    const { text: plain } = await answer('hi', { tools: [] }, 'unicode')
    expect(JSON.parse(text)).toEqual({ message: plain })
  })

  test('but an echo stays an echo', async () => {
    expect((await answer('hi', { tools: [], output: { type: 'json' } }, 'echo')).text).toBe('hi')
  })
})

describe('tokens', () => {
  test('a call costs one for its name and those of its arguments; functions that are offered count too', async () => {
    const { usage } = await answer('go')
    expect(usage).toMatchObject({ output: 1 + 2, input: 1 + 2 * 3 + countOf(weather) + countOf(time) })
  })
  const countOf = ({ parameters }: Tool) => Math.ceil(JSON.stringify(parameters).length / 16)

  test('a limit cuts within a call, and the finish says so', async () => {
    for (const [maxTokens, arguments_, finish] of [
      [1, '', 'length'],
      [2, '{"city":"city","', 'length'],
      [3, '{"city":"city","days":2}', 'tool-calls'],
    ] as const) {
      const { calls, ...rest } = await answer('go', { sampling: { stop: [], maxTokens } })
      expect([calls[0]!.arguments, rest.finish, rest.usage?.output]).toEqual([arguments_, finish, maxTokens])
    }
    const two = await answer('get_time get_weather', { sampling: { stop: [], maxTokens: 3 } })
    expect([called(two), two.finish]).toEqual([['get_weather'], 'length'])
  })
})
