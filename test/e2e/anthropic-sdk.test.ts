// The official Anthropic SDK against a running cligate: with the demo model, and with the real Claude Code behind it, which
// asks a simulated model API. What reached that API is asserted, not only what came back. Claude Code is a client as well.
import Anthropic, {
  APIError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from '@anthropic-ai/sdk'
import type { Message, MessageParam } from '@anthropic-ai/sdk/resources/messages'
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { CLAUDE, cleanEnvironment, type RunningCligate, startCligate } from '../support/cligate.ts'
import { failsAfter } from '../upstream/replies/faults.ts'
import { failure, rateLimited } from '../upstream/replies/failures.ts'
import { stopped } from '../upstream/replies/stops.ts'
import { text } from '../upstream/replies/text.ts'
import { thinking } from '../upstream/replies/thinking.ts'
import { type Upstream, startUpstream } from '../upstream/upstream.ts'

// A CLI that is started while the machine has other work takes its time.
setDefaultTimeout(60_000)

const HAIKU = 'claude-haiku-4-5'
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

type Block = { type: string; text?: string; thinking?: string; signature?: string }
type Body = {
  system: Block[]
  messages: { role: string; content: string | Block[] }[]
  max_tokens: number
  temperature?: number
  stop_sequences?: string[]
}

let upstream: Upstream
let gate: RunningCligate
let client: Anthropic

beforeAll(async () => {
  upstream = await startUpstream()
  gate = await startCligate({
    upstreamUrl: upstream.url,
    config: { providers: { claude: { path: CLAUDE, warm: { size: 2 } } } },
  })
  client = new Anthropic({ apiKey: 'unused', baseURL: gate.url, maxRetries: 0 })
})

afterAll(async () => {
  await gate?.stop()
  await upstream?.stop()
})

beforeEach(() => upstream.reset())

const user = (content: MessageParam['content']): MessageParam[] => [{ role: 'user', content }]
const ask = (model: string, said = 'Hello!') => ({ model, max_tokens: 8000, messages: user(said) })
const textOf = ({ content }: Message) => content.map((block) => (block.type === 'text' ? block.text : '')).join('')
const thrownBy = async (call: PromiseLike<unknown>): Promise<unknown> => {
  try {
    await call
  } catch (thrown) {
    return thrown
  }
  throw new Error('did not fail')
}

describe('the demo model', () => {
  test('answers in whole', async () => {
    const { data, request_id: requestId } = await client.messages.create(ask('demo/echo', '漢字 👩‍👩‍👧')).withResponse()
    expect(data).toMatchObject({
      type: 'message',
      role: 'assistant',
      model: 'demo/echo',
      content: [{ type: 'text', text: '漢字 👩‍👩‍👧' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: expect.any(Number), cache_read_input_tokens: 0 },
    })
    expect(data.usage.output_tokens).toBeGreaterThan(0)
    expect(requestId).toStartWith('req_')
  })

  test('streams the same, event by event and put together', async () => {
    const whole = await client.messages.create(ask('demo/unicode'))
    let heard = ''
    const stream = client.messages.stream(ask('demo/unicode')).on('text', (delta) => (heard += delta))
    const message = await stream.finalMessage()
    expect(message.content as unknown[]).toEqual(whole.content)
    expect(heard).toBe(textOf(whole))
    expect(message.usage).toMatchObject({
      input_tokens: whole.usage.input_tokens,
      output_tokens: whole.usage.output_tokens,
    })
  })

  test('thinks as much as it is told to', async () => {
    const think = (effort: 'low' | 'high') =>
      client.messages
        .stream({ ...ask('demo/reasoning'), thinking: { type: 'adaptive' }, output_config: { effort } })
        .finalMessage()
    const [little, much] = await Promise.all([think('low'), think('high')])
    expect(much.content.map(({ type }) => type)).toEqual(['thinking', 'text'])
    expect(much.usage.output_tokens_details!.thinking_tokens).toBe(100)
    expect(little.usage.output_tokens_details!.thinking_tokens).toBe(25)
    const none = await client.messages.create({ ...ask('demo/reasoning'), thinking: { type: 'disabled' } })
    expect(none.content.map(({ type }) => type)).toEqual(['text'])
  })

  test('stops where it shall', async () => {
    const cut = await client.messages.create({
      ...ask('demo/echo', 'one two END three'),
      stop_sequences: ['X', ' END'],
    })
    expect(cut).toMatchObject({ content: [{ text: 'one two' }], stop_reason: 'stop_sequence', stop_sequence: ' END' })
    const short = await client.messages.create({ ...ask('demo/long'), max_tokens: 7 })
    expect(short).toMatchObject({ stop_reason: 'max_tokens', usage: { output_tokens: 7 } })
  })

  test('fails as the classes of the SDK', async () => {
    const fails = (model: string) => thrownBy(client.messages.stream(ask(model)).finalMessage())
    expect(await fails('demo/error-401')).toBeInstanceOf(AuthenticationError)
    expect(await fails('demo/error-429')).toBeInstanceOf(RateLimitError)
    expect(await fails('demo/error-500')).toBeInstanceOf(InternalServerError)
    const unknown = await fails('demo/no-such')
    expect(unknown).toBeInstanceOf(NotFoundError)
    expect(unknown).toMatchObject({ type: 'not_found_error', errorCode: 'model_not_found' })
    const midStream = await fails('demo/error-mid-stream')
    expect(midStream).toBeInstanceOf(APIError)
    expect(midStream).toMatchObject({ type: 'api_error', requestID: expect.stringMatching(/^req_/) })
  })

  test('what is not here is refused by its path', async () => {
    const tools = [{ type: 'web_search_20250305' as const, name: 'web_search' as const }]
    const thrown = await thrownBy(client.messages.create({ ...ask('demo/chat'), tools }))
    expect(thrown).toBeInstanceOf(BadRequestError)
    expect(thrown).toMatchObject({ details: { error_code: 'unsupported_parameter', param: 'tools[0].type' } })
  })

  test('counts tokens, and says that it is an estimate', async () => {
    const count = async (said: string) => {
      const { max_tokens: _, ...prompt } = ask('demo/chat', said)
      return await client.messages.countTokens(prompt).withResponse()
    }
    const { data, response } = await count('one two three '.repeat(100))
    expect(response.headers.get('x-cligate-estimate')).toBe('1')
    expect(data.input_tokens).toBeGreaterThan(200)
    expect(data.input_tokens).toBeGreaterThan((await count('one')).data.input_tokens)
    expect(upstream.turns).toHaveLength(0)
  })

  test('a thread goes on with its whole history', async () => {
    const thread = client.beta.messages.thread({
      model: 'demo/chat',
      max_tokens: 1000,
      unsupportedRequestBehavior: 'continue_unthreaded',
    })
    await thread.send({ role: 'user', content: 'first' })
    const second = await thread.send({ role: 'user', content: 'second' })
    expect(JSON.stringify(second.content)).toContain('3 messages')
  })
})

describe('Claude Code behind it', () => {
  const body = () => upstream.turns[0]!.json as Body
  const spoken = () => body().messages.filter(({ role }) => role !== 'system')

  test('the whole conversation reaches the model, in one request', async () => {
    upstream.next(text('seen'))
    // The SDK's types have no sampling any more, but many callers and models do.
    const sampling = { temperature: 0.3 }
    const { data, response } = await client.messages
      .create({
        ...sampling,
        model: HAIKU,
        max_tokens: 777,
        stop_sequences: ['END'],
        system: [{ type: 'text', text: 'You are a test.', cache_control: { type: 'ephemeral' } }],
        messages: [
          { role: 'user', content: 'first question' },
          { role: 'assistant', content: [{ type: 'text', text: 'first answer' }] },
          {
            role: 'user',
            content: [
              { type: 'text', text: '/clear what is this?' },
              { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
            ],
          },
        ],
      })
      .withResponse()
    expect(textOf(data)).toBe('seen')
    expect(data.usage).toMatchObject({
      input_tokens: 10,
      cache_creation_input_tokens: 3,
      cache_read_input_tokens: 4,
      output_tokens: 5,
    })
    expect(upstream.turns).toHaveLength(1)
    expect(body()).toMatchObject({ max_tokens: 777, temperature: 0.3, stop_sequences: ['END'] })
    expect(body().system.at(-1)!.text).toBe('You are a test.')
    expect(spoken().map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
    expect(JSON.stringify(spoken()[1])).toContain('first answer')
    expect(JSON.stringify(spoken()[2])).toContain('/clear what is this?')
    expect(JSON.stringify(spoken()[2])).toContain(PIXEL.slice(0, 40))
    expect(response.headers.get('x-cligate-ignored')).toBeNull()
  })

  test('thinking streams with its signature, and goes back to the model as it was', async () => {
    upstream.next(thinking(['Let me ', 'see.'], ['So ', 'it is.'], { signature: 'c2lnbmVk' }), text('ok'))
    const request = { ...ask(HAIKU), thinking: { type: 'enabled' as const, budget_tokens: 2000 } }
    const first = await client.messages.stream(request).finalMessage()
    expect(first.content as unknown[]).toEqual([
      { type: 'thinking', thinking: 'Let me see.', signature: 'c2lnbmVk' },
      { type: 'text', text: 'So it is.', citations: null },
    ])
    const messages: MessageParam[] = [
      ...request.messages,
      { role: 'assistant', content: first.content },
      { role: 'user', content: 'Sure?' },
    ]
    await client.messages.create({ ...request, messages })
    const sent = (upstream.turns[1]!.json as Body).messages.find(({ role }) => role === 'assistant')
    expect((sent!.content as Block[])[0]).toMatchObject({ thinking: 'Let me see.', signature: 'c2lnbmVk' })
  })

  test('tokens arrive one by one', async () => {
    upstream.next(text(['one ', 'two ', 'three'], { between: 120 }))
    const arrivals: number[] = []
    await client.messages
      .stream(ask(HAIKU))
      .on('text', () => arrivals.push(performance.now()))
      .done()
    expect(arrivals.length).toBeGreaterThanOrEqual(3)
    expect(arrivals.at(-1)! - arrivals[0]!).toBeGreaterThan(150)
  })

  test('why it stopped', async () => {
    upstream.next(stopped('max_tokens', ['cut']))
    expect(await client.messages.create(ask(HAIKU))).toMatchObject({ stop_reason: 'max_tokens' })
  })

  test('its failures are the classes of the SDK', async () => {
    const create = () => thrownBy(client.messages.create(ask(HAIKU)))
    upstream.next(failure(401))
    expect(await create()).toBeInstanceOf(AuthenticationError)
    upstream.next(rateLimited(7))
    const limited = await create()
    expect(limited).toBeInstanceOf(RateLimitError)
    expect(Number((limited as APIError).headers?.get('retry-after'))).toBeGreaterThanOrEqual(7)
    upstream.next(failure(500))
    expect(await create()).toBeInstanceOf(InternalServerError)
  })

  test('one in the middle of an answer comes as an error event', async () => {
    upstream.next(failsAfter(['Hel', 'lo']))
    let heard = ''
    const stream = client.messages.stream(ask(HAIKU)).on('text', (delta) => (heard += delta))
    const thrown = await thrownBy(stream.finalMessage())
    expect(thrown).toBeInstanceOf(APIError)
    expect((thrown as APIError).type).toEndWith('_error')
    expect(heard).toBe('Hello')
  })
})

test('Claude Code in front of it: its own requests are understood', async () => {
  const child = Bun.spawn([CLAUDE, '-p', 'Say canary-echo please', '--model', 'demo/echo', '--tools', ''], {
    cwd: gate.home,
    env: cleanEnvironment(gate.url, join(gate.home, 'client')),
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [said, complaints] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  expect(said.trim(), complaints).toBe('Say canary-echo please')
  expect(await child.exited).toBe(0)
})
