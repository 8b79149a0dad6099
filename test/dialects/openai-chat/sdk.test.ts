// The official SDK as the reader of our bytes.
import { describe, expect, test } from 'bun:test'
import { NotFoundError, OpenAI } from 'openai'
import type { ChatCompletionChunk } from 'openai/resources'
import { GatewayError } from '../../../src/core/error.ts'
import type { ChatEvent } from '../../../src/core/event.ts'
import { openaiChat } from '../../../src/dialects/openai-chat/dialect.ts'
import { context } from '../answers.ts'
import { type Reply, scriptedFetch } from '../scripted-fetch.ts'
import { read } from './support.ts'

/** A client whose server gives these answers one after the other, and what was sent to it. */
function clientOf(...replies: Reply[]) {
  const { fetch, sent } = scriptedFetch(replies)
  return { client: new OpenAI({ apiKey: 'none', baseURL: 'http://localhost/v1', maxRetries: 0, fetch }), sent }
}

const bytesOf = (text: string) => new TextEncoder().encode(text)
const messages = [{ role: 'user' as const, content: 'hi' }]
const ask = { model: 'demo/text', messages, stream: true as const }

function encoded(events: ChatEvent[], fields: Record<string, unknown> = {}): Uint8Array {
  const encoder = openaiChat.stream(read({ stream: true, ...fields }), context)
  return bytesOf(events.map((event) => encoder.push({ choice: 0, events: [event] })).join('') + encoder.end())
}

const answer: ChatEvent[] = [
  { type: 'stream-start', model: 'm', created: 1 },
  { type: 'reasoning-start', block: 0 },
  { type: 'reasoning-delta', block: 0, text: '思考 🤔' },
  { type: 'reasoning-end', block: 0 },
  { type: 'text-start', block: 1 },
  ...['漢字', ' e\u0301', ' 👩‍👩‍👧', '\u2028\n\ndata: [DONE]\n\n', '\0 end'].map((text) => ({
    type: 'text-delta' as const,
    block: 1,
    text,
  })),
  { type: 'text-end', block: 1 },
  { type: 'tool-call-start', block: 2, id: 'call_1', name: 'look' },
  { type: 'tool-call-delta', block: 2, arguments: '{"wo' },
  { type: 'tool-call-delta', block: 2, arguments: '":"漢"}' },
  { type: 'tool-call-end', block: 2 },
  { type: 'usage', usage: { input: 3, output: 4, cachedRead: 1, cacheWrite: 0, reasoning: 2, costUsd: 0.5 } },
  { type: 'finish', reason: 'tool-calls' },
]
const said = '漢字 e\u0301 👩‍👩‍👧\u2028\n\ndata: [DONE]\n\n\0 end'

describe('the openai SDK', () => {
  test.each([1, 2, 3, 5, 7, 64, 1000])('reads our stream in pieces of %i bytes', async (size) => {
    const options = { stream_options: { include_usage: true } }
    const { client } = clientOf({ bytes: encoded(answer, options), sizes: [size] })
    const chunks: ChatCompletionChunk[] = []
    for await (const chunk of await client.chat.completions.create({ ...ask, ...options })) chunks.push(chunk)
    const deltas = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta))
    expect(deltas.map((delta) => delta.content ?? '').join('')).toBe(said)
    expect(deltas.find((delta) => 'reasoning_content' in delta) as object).toEqual({ reasoning_content: '思考 🤔' })
    expect(chunks.at(-1)?.usage).toMatchObject({ total_tokens: 7, x_cligate: { cost_usd: 0.5 } })
  })

  test('puts the whole answer together by itself', async () => {
    const { client } = clientOf({ bytes: encoded(answer), sizes: [7, 1, 30] })
    const runner = client.chat.completions.stream({ model: 'demo/text', messages })
    const completion = await runner.finalChatCompletion()
    expect(completion).toMatchObject({ id: 'chatcmpl-abc123', created: 1_700_000_000, model: context.model })
    expect(completion.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        role: 'assistant',
        content: said,
        tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"wo":"漢"}' } }],
      },
    })
  })

  test('throws at an error in the middle, after what came before it', async () => {
    const error = new GatewayError('overloaded', 'Come back later.')
    const { client } = clientOf({ bytes: encoded([...answer.slice(0, 6), { type: 'error', error }]), sizes: [11] })
    let text = ''
    const reading = (async () => {
      for await (const chunk of await client.chat.completions.create(ask)) text += chunk.choices[0]?.delta.content ?? ''
    })()
    expect(await reading.catch((thrown: unknown) => thrown)).toMatchObject({
      message: 'Come back later.',
      code: 'overloaded',
      type: 'server_error',
    })
    expect(text).toBe('漢字')
  })

  test('reads a whole answer', async () => {
    const body = openaiChat.answer(
      [{ model: 'm', content: [{ type: 'text', text: said }], finish: 'stop' }],
      read(),
      context,
    )
    const { client } = clientOf({ bytes: bytesOf(JSON.stringify(body)), type: 'application/json', sizes: [5] })
    const completion = await client.chat.completions.create({ model: 'demo/text', messages })
    expect(completion.choices[0]?.message.content).toBe(said)
  })

  test('turns our error bodies into its own errors', async () => {
    const error = new GatewayError('model_not_found', 'No such model.', { param: 'model' })
    const bytes = bytesOf(JSON.stringify(openaiChat.error(error)))
    const { client } = clientOf({ bytes, status: error.status, type: 'application/json' })
    const thrown = await client.chat.completions.create({ model: 'x', messages }).catch((thrown: unknown) => thrown)
    expect(thrown).toBeInstanceOf(NotFoundError)
    expect(thrown).toMatchObject({ code: 'model_not_found', param: 'model', type: 'invalid_request_error' })
  })

  test('sends what we read, and an answer of ours sent back loses nothing', async () => {
    const { client, sent } = clientOf({ bytes: encoded(answer) })
    const first = await client.chat.completions.stream({ model: 'demo/text', messages }).finalChatCompletion()
    const { message } = first.choices[0]!
    const tool = { role: 'tool' as const, tool_call_id: 'call_1', content: 'seen' }
    const again = clientOf({ bytes: encoded(answer) })
    await again.client.chat.completions.stream({ model: 'demo/text', messages: [...messages, message, tool] }).done()
    expect(read({ ...sent[0] })).toMatchObject({ stream: true, unsupported: [] })
    expect(read({ ...again.sent[0] }).unsupported).toEqual([])
    expect(read({ ...again.sent[0] }).messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'hi' }] },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: '思考 🤔' },
          { type: 'text', text: said },
          { type: 'tool-call', id: 'call_1', name: 'look', arguments: '{"wo":"漢"}' },
        ],
      },
      {
        role: 'tool',
        content: [{ type: 'tool-result', id: 'call_1', content: [{ type: 'text', text: 'seen' }], isError: false }],
      },
    ])
  })
})
