// The simulated Responses API: what it sends is what OpenAI's own library understands.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import { failure, rateLimited } from '../replies/failures.ts'
import { cutAfter, failsAfter, truncatedAfter } from '../replies/faults.ts'
import { stopped } from '../replies/stops.ts'
import { text } from '../replies/text.ts'
import { thinking } from '../replies/thinking.ts'
import { toolCalls } from '../replies/tool-calls.ts'
import { startUpstream, type Upstream } from '../upstream.ts'

let upstream: Upstream
let openai: OpenAI
beforeAll(async () => {
  upstream = await startUpstream()
  openai = new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: 'dummy', maxRetries: 0 })
})
beforeEach(() => upstream.reset())
afterAll(() => upstream.stop())

// Async: the library's own promises are not what `rejects` expects.
const ask = async () => openai.responses.create({ model: 'gpt-5.5', input: 'hi' })

async function events(path = '/v1/responses') {
  const body = JSON.stringify({ model: 'gpt-5.5', input: 'hi', stream: true })
  const response = await fetch(`${upstream.url}${path}`, { method: 'POST', body })
  const frames = (await response.text()).split('\n\n').filter((frame) => frame.startsWith('event: '))
  return frames.map((frame) => JSON.parse(frame.split('\ndata: ')[1]!) as { type: string; sequence_number: number })
}

describe('whole', () => {
  test('text and usage', async () => {
    upstream.next(text(['Hel', 'lo'], { usage: { input: 10, cacheRead: 4, cacheWrite: 0, output: 7 } }))
    const response = await ask()
    expect(response).toMatchObject({ status: 'completed', model: 'gpt-5.5', output_text: 'Hello' })
    expect(response.usage).toMatchObject({
      input_tokens: 14,
      input_tokens_details: { cached_tokens: 4 },
      output_tokens: 7,
    })
  })

  test('reasoning before the message, calls with whole arguments', async () => {
    upstream.next(
      thinking(['a', 'b'], ['c'], { signature: 'seal' }),
      toolCalls([{ name: 'f', arguments: { x: 1 }, id: 'call_1' }]),
    )
    expect((await ask()).output).toMatchObject([
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'ab' }], encrypted_content: 'seal' },
      { type: 'message', content: [{ type: 'output_text', text: 'c' }] },
    ])
    expect((await ask()).output).toMatchObject([
      { type: 'function_call', name: 'f', call_id: 'call_1', arguments: '{"x":1}' },
    ])
  })

  test('an answer that was cut', async () => {
    upstream.next(stopped('max_tokens', ['a']))
    expect(await ask()).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } })
  })

  test('errors in the API’s own shape', async () => {
    upstream.next(failure(401), rateLimited(7), failure(429, { kind: 'usage_limit_reached' }))
    await expect(ask()).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' })
    const limited = await ask().catch((error: unknown) => error as InstanceType<typeof OpenAI.APIError>)
    expect((limited as { headers: Headers }).headers.get('retry-after')).toBe('7')
    await expect(ask()).rejects.toMatchObject({ status: 429, type: 'usage_limit_reached' })
  })
})

describe('streamed', () => {
  test('every event of a text, numbered', async () => {
    upstream.next(text(['Hel', 'lo']))
    const got = await events()
    expect(got.map(({ type }) => type.replace('response.', ''))).toEqual([
      'created',
      'in_progress',
      'output_item.added',
      'content_part.added',
      'output_text.delta',
      'output_text.delta',
      'output_text.done',
      'content_part.done',
      'output_item.done',
      'completed',
    ])
    expect(got.map(({ sequence_number }) => sequence_number)).toEqual(got.map((_, index) => index))
  })

  test('OpenAI’s library puts the same answer together', async () => {
    upstream.next(thinking(['why'], ['Hel', 'lo']))
    const stream = openai.responses.stream({ model: 'gpt-5.5', input: 'hi' })
    expect((await stream.finalResponse()).output_text).toBe('Hello')
  })

  test('the path without /v1 is the same', async () => {
    expect((await events('/responses')).at(-1)?.type).toBe('response.completed')
    expect(upstream.turns).toHaveLength(1)
  })

  test('a failure, an end and a cut in mid-stream are no completion', async () => {
    upstream.next(failsAfter(['a'], 500), truncatedAfter(['a']), cutAfter(['a']))
    expect((await events()).at(-1)?.type).toBe('response.failed')
    expect((await events()).at(-1)?.type).toBe('response.output_text.delta')
    await expect(events()).rejects.toThrow()
  })
})

test('a client that wants a WebSocket is sent to HTTP; Codex’s own list of models is none', async () => {
  const upgrade = await fetch(`${upstream.url}/v1/responses`)
  const models = await fetch(`${upstream.url}/v1/models?client_version=0.169.0`, {
    headers: { authorization: 'Bearer x' },
  })
  expect([upgrade.status, await models.json()]).toEqual([426, { models: [] }])
  expect(upstream.turns).toHaveLength(0)
})
