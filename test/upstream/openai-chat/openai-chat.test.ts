// The simulated Chat Completions API, asked by the official SDK: that it can be taken for the real one.
import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import OpenAI, { APIConnectionError, APIError } from 'openai'
import { cut, cutAfter, failsAfter } from '../replies/faults.ts'
import { failure, rateLimited } from '../replies/failures.ts'
import { stopped } from '../replies/stops.ts'
import { ticks } from '../replies/text.ts'
import { thinking } from '../replies/thinking.ts'
import { toolCalls } from '../replies/tool-calls.ts'
import { UNICODE_SAMPLE, unicode } from '../replies/unicode.ts'
import { type Upstream, startUpstream } from '../upstream.ts'

let upstream: Upstream
let client: OpenAI
beforeAll(async () => {
  upstream = await startUpstream()
  client = new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: 'dummy', maxRetries: 0 })
})
beforeEach(() => upstream.reset())
afterAll(() => upstream.stop())

const question = { model: 'qwen3-max', messages: [{ role: 'user' as const, content: 'hi' }] }
const ask = () => client.chat.completions.create(question)
const askStreaming = () =>
  client.chat.completions.create({ ...question, stream: true, stream_options: { include_usage: true } })

async function collected(chunks: AsyncIterable<OpenAI.ChatCompletionChunk>) {
  const all: OpenAI.ChatCompletionChunk[] = []
  for await (const chunk of chunks) all.push(chunk)
  return all
}

test('text in all its characters, with usage and reason, streamed and not', async () => {
  upstream.next(unicode(), unicode())
  const chunks = await collected(await askStreaming())
  const streamed = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')
  expect(streamed).toBe(UNICODE_SAMPLE)
  expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop')
  expect(chunks.at(-1)?.usage).toMatchObject({ prompt_tokens: 17, completion_tokens: 5, total_tokens: 22 })
  const whole = await ask()
  expect(whole.choices[0]?.message.content).toBe(UNICODE_SAMPLE)
  expect(whole.usage).toMatchObject({ prompt_tokens: 17, prompt_tokens_details: { cached_tokens: 4 } })
})

test('thinking is reasoning_content; a cut off answer says length', async () => {
  upstream.next(thinking(['hm ', 'yes'], ['Six.']), stopped('max_tokens', ['So']))
  const chunks = await collected(await askStreaming())
  const deltas = chunks.map((chunk) => chunk.choices[0]?.delta).filter((delta) => delta !== undefined)
  expect(deltas.map((delta) => Reflect.get(delta, 'reasoning_content') ?? '').join('')).toBe('hm yes')
  expect((await ask()).choices[0]?.finish_reason).toBe('length')
})

test('parallel tool calls come in pieces', async () => {
  const calls = toolCalls([
    { name: 'weather', arguments: { city: '東京' }, id: 'call_1' },
    { name: 'time', arguments: {}, id: 'call_2' },
  ])
  upstream.next(calls, calls)
  const whole = (await ask()).choices[0]!
  expect(whole.finish_reason).toBe('tool_calls')
  expect(whole.message.tool_calls).toEqual([
    { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"東京"}' } },
    { id: 'call_2', type: 'function', function: { name: 'time', arguments: '{}' } },
  ])
  const runner = client.chat.completions.stream(question)
  expect((await runner.finalChatCompletion()).choices[0]?.message.tool_calls).toMatchObject(whole.message.tool_calls!)
})

test('errors have their status and their shape', async () => {
  upstream.next(failure(401), rateLimited(7))
  expect(await ask().catch((error: unknown) => error)).toMatchObject({ status: 401, code: 'invalid_api_key' })
  const limited: unknown = await ask().catch((error: unknown) => error)
  expect(limited).toMatchObject({ status: 429, code: 'rate_limit_exceeded' })
  expect(limited instanceof APIError && limited.headers?.get('retry-after')).toBe('7')
})

test('what breaks, breaks', async () => {
  upstream.next(cut(), cutAfter(['one']), failsAfter(['one'], 503, 'busy'))
  expect(await ask().catch((error: unknown) => error)).toBeInstanceOf(APIConnectionError)
  await expect(collected(await askStreaming())).rejects.toThrow()
  await expect(collected(await askStreaming())).rejects.toThrow('busy')
})

test('a client that leaves is noticed', async () => {
  upstream.next(ticks())
  const stream = await askStreaming()
  for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break
  const turn = await upstream.turn(0)
  await turn.closed
  expect(turn.outcome).toBe('dropped')
})

test('the list of models', async () => {
  const ids = []
  for await (const model of client.models.list()) ids.push(model.id)
  expect(ids).toContain('qwen3-coder-plus')
  expect(upstream.turns).toHaveLength(0)
})
