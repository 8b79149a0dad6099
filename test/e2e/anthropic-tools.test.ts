// Function calling and structured output with the official Anthropic SDK over a real socket, with its own helpers. The demo
// models answer; demo/echo cannot be made to do anything, so there the gateway does it.
import Anthropic, { BadRequestError } from '@anthropic-ai/sdk'
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema'
import type {
  MessageCreateParamsNonStreaming,
  MessageParam,
  ToolResultBlockParam,
} from '@anthropic-ai/sdk/resources/messages'
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { type RunningCligate, startCligate } from '../support/cligate.ts'

setDefaultTimeout(60_000)

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

let gate: RunningCligate
let client: Anthropic
/** Bodies that the SDK sent. */
const sent: Record<string, unknown>[] = []
beforeAll(async () => {
  gate = await startCligate({ config: { providers: { claude: { enabled: false } }, sse: { head_after_ms: 60_000 } } })
  client = new Anthropic({
    apiKey: 'unused',
    baseURL: gate.url,
    maxRetries: 0,
    fetch: async (url, init) => {
      sent.push(JSON.parse(init?.body as string) as Record<string, unknown>)
      return await fetch(url, init)
    },
  })
})
afterAll(async () => {
  await gate?.stop()
})

const input_schema = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const } },
  required: ['city'],
}
const tools = ['get_weather', 'get_time'].map((name) => ({ name, description: `Does ${name}.`, input_schema }))
const user = (content: MessageParam['content']): MessageParam => ({ role: 'user', content })
const ask = (
  content: string,
  fields: Partial<MessageCreateParamsNonStreaming> = {},
): MessageCreateParamsNonStreaming => ({
  model: 'demo/tools',
  max_tokens: 1_000,
  messages: [user(content)],
  tools,
  ...fields,
})
const called = ({ content }: Anthropic.Message) =>
  content.flatMap((block) => (block.type === 'tool_use' ? [block.name] : []))
const textOf = ({ content }: Anthropic.Message) =>
  content.map((block) => (block.type === 'text' ? block.text : '')).join('')
const thrownBy = async (call: PromiseLike<unknown>): Promise<unknown> =>
  await Promise.resolve(call).then(
    () => undefined,
    (error: unknown) => error,
  )

describe('toolRunner', () => {
  const weather = (seen: unknown[]) =>
    betaTool({
      name: 'get_weather',
      description: 'Tells the weather.',
      inputSchema: input_schema,
      run: (input) => {
        seen.push(input)
        return [
          { type: 'text' as const, text: 'rain' },
          {
            type: 'image' as const,
            source: { type: 'base64' as const, media_type: 'image/png' as const, data: PIXEL },
          },
        ]
      },
    })

  test.each([false, true])(
    'runs the loop, with the whole history after one refused thread (stream: %j)',
    async (stream) => {
      sent.length = 0
      const seen: unknown[] = []
      const runner = client.beta.messages.toolRunner({
        model: 'demo/tools',
        max_tokens: 1_000,
        messages: [user('How is it?')],
        tools: [weather(seen)],
        stream,
      })
      const last = await runner.runUntilDone()
      expect(last.content).toMatchObject([{ type: 'text', text: 'get_weather gave (with 1 image or document): rain' }])
      expect(seen).toEqual([{ city: 'city' }])
      const threads = sent.filter((body) => 'thread' in body)
      expect(threads).toHaveLength(1)
      const whole = sent.filter((body) => !('thread' in body)) as { messages: MessageParam[] }[]
      expect(whole.map(({ messages }) => messages.map(({ role }) => role))).toEqual([
        ['user'],
        ['user', 'assistant', 'user'],
      ])
    },
  )

  test('a tool that fails is told as failed', async () => {
    const failing = betaTool({
      name: 'get_weather',
      description: 'Fails.',
      inputSchema: input_schema,
      run: () => {
        throw new Error('no umbrella')
      },
    })
    const { content } = await client.beta.messages.toolRunner({
      model: 'demo/tools',
      max_tokens: 1_000,
      messages: [user('go')],
      tools: [failing],
      thread: false,
    })
    expect(content).toMatchObject([{ text: expect.stringMatching(/^get_weather failed: .*no umbrella/) }])
  })
})

describe('tool use', () => {
  test('side by side, whole and streamed alike, the input in pieces', async () => {
    const whole = await client.messages.create(ask('get_weather get_time'))
    expect(whole).toMatchObject({
      stop_reason: 'tool_use',
      content: [
        { type: 'tool_use', id: 'call_demo_1_0', name: 'get_weather', input: { city: 'city' } },
        { type: 'tool_use', id: 'call_demo_1_1', name: 'get_time', input: { city: 'city' } },
      ],
    })
    const pieces: string[] = []
    const stream = client.messages.stream(ask('get_weather get_time /')).on('inputJson', (piece) => pieces.push(piece))
    const { content, stop_reason } = await stream.finalMessage()
    expect([content as unknown[], stop_reason]).toEqual([whole.content, 'tool_use'])
    expect(pieces.join('')).toBe('{"city":"city"}{"city":"city"}')
  })

  test.each(['demo/tools', 'demo/echo'])('%s: every choice that the caller has', async (model) => {
    const isEcho = model === 'demo/echo'
    const prompt = isEcho ? '/call get_weather /call get_time' : 'get_time get_weather'
    const choose = async (tool_choice: Anthropic.ToolChoice, content = prompt) =>
      called(await client.messages.create(ask(content, { model, tool_choice })))
    expect(await choose({ type: 'auto' })).toEqual(['get_weather', 'get_time'])
    expect(await choose({ type: 'any' })).toEqual(['get_weather', 'get_time'])
    expect(await choose({ type: 'auto', disable_parallel_tool_use: true })).toEqual(['get_weather'])
    expect(await choose({ type: 'any', disable_parallel_tool_use: true })).toEqual(['get_weather'])
    expect(await choose({ type: 'none' })).toEqual([])
    expect(await choose({ type: 'tool', name: 'get_time' }, isEcho ? '/call get_time' : prompt)).toEqual(['get_time'])
  })

  test('a tool that never is called is an error that names the field', async () => {
    const error = await thrownBy(
      client.messages.create(ask('no', { model: 'demo/echo', tool_choice: { type: 'any' } })),
    )
    expect(error).toMatchObject({ status: 502, details: { error_code: 'provider_error', param: 'tool_choice' } })
  })

  test('results with text, images and failures are seen', async () => {
    const { content } = await client.messages.create(ask('get_weather get_time'))
    const results: ToolResultBlockParam[] = [
      {
        type: 'tool_result',
        tool_use_id: 'call_demo_1_0',
        content: [
          { type: 'text', text: 'rain' },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
        ],
      },
      { type: 'tool_result', tool_use_id: 'call_demo_1_1', content: 'no clock', is_error: true },
    ]
    const messages = [user('get_weather get_time'), { role: 'assistant' as const, content }, user(results)]
    const answer = await client.messages.create(ask('', { messages }))
    expect(textOf(answer)).toBe('get_weather gave (with 1 image or document): rain\nget_time failed: no clock')
  })

  test('a thread is refused so that the SDK knows what to do', async () => {
    const error = await thrownBy(
      client.messages.create({ ...ask('x'), thread: { type: 'create' } } as MessageCreateParamsNonStreaming),
    )
    expect(error).toBeInstanceOf(BadRequestError)
    expect(error).toMatchObject({
      details: { error_code: 'thread_unsupported_request', unsupported: expect.any(Array) },
    })
  })
})

describe('structured output', () => {
  const schema = {
    type: 'object',
    properties: { answer: { type: 'integer', minimum: 7 } },
    required: ['answer'],
    additionalProperties: false,
  }
  const output_config = { format: { type: 'json_schema' as const, schema } }
  const plain = (model: string, content: string) => ({ ...ask(content, { model, output_config }), tools: [] })

  test('is parsed by the SDK, and streamed', async () => {
    const parsed = await client.messages.parse(plain('demo/chat', 'hi'))
    expect(JSON.parse(textOf(parsed))).toEqual({ answer: 7 })
    expect(textOf(await client.messages.stream(plain('demo/chat', 'hi')).finalMessage())).toBe('{"answer":7}')
  })

  test('is seen to where the model cannot be forced', async () => {
    expect(textOf(await client.messages.create(plain('demo/echo', 'It is {"answer":8}.')))).toBe('{"answer":8}')
    const error = await thrownBy(client.messages.create(plain('demo/echo', '{"answer":6}')))
    expect(error).toMatchObject({ status: 502, details: { param: 'output_config.format' } })
  })

  test('with a schema that cannot be used is a 400', async () => {
    const format = { type: 'json_schema' as const, schema: { $ref: 'https://example.com/x' } }
    const error = await thrownBy(client.messages.create({ ...plain('demo/chat', 'hi'), output_config: { format } }))
    expect(error).toMatchObject({
      status: 400,
      details: { error_code: 'invalid_request', param: 'output_config.format' },
    })
  })
})
