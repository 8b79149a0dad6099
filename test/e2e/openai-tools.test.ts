// Function calling and structured output with the official openai SDK over a real socket, with its own helpers: what it puts
// together, runs and parses. The demo models answer; demo/echo cannot be made to do anything, so there the gateway does it.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import OpenAI, { APIError } from 'openai'
import { LengthFinishReasonError } from 'openai/error'
import type { ChatCompletionCreateParams, ChatCompletionMessageParam } from 'openai/resources'
import { type RunningCligate, startCligate } from '../support/cligate.ts'

setDefaultTimeout(60_000)

const PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

let gate: RunningCligate
let client: OpenAI
beforeAll(async () => {
  gate = await startCligate({ config: { providers: { claude: { enabled: false } }, sse: { head_after_ms: 60_000 } } })
  client = new OpenAI({ apiKey: 'unused', baseURL: `${gate.url}/v1`, maxRetries: 0 })
})
afterAll(async () => {
  await gate?.stop()
})

const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
const tool = (name: string) => ({
  type: 'function' as const,
  function: { name, description: `Does ${name}.`, parameters },
})
const tools = [tool('get_weather'), tool('get_time')]
const user = (content: string): ChatCompletionMessageParam[] => [{ role: 'user', content }]
const ask = async (content: string, fields: Partial<ChatCompletionCreateParams> = {}) =>
  await client.chat.completions.create({
    model: 'demo/tools',
    messages: user(content),
    tools,
    ...fields,
    stream: false,
  })
const called = ({ choices }: OpenAI.ChatCompletion) =>
  choices[0]!.message.tool_calls?.map((call) => (call.type === 'function' ? call.function.name : '')) ?? []
const thrownBy = async (call: PromiseLike<unknown>): Promise<unknown> =>
  await Promise.resolve(call).then(
    () => undefined,
    (error: unknown) => error,
  )

describe('runTools', () => {
  const runnable = (seen: unknown[]) => [
    {
      type: 'function' as const,
      function: {
        name: 'get_weather',
        description: 'Tells the weather.',
        parameters,
        parse: (text: string) => JSON.parse(text) as { city: string },
        function: ({ city }: { city: string }) => {
          seen.push(city)
          return `rain in ${city}`
        },
      },
    },
  ]

  test('runs the loop: call, result, answer', async () => {
    const seen: unknown[] = []
    const runner = client.chat.completions.runTools({
      model: 'demo/tools',
      messages: user('How is it?'),
      tools: runnable(seen),
    })
    expect(await runner.finalContent()).toBe('get_weather gave: rain in city')
    expect(seen).toEqual(['city'])
    expect(runner.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant'])
    expect(runner.messages[1]).toMatchObject({ content: null })
  })

  test('and streamed, with the arguments in pieces', async () => {
    const seen: unknown[] = []
    const stream = client.chat.completions.runTools({
      model: 'demo/tools',
      messages: user('How is it?'),
      tools: runnable(seen),
      stream: true,
    })
    const pieces: string[] = []
    stream.on('tool_calls.function.arguments.delta', ({ arguments_delta }) => pieces.push(arguments_delta))
    expect(await stream.finalContent()).toBe('get_weather gave: rain in city')
    expect(pieces.join('')).toBe('{"city":"city"}')
    expect(seen).toEqual(['city'])
  })
})

describe('tool calls', () => {
  test('side by side, whole and streamed alike', async () => {
    const whole = await ask('get_weather and get_time')
    expect(whole.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        content: null,
        refusal: null,
        tool_calls: [
          { id: 'call_demo_1_0', type: 'function', function: { name: 'get_weather', arguments: '{"city":"city"}' } },
          { id: 'call_demo_1_1', type: 'function', function: { name: 'get_time', arguments: '{"city":"city"}' } },
        ],
      },
    })
    const stream = client.chat.completions.stream({
      model: 'demo/tools',
      messages: user('get_weather and get_time'),
      tools,
    })
    const { choices, usage } = await stream.finalChatCompletion()
    expect(choices[0]!.message.tool_calls).toMatchObject(whole.choices[0]!.message.tool_calls!)
    expect(choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { content: null } })
    expect(usage).toBeUndefined()
  })

  test('results with images are seen', async () => {
    const call = { id: 'a', type: 'function' as const, function: { name: 'get_time', arguments: '{}' } }
    const content = [
      { type: 'text', text: 'noon' },
      { type: 'image_url', image_url: { url: PIXEL } },
    ] as unknown as string
    const answer = await ask('', {
      messages: [
        ...user('go'),
        { role: 'assistant', tool_calls: [call] },
        { role: 'tool', tool_call_id: 'a', content },
      ],
    })
    expect(answer.choices[0]!.message.content).toBe('get_time gave (with 1 image or document): noon')
  })

  test.each(['demo/tools', 'demo/echo'])('%s: every choice that the caller has', async (model) => {
    const prompt = model === 'demo/echo' ? '/call get_time {"a":1} /call get_weather' : 'get_time get_weather'
    const both = model === 'demo/echo' ? ['get_time', 'get_weather'] : ['get_weather', 'get_time']
    const choose = async (fields: Partial<ChatCompletionCreateParams>) =>
      called(await ask(prompt, { model, ...fields }))
    expect(await choose({})).toEqual(both)
    expect(await choose({ tool_choice: 'none' })).toEqual([])
    expect(await choose({ tool_choice: 'required' })).toEqual(both)
    expect(await choose({ parallel_tool_calls: false })).toEqual([both[0]!])
    const time = { type: 'function' as const, function: { name: 'get_time' } }
    const named = model === 'demo/echo' ? '/call get_time' : prompt
    expect(called(await ask(named, { model, tool_choice: time }))).toEqual(['get_time'])
    const allowed = {
      type: 'allowed_tools' as const,
      allowed_tools: { mode: 'required' as const, tools: [time] },
    }
    expect(called(await ask(named, { model, tool_choice: allowed }))).toEqual(['get_time'])
  })

  test('a call that never comes is a 502 that names the field, also for a stream', async () => {
    for (const stream of [false, true]) {
      const call = client.chat.completions.create({
        model: 'demo/echo',
        messages: user('no'),
        tools,
        tool_choice: 'required',
        stream,
      })
      expect(await thrownBy(call)).toMatchObject({ status: 502, code: 'provider_error', param: 'tool_choice' })
    }
  })

  test('the old form is answered in the old form', async () => {
    const functions = tools.map((one) => one.function)
    const request = { model: 'demo/tools', messages: user('get_weather get_time'), functions }
    const { choices } = await client.chat.completions.create(request)
    const { message, finish_reason } = choices[0]!
    expect([finish_reason, message.function_call]).toEqual([
      'function_call',
      { name: 'get_weather', arguments: '{"city":"city"}' },
    ])
    expect(message.tool_calls).toBeUndefined()
    const stream = client.chat.completions.stream(request)
    expect((await stream.finalChatCompletion()).choices[0]!.message.function_call).toEqual(message.function_call!)
    const result: ChatCompletionMessageParam = { role: 'function', name: 'get_weather', content: 'rain' }
    const last = await client.chat.completions.create({ ...request, messages: [...request.messages, message, result] })
    expect(last.choices[0]!.message.content).toBe('get_weather gave: rain')
  })

  test('names that no other API takes are the caller’s own on both ways', async () => {
    const { choices } = await ask('go', { tools: [tool('mcp.server/wéather')] })
    expect(choices[0]!.message.tool_calls).toMatchObject([{ function: { name: 'mcp.server/wéather' } }])
  })

  test('a tool that is no function, or no schema that can be used, is a 400', async () => {
    const custom = [{ type: 'custom' as const, custom: { name: 'x' } }]
    expect(await thrownBy(ask('x', { tools: custom }))).toMatchObject({
      status: 400,
      code: 'unsupported_parameter',
      param: 'tools[0].type',
    })
    const huge = { enum: Array.from({ length: 100_001 }, () => 0) }
    const tooLarge = [{ type: 'function' as const, function: { name: 'x', parameters: huge } }]
    expect(await thrownBy(ask('x', { tools: tooLarge }))).toMatchObject({ status: 400, param: 'tools[0]' })
  })
})

describe('structured output', () => {
  const schema = {
    type: 'object',
    properties: { steps: { type: 'array', items: { type: 'string' } }, answer: { type: 'integer', minimum: 7 } },
    required: ['steps', 'answer'],
    additionalProperties: false,
  }
  const format = (of: Record<string, unknown> = schema) => ({
    type: 'json_schema' as const,
    json_schema: { name: 'math', strict: true, schema: of },
  })

  test('is parsed by the SDK, whole and streamed', async () => {
    const request = { model: 'demo/chat', messages: user('hi'), response_format: format() }
    const { choices } = await client.chat.completions.parse(request)
    expect(choices[0]!.message.parsed as unknown).toEqual({ steps: ['steps'], answer: 7 })
    const stream = client.chat.completions.stream(request)
    const final = await stream.finalChatCompletion()
    expect(final.choices[0]!.message.parsed as unknown).toEqual({ steps: ['steps'], answer: 7 })
  })

  test('beside tools: a call passes, and its arguments are parsed', async () => {
    const { choices } = await client.chat.completions.parse({
      model: 'demo/tools',
      messages: user('hi'),
      tools: [{ type: 'function', function: { ...tool('get_weather').function, strict: true } }],
      response_format: format(),
    })
    expect(choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { parsed: null, tool_calls: [{ function: { arguments: '{"city":"city"}' } }] },
    })
  })

  test('that a limit cuts ends with length, as the SDK knows it', async () => {
    const request = { model: 'demo/chat', messages: user('hi'), response_format: format(), max_completion_tokens: 1 }
    expect(await thrownBy(client.chat.completions.parse(request))).toBeInstanceOf(LengthFinishReasonError)
  })

  const echo = (said: string, of?: Record<string, unknown>) =>
    client.chat.completions.create({ model: 'demo/echo', messages: user(said), response_format: format(of) })

  test('is found among prose and fences where the model cannot be forced', async () => {
    const json = '{"steps":[],"answer":8}'
    for (const said of [json, `Sure:\n\`\`\`json\n${json}\n\`\`\`\nDone.`, `It is ${json}!`]) {
      expect((await echo(said)).choices[0]!.message.content).toBe(json)
    }
  })

  test('that does not fit, twice, is a 502 that names the first violation', async () => {
    for (const stream of [false, true]) {
      const call = client.chat.completions.create({
        model: 'demo/echo',
        messages: user('{"steps":[],"answer":6}'),
        response_format: format(),
        stream,
      })
      expect(await thrownBy(call)).toMatchObject({ status: 502, code: 'provider_error', param: 'response_format' })
    }
  })

  test('any object, where no schema is given', async () => {
    const response_format = { type: 'json_object' as const }
    const { choices } = await client.chat.completions.create({
      model: 'demo/chat',
      messages: user('hi'),
      response_format,
    })
    expect(JSON.parse(choices[0]!.message.content!)).toEqual({ message: expect.stringContaining('demo model') })
  })

  test.each([
    [{ type: 'text' }],
    [{ $ref: 'http://169.254.169.254/latest/meta-data' }],
    [{ $ref: '#' }],
    [{ pattern: '(a+)+$' }],
    [{ properties: { a: 5 } }],
  ])('a schema that cannot be used is a 400 before anything runs: %j', async (of) => {
    const error = await thrownBy(echo('x', of))
    expect(error).toBeInstanceOf(APIError)
    expect(error).toMatchObject({ status: 400, code: 'invalid_request', param: 'response_format' })
  })
})
