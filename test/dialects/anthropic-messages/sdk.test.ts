// The official SDK as the reader of our bytes.
import Anthropic, { APIError, NotFoundError } from '@anthropic-ai/sdk'
import type { MessageParam } from '@anthropic-ai/sdk/resources/messages'
import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../../src/core/error.ts'
import type { ChatEvent } from '../../../src/core/event.ts'
import { anthropicMessages } from '../../../src/dialects/anthropic-messages/dialect.ts'
import { context, start, usage } from '../answers.ts'
import { type Reply, scriptedFetch } from '../scripted-fetch.ts'
import { encoded, read } from './support.ts'

/** A client whose server gives these answers one after the other, and what was sent to it. */
function clientOf(...replies: Reply[]) {
  const { fetch, sent } = scriptedFetch(replies)
  return { client: new Anthropic({ apiKey: 'none', baseURL: 'http://localhost', maxRetries: 0, fetch }), sent }
}

const bytesOf = (body: unknown) => new TextEncoder().encode(JSON.stringify(body))
const json = (body: unknown, status = 200): Reply => ({ bytes: bytesOf(body), type: 'application/json', status })
const messages: MessageParam[] = [{ role: 'user', content: 'hi' }]
const ask = { model: 'demo/text', max_tokens: 100, messages }

const pieces = ['漢字', ' e\u0301', ' 👩‍👩‍👧', '\u2028\n\nevent: error\ndata: {}\n\n', '\0 end']
const said = pieces.join('')
const answer: ChatEvent[] = [
  start,
  { type: 'reasoning-start', block: 0 },
  { type: 'reasoning-delta', block: 0, text: '思考 🤔' },
  { type: 'reasoning-end', block: 0, signature: 'c2lnbmF0dXJl' },
  { type: 'reasoning-start', block: 1 },
  { type: 'reasoning-end', block: 1, encrypted: 'eA==' },
  { type: 'text-start', block: 2 },
  ...pieces.map((text): ChatEvent => ({ type: 'text-delta', block: 2, text })),
  { type: 'text-end', block: 2 },
  { type: 'tool-call-start', block: 3, id: 'toolu_1', name: 'look' },
  { type: 'tool-call-start', block: 4, id: 'toolu_2', name: 'look' },
  { type: 'tool-call-delta', block: 3, arguments: '{"wo' },
  { type: 'tool-call-delta', block: 4, arguments: '{"wo":2}' },
  { type: 'tool-call-delta', block: 3, arguments: '":"漢"}' },
  { type: 'tool-call-end', block: 3 },
  { type: 'tool-call-end', block: 4 },
  { type: 'usage', usage: { ...usage, costUsd: 0.5 } },
  { type: 'finish', reason: 'tool-calls' },
]
const streamOf = (events: ChatEvent[]) => encoded(events.map((event) => [event]))
const content = [
  { type: 'thinking', thinking: '思考 🤔', signature: 'c2lnbmF0dXJl' },
  { type: 'redacted_thinking', data: 'eA==' },
  { type: 'text', text: said, citations: null },
  { type: 'tool_use', id: 'toolu_1', name: 'look', input: { wo: '漢' }, caller: { type: 'direct' } },
  { type: 'tool_use', id: 'toolu_2', name: 'look', input: { wo: 2 }, caller: { type: 'direct' } },
]

describe('the Anthropic SDK', () => {
  test.each([1, 2, 3, 5, 7, 64, 1000])('reads our stream in pieces of %i bytes', async (size) => {
    const { client } = clientOf({ bytes: streamOf(answer), sizes: [size] })
    let text = ''
    const stream = client.messages.stream(ask).on('text', (delta) => (text += delta))
    const message = await stream.finalMessage()
    expect(text).toBe(said)
    expect(message.content as unknown[]).toEqual(content)
    expect(message).toMatchObject({
      id: 'msg_abc123',
      model: context.model,
      stop_reason: 'tool_use',
      usage: { input_tokens: 13, output_tokens: 20, cache_read_input_tokens: 80 },
    })
  })

  test('its beta client does as well', async () => {
    const { client } = clientOf({ bytes: streamOf(answer), sizes: [9] })
    const message = await client.beta.messages.stream({ ...ask, betas: ['none-such-2020-01-01'] }).finalMessage()
    expect(message.content as unknown[]).toEqual(content)
  })

  test('throws at an error in the middle, after what came before it', async () => {
    const error = new GatewayError('overloaded', 'Come back later.')
    const { client } = clientOf({ bytes: streamOf([...answer.slice(0, 8), { type: 'error', error }]), sizes: [11] })
    let text = ''
    const reading = (async () => {
      for await (const event of await client.messages.create({ ...ask, stream: true })) {
        if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') text += event.delta.text
      }
    })()
    const thrown = await reading.catch((reason: unknown) => reason)
    expect(thrown).toBeInstanceOf(APIError)
    expect(thrown).toMatchObject({ type: 'overloaded_error', requestID: 'req_1', errorCode: 'overloaded' })
    expect((thrown as APIError).apiMessage).toBe('Come back later.')
    expect(text).toBe('漢字')
  })

  test('turns our error bodies into its own errors', async () => {
    const error = new GatewayError('model_not_found', 'No such model.', { param: 'model' })
    const { client } = clientOf(json(anthropicMessages.error(error), error.status))
    const thrown = await client.messages.create(ask).catch((reason: unknown) => reason)
    expect(thrown).toBeInstanceOf(NotFoundError)
    expect(thrown).toMatchObject({ status: 404, type: 'not_found_error', errorCode: 'model_not_found' })
  })

  test('sends what we read, and an answer of ours sent back loses nothing', async () => {
    const { client, sent } = clientOf({ bytes: streamOf(answer) }, { bytes: streamOf(answer) })
    const first = await client.messages.stream(ask).finalMessage()
    const results = ['toolu_1', 'toolu_2'].map((id) => ({
      type: 'tool_result' as const,
      tool_use_id: id,
      content: 'seen',
    }))
    const again: MessageParam[] = [
      ...messages,
      { role: 'assistant', content: first.content },
      { role: 'user', content: results },
    ]
    await client.messages.stream({ ...ask, messages: again }).done()
    expect(read(sent[0])).toMatchObject({ stream: true, unsupported: [] })
    const request = read(sent[1])
    expect(request.unsupported).toEqual([])
    expect(request.messages[1] as unknown).toEqual({
      role: 'assistant',
      content: [
        { type: 'reasoning', text: '思考 🤔', signature: 'c2lnbmF0dXJl' },
        { type: 'reasoning', text: '', encrypted: 'eA==' },
        { type: 'text', text: said },
        { type: 'tool-call', id: 'toolu_1', name: 'look', arguments: '{"wo":"漢"}' },
        { type: 'tool-call', id: 'toolu_2', name: 'look', arguments: '{"wo":2}' },
      ],
    })
    expect(request.messages[2]!.role).toBe('tool')
  })

  test('its tool runner goes on without a thread where ours is refused', async () => {
    const whole = (events: ChatEvent[]) => {
      const parts = events.some(({ type }) => type === 'tool-call-start')
        ? [{ type: 'tool-call' as const, id: 't', name: 'look', arguments: '{}' }]
        : [{ type: 'text' as const, text: 'Done.' }]
      const finish = parts[0]!.type === 'text' ? 'stop' : 'tool-calls'
      return json(anthropicMessages.answer([{ model: 'm', content: parts, finish, usage }], read(), context))
    }
    const refusal = (() => {
      try {
        read({ thread: { type: 'create' } })
      } catch (thrown) {
        return json(anthropicMessages.error(thrown as GatewayError), 400)
      }
      throw new Error('was not refused')
    })()
    const { client, sent } = clientOf(refusal, whole(answer), whole([]))
    const runner = client.beta.messages.toolRunner({
      ...ask,
      tools: [
        {
          type: 'custom',
          name: 'look',
          description: 'Looks.',
          input_schema: { type: 'object', properties: {} },
          run: () => 'seen',
          parse: (input: unknown) => input,
        },
      ],
    })
    const last = await runner
    expect(last.content[0]).toMatchObject({ type: 'text', text: 'Done.' })
    expect(sent.map((body) => 'thread' in body)).toEqual([true, false, false])
    expect(sent.map((body) => (body['messages'] as unknown[]).length)).toEqual([1, 1, 3])
    expect(read(sent[2]).messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool'])
  })
})
