// The official SDK as the reader of our bytes.
import { describe, expect, test } from 'bun:test'
import { BadRequestError, OpenAI } from 'openai'
import type { Response, ResponseInput } from 'openai/resources/responses/responses'
import { GatewayError } from '../../../src/core/error.ts'
import type { ChatEvent } from '../../../src/core/event.ts'
import { openaiResponses } from '../../../src/dialects/openai-responses/dialect.ts'
import { context } from '../answers.ts'
import { type Reply, scriptedFetch } from '../scripted-fetch.ts'
import { asked, encoded, read } from './support.ts'

/** A client whose server gives these answers one after the other, and what was sent to it. */
function clientOf(...replies: Reply[]) {
  const { fetch, sent } = scriptedFetch(replies)
  return { client: new OpenAI({ apiKey: 'none', baseURL: 'http://localhost/v1', maxRetries: 0, fetch }), sent }
}

const pieces = ['漢字', ' e\u0301', ' 👩‍👩‍👧', '\u2028\n\nevent: error\ndata: {}\n\n', '\0 end']
const said = pieces.join('')
const answer: ChatEvent[] = [
  { type: 'stream-start', model: 'm', created: 1 },
  { type: 'reasoning-start', block: 0 },
  { type: 'reasoning-delta', block: 0, text: '思考 🤔' },
  { type: 'reasoning-end', block: 0, signature: 'c2lnbmF0dXJl' },
  { type: 'text-start', block: 1 },
  ...pieces.map((text): ChatEvent => ({ type: 'text-delta', block: 1, text })),
  { type: 'text-end', block: 1 },
  { type: 'tool-call-start', block: 2, id: 'call_1', name: 'look' },
  { type: 'tool-call-start', block: 3, id: 'call_2', name: 'look' },
  { type: 'tool-call-delta', block: 2, arguments: '{"wo' },
  { type: 'tool-call-delta', block: 3, arguments: '{"wo":2}' },
  { type: 'tool-call-delta', block: 2, arguments: '":"漢"}' },
  { type: 'tool-call-end', block: 2 },
  { type: 'tool-call-end', block: 3 },
  { type: 'usage', usage: { input: 100, output: 20, cachedRead: 80, cacheWrite: 7, reasoning: 5 } },
  { type: 'finish', reason: 'tool-calls' },
]
const include: ['reasoning.encrypted_content'] = ['reasoning.encrypted_content']
const streamOf = (events: ChatEvent[], fields: Record<string, unknown> = {}) =>
  encoded(
    events.map((event) => [event]),
    fields,
  )
const ask = { model: 'demo/text', input: 'hi' }

describe('the OpenAI SDK', () => {
  test.each([1, 2, 3, 5, 7, 64, 1000])('reads our stream in pieces of %i bytes', async (size) => {
    const { client } = clientOf({ bytes: streamOf(answer), sizes: [size] })
    let text = ''
    const stream = client.responses.stream(ask).on('response.output_text.delta', ({ delta }) => (text += delta))
    const response = await stream.finalResponse()
    expect(text).toBe(said)
    expect(response.output_text).toBe(said)
    expect(response.output.map(({ type }) => type)).toEqual(['reasoning', 'message', 'function_call', 'function_call'])
    expect(response.usage).toMatchObject({ input_tokens: 100, total_tokens: 120 })
  })

  test('reads a whole answer', async () => {
    const { dialect, chat } = asked()
    const body = dialect.answer(
      [{ model: 'm', content: [{ type: 'text', text: said }], finish: 'stop' }],
      chat,
      context,
    )
    const bytes = new TextEncoder().encode(JSON.stringify(body))
    const { client } = clientOf({ bytes, type: 'application/json' })
    const response: Response = await client.responses.create(ask)
    expect(response).toMatchObject({ id: 'resp_abc123', status: 'completed', output_text: said })
  })

  test('parses what fits a schema', async () => {
    const events: ChatEvent[] = [
      answer[0]!,
      { type: 'text-start', block: 0 },
      { type: 'text-delta', block: 0, text: '{"a":1}' },
      { type: 'text-end', block: 0 },
      { type: 'finish', reason: 'stop' },
    ]
    const text = { format: { type: 'json_schema' as const, name: 'a', strict: true, schema: { type: 'object' } } }
    const { client, sent } = clientOf({ bytes: streamOf(events, { text }) })
    const response = await client.responses.stream({ ...ask, text }).finalResponse()
    expect(response.output_parsed as unknown).toEqual({ a: 1 })
    expect(read(sent[0]).output).toMatchObject({ type: 'json-schema', name: 'a', strict: true })
  })

  test('throws at an error before the response, and sees one that failed', async () => {
    const error = new GatewayError('overloaded', 'Come back later.')
    const { client } = clientOf(
      { bytes: streamOf([{ type: 'error', error }]) },
      { bytes: streamOf([...answer.slice(0, 8), { type: 'error', error }]) },
    )
    const read = async () => {
      const seen: string[] = []
      for await (const event of await client.responses.create({ ...ask, stream: true })) seen.push(event.type)
      return seen
    }
    expect(await read().catch((reason: unknown) => reason)).toMatchObject({ code: 'overloaded' })
    expect((await read()).at(-1)).toBe('response.failed')
  })

  test('turns our error bodies into its own errors', async () => {
    const error = new GatewayError('not_found', 'Gone.', { param: 'previous_response_id', status: 400 })
    const bytes = new TextEncoder().encode(JSON.stringify(openaiResponses().error(error)))
    const { client } = clientOf({ bytes, status: 400, type: 'application/json' })
    const thrown = await client.responses.create(ask).catch((reason: unknown) => reason)
    expect(thrown).toBeInstanceOf(BadRequestError)
    expect(thrown).toMatchObject({ code: 'previous_response_not_found', param: 'previous_response_id' })
  })

  test('sends what we read, and an answer of ours sent back loses nothing', async () => {
    const fields = { store: false, include }
    const { client, sent } = clientOf({ bytes: streamOf(answer, fields) }, { bytes: streamOf(answer, fields) })
    const first = await client.responses.stream({ ...ask, ...fields }).finalResponse()
    const results = ['call_1', 'call_2'].map((id) => ({
      type: 'function_call_output' as const,
      call_id: id,
      output: 'seen',
    }))
    const input = [{ role: 'user', content: 'hi' }, ...first.output, ...results] as ResponseInput
    await client.responses.stream({ ...ask, ...fields, input }).finalResponse()
    expect(read(sent[0])).toMatchObject({ stream: true, unsupported: [] })
    const request = read(sent[1])
    // The SDK adds what it parsed.
    expect(request.unsupported.filter((path) => !path.endsWith('.parsed') && !path.includes('parsed_'))).toEqual([])
    expect(request.messages[1] as unknown).toEqual({
      role: 'assistant',
      content: [
        { type: 'reasoning', text: '思考 🤔', signature: 'c2lnbmF0dXJl' },
        { type: 'text', text: said },
        { type: 'tool-call', id: 'call_1', name: 'look', arguments: '{"wo":"漢"}' },
        { type: 'tool-call', id: 'call_2', name: 'look', arguments: '{"wo":2}' },
      ],
    })
    expect(request.messages[2]!.role).toBe('tool')
  })
})
