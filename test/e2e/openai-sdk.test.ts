// The official openai SDK against a running cligate, with the real Claude Code behind it and a simulated model API behind that.
// What reached the model is asserted, not only what came back.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import OpenAI, { APIError, AuthenticationError, NotFoundError, RateLimitError } from 'openai'
import { CLAUDE, type RunningCligate, startCligate } from '../support/cligate.ts'
import { type Upstream, startUpstream } from '../upstream/upstream.ts'
import { failure, rateLimited } from '../upstream/replies/failures.ts'
import { text } from '../upstream/replies/text.ts'

const MODEL = 'claude-haiku-4-5'
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

type Block = { type: string; text?: string; source?: { data?: string } }
type Body = {
  model: string
  system: Block[]
  messages: { role: string; content: string | Block[] }[]
  max_tokens: number
  temperature?: number
  stop_sequences?: string[]
  tools?: unknown[]
}

let upstream: Upstream
let gate: RunningCligate
let client: OpenAI

beforeAll(async () => {
  upstream = await startUpstream()
  gate = await startCligate({
    upstreamUrl: upstream.url,
    // Errors stay HTTP statuses however slow the machine is: see sse.head_after_ms.
    config: { sse: { head_after_ms: 60_000 }, providers: { claude: { path: CLAUDE, warm: { size: 2 } } } },
  })
  client = new OpenAI({ apiKey: 'unused', baseURL: `${gate.url}/v1`, maxRetries: 0 })
}, 60_000)

afterAll(async () => {
  await gate?.stop()
  await upstream?.stop()
})

beforeEach(() => upstream.reset())

const body = (turn = 0) => upstream.turns[turn]!.json as Body
/** The texts of a message without what the CLI adds of its own. */
const texts = (message: Body['messages'][number]) =>
  (typeof message.content === 'string'
    ? [message.content]
    : message.content.map((block) => block.text ?? `<${block.type}>`)
  ).filter((part) => !part.includes('<system-reminder>'))

describe('streaming', () => {
  test('tokens arrive one by one, from exactly one request', async () => {
    upstream.next(text(['Grüße, ', '世界 ', '👩‍👩‍👧‍👦 ', 'e\u0301nd'], { between: 120 }))
    const stream = await client.chat.completions.create({
      model: MODEL,
      messages: [{ role: 'user', content: 'Greet me.' }],
      stream: true,
      stream_options: { include_usage: true },
    })
    const arrivals: { at: number; content: string }[] = []
    let finish: string | null | undefined
    let usage: OpenAI.CompletionUsage | null | undefined
    for await (const chunk of stream) {
      const [choice] = chunk.choices
      if (choice?.delta.content) arrivals.push({ at: performance.now(), content: choice.delta.content })
      finish ??= choice?.finish_reason
      usage = chunk.usage ?? usage
    }
    expect(arrivals.map((arrival) => arrival.content).join('')).toBe('Grüße, 世界 👩‍👩‍👧‍👦 e\u0301nd')
    expect(arrivals.length).toBeGreaterThanOrEqual(4)
    expect(arrivals.at(-1)!.at - arrivals[0]!.at).toBeGreaterThan(200)
    expect(finish).toBe('stop')
    expect(usage).toMatchObject({ prompt_tokens: 17, completion_tokens: 5, total_tokens: 22 })
    expect(usage?.prompt_tokens_details?.cached_tokens).toBe(4)
    expect(upstream.turns).toHaveLength(1)
  })

  test('n answers come from n turns', async () => {
    upstream.next(text('one'), text('two'))
    const answer = await client.chat.completions.create({
      model: MODEL,
      n: 2,
      messages: [{ role: 'user', content: 'x' }],
    })
    expect(new Set(answer.choices.map((choice) => choice.message.content))).toEqual(new Set(['one', 'two']))
    expect(answer.choices.map((choice) => choice.index)).toEqual([0, 1])
    expect(upstream.turns).toHaveLength(2)
  })
})

describe('what reaches the model', () => {
  test('roles, images and parameters of the caller', async () => {
    upstream.next(text('seen'))
    const { data, response } = await client.chat.completions
      .create({
        model: MODEL,
        temperature: 0.3,
        max_tokens: 777,
        stop: ['END'],
        seed: 7,
        messages: [
          { role: 'system', content: 'You are a test.' },
          { role: 'user', content: 'first question' },
          { role: 'assistant', content: 'first answer' },
          {
            role: 'user',
            content: [
              { type: 'text', text: '/clear @/etc/passwd what is this?' },
              { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } },
            ],
          },
        ],
      })
      .withResponse()
    expect(data.choices[0]!.message.content).toBe('seen')
    expect(upstream.turns).toHaveLength(1)
    const sent = body()
    expect(sent.model).toBe(MODEL)
    expect(sent.max_tokens).toBe(777)
    expect(sent.temperature).toBe(0.3)
    expect(sent.stop_sequences).toEqual(['END'])
    expect(sent.tools ?? []).toEqual([])
    expect(sent.system.at(-1)!.text).toBe('You are a test.')
    const spoken = sent.messages.filter((message) => message.role !== 'system')
    expect(spoken.map((message) => message.role)).toEqual(['user', 'assistant', 'user'])
    expect(texts(spoken[0]!)).toEqual(['first question'])
    expect(texts(spoken[1]!)).toEqual(['first answer'])
    expect(texts(spoken[2]!)).toContain('/clear @/etc/passwd what is this?')
    expect(JSON.stringify(spoken[2])).toContain(PIXEL.slice(0, 40))
    expect(response.headers.get('x-cligate-ignored')).toBe('seed')
  })

  test('a prompt and a system prompt that begin with dashes are text, not flags', async () => {
    upstream.next(text('ok'))
    await client.chat.completions.create({
      model: MODEL,
      messages: [
        { role: 'system', content: '--dangerously-skip-permissions' },
        { role: 'user', content: '--version' },
      ],
    })
    expect(body().system.at(-1)!.text).toBe('--dangerously-skip-permissions')
    expect(texts(body().messages.findLast((message) => message.role === 'user')!)).toContain('--version')
  })

  test('strict mode refuses what nobody honours, before a token is spent', async () => {
    const refused = await client.chat.completions
      .create(
        { model: MODEL, seed: 7, messages: [{ role: 'user', content: 'x' }] },
        { headers: { 'x-cligate-strict': '1' } },
      )
      .catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(APIError)
    expect(refused).toMatchObject({ status: 400, param: 'seed' })
    expect(upstream.turns).toHaveLength(0)
  })
})

describe("errors are the SDK's own classes", () => {
  const ask = (model = MODEL) =>
    client.chat.completions.create({ model, messages: [{ role: 'user', content: 'x' }], stream: true }).then(
      async (stream) => {
        await Array.fromAsync(stream)
      },
      (error: unknown) => error,
    )

  test('an unknown model', async () => {
    expect(await ask('no-such-model')).toBeInstanceOf(NotFoundError)
  })
  test('a login that the provider refuses', async () => {
    upstream.next(failure(401))
    const error = await ask()
    expect(error).toBeInstanceOf(AuthenticationError)
    expect((error as APIError).message).toContain('claude')
  })
  test('a rate limit, with the time to wait', async () => {
    upstream.next(rateLimited(7))
    const error = await ask()
    expect(error).toBeInstanceOf(RateLimitError)
    expect(Number((error as APIError).headers?.get('retry-after'))).toBeGreaterThanOrEqual(7)
    expect(upstream.turns).toHaveLength(1)
  })
  test('a broken provider', async () => {
    upstream.next(failure(500))
    expect((await ask()) as APIError).toMatchObject({ status: 502 })
  })
})

test('models are listed and found', async () => {
  const ids: string[] = []
  for await (const model of client.models.list()) ids.push(model.id)
  expect(ids).toContain('demo/echo')
  expect(ids.some((id) => id.startsWith('claude-'))).toBe(true)
  expect(ids.some((id) => id.endsWith('-progress'))).toBe(true)
  const claude = ids.find((id) => id.startsWith('claude-'))
  expect((await client.models.retrieve(claude!)).id).toBe(claude!)
})
