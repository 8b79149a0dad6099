import { describe, expect, test } from 'bun:test'
import type { ChatCompletionChunk } from 'openai/resources'
import * as v from 'valibot'
import { GatewayError } from '../../../src/core/error.ts'
import type { ChatEvent, ChoiceBatch } from '../../../src/core/event.ts'
import { openaiChat } from '../../../src/dialects/openai-chat/dialect.ts'
import * as answerSchema from '../../../src/dialects/openai-chat/schema-answer.ts'
import { context } from '../answers.ts'
import { eventData, read } from './support.ts'

// Chunks by our own schema are chunks to the SDK's types: this fails to compile when they drift apart.
const chunkSchema = answerSchema.ChatCompletionChunk
type OurChunk = v.InferOutput<typeof chunkSchema>
const asTheirs = (chunk: OurChunk) => chunk satisfies ChatCompletionChunk

const start: ChatEvent = { type: 'stream-start', model: 'provider-model', created: 1 }
const text = (text: string, block = 0): ChatEvent => ({ type: 'text-delta', block, text })
const usage = { input: 10, output: 5, cachedRead: 4, cacheWrite: 3, reasoning: 2, costUsd: 0.25 }

/** The data of all events of a stream; every chunk is checked against the documented schema. */
function streamed(batches: (ChatEvent[] | ChoiceBatch)[], fields: Record<string, unknown> = {}) {
  const encoder = openaiChat.stream(read({ stream: true, ...fields }), context)
  const frames = batches.map((batch) => encoder.push(Array.isArray(batch) ? { choice: 0, events: batch } : batch))
  const data = eventData([new TextEncoder().encode(frames.join('') + encoder.end())])
  const chunks = data
    .filter((json) => json !== '[DONE]' && !json.startsWith('{"error"'))
    .map((json) => JSON.parse(json))
  for (const chunk of chunks) expect(v.parse(v.strictObject(chunkSchema.entries), chunk)).toEqual(chunk)
  return { frames, data, chunks: chunks.map((chunk) => asTheirs(chunk)) }
}

const deltas = (chunks: ChatCompletionChunk[]) => chunks.map(({ choices }) => choices[0]!.delta)

describe('a stream', () => {
  test('begins with the role, ends with an empty delta and the reason, then [DONE]', () => {
    const { chunks, data } = streamed([
      [start],
      [{ type: 'text-start', block: 0 }, text('Hel')],
      [text('lo'), { type: 'text-end', block: 0 }, { type: 'finish', reason: 'stop' }],
    ])
    const envelope = {
      id: 'chatcmpl-abc123',
      object: 'chat.completion.chunk' as const,
      created: 1_700_000_000,
      model: 'demo/any "model"',
    }
    const chunk = (delta: object, finish_reason: string | null = null) => ({
      ...envelope,
      choices: [{ index: 0, delta, logprobs: null, finish_reason }],
    })
    expect(chunks as object[]).toEqual([
      chunk({ role: 'assistant', content: '', refusal: null }),
      chunk({ content: 'Hel' }),
      chunk({ content: 'lo' }),
      chunk({}, 'stop'),
    ])
    expect(data.at(-1)).toBe('[DONE]')
    expect(data).toHaveLength(5)
  })

  test.each([
    ['stop', 'stop'],
    ['length', 'length'],
    ['tool-calls', 'tool_calls'],
    ['content-filter', 'content_filter'],
  ] as const)('%s is %s', (reason, expected) => {
    const { chunks } = streamed([[start, { type: 'finish', reason }]])
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe(expected)
  })

  test('one batch is one string, and its deltas in a row one chunk', () => {
    const { frames, chunks } = streamed([
      [start, text('a'), text(''), text('b'), text('c', 1), text('d', 1)],
      [text('', 1)],
      [
        { type: 'tool-activity', name: 'x', phase: 'start' },
        { type: 'raw', line: 'x' },
      ],
      [{ type: 'finish', reason: 'stop' }],
    ])
    expect(deltas(chunks).map((delta) => delta.content)).toEqual(['', 'ab', 'cd', undefined])
    expect(frames.slice(1, 3)).toEqual(['', ''])
  })

  test('thoughts come as reasoning_content, separate ones with an empty line between', () => {
    const thought = (block: number, text: string): ChatEvent => ({ type: 'reasoning-delta', block, text })
    const { chunks } = streamed([
      [start, thought(0, ''), thought(1, 'one')],
      [thought(1, ' more'), text('so', 2)],
      [thought(3, 'two'), { type: 'finish', reason: 'stop' }],
    ])
    expect(deltas(chunks).slice(1, -1) as object[]).toEqual([
      { reasoning_content: 'one' },
      { reasoning_content: ' more' },
      { content: 'so' },
      { reasoning_content: '\n\ntwo' },
    ])
  })

  test('with tools there may be no content at all: it begins as null', () => {
    const tools = [{ type: 'function', function: { name: 'look' } }]
    const [first] = deltas(streamed([[start], [{ type: 'finish', reason: 'tool-calls' }]], { tools }).chunks)
    expect(first).toEqual({ role: 'assistant', content: null, refusal: null })
  })

  test('a request with functions gets one function_call, in pieces', () => {
    const { chunks } = streamed(
      [
        [start, { type: 'tool-call-start', block: 0, id: 'call_a', name: 'look' }],
        [{ type: 'tool-call-delta', block: 0, arguments: '{"x"' }],
        [{ type: 'tool-call-start', block: 1, id: 'call_b', name: 'hear' }],
        [{ type: 'tool-call-delta', block: 1, arguments: '{}' }],
        [{ type: 'tool-call-delta', block: 0, arguments: ':1}' }],
        [{ type: 'finish', reason: 'tool-calls' }],
      ],
      { functions: [{ name: 'look' }, { name: 'hear' }] },
    )
    expect(deltas(chunks).flatMap(({ function_call }) => function_call ?? [])).toEqual([
      { name: 'look', arguments: '' },
      { arguments: '{"x"' },
      { arguments: ':1}' },
    ])
    expect(chunks.at(-1)!.choices[0]!.finish_reason).toBe('function_call')
    expect(deltas(chunks).some((delta) => 'tool_calls' in delta)).toBe(false)
  })

  test('a refusal is told at the end, where content would be parsed', () => {
    const refusal = [
      [start, { type: 'text-start' as const, block: 0 }, text('I can')],
      [text('not.'), { type: 'finish' as const, reason: 'content-filter' as const }],
    ]
    const told = (fields: object) =>
      deltas(streamed(refusal, { ...fields }).chunks).flatMap((delta) => delta.refusal ?? [])
    expect(told({ response_format: { type: 'json_object' } })).toEqual(['I cannot.'])
    expect(told({})).toEqual([])
  })

  test('tool calls have an index of their own, and their arguments come in pieces', () => {
    const { chunks } = streamed([
      [start, text('I look'), { type: 'tool-call-start', block: 1, id: 'call_a', name: 'look' }],
      [{ type: 'tool-call-start', block: 2, id: 'call_b', name: 'hear' }],
      [
        { type: 'tool-call-delta', block: 2, arguments: '{"x"' },
        { type: 'tool-call-delta', block: 1, arguments: '{' },
      ],
      [
        { type: 'tool-call-delta', block: 1, arguments: '' },
        { type: 'tool-call-delta', block: 2, arguments: ':1}' },
      ],
      [{ type: 'finish', reason: 'tool-calls' }],
    ])
    expect(deltas(chunks).flatMap((delta) => delta.tool_calls ?? [])).toEqual([
      { index: 0, id: 'call_a', type: 'function', function: { name: 'look', arguments: '' } },
      { index: 1, id: 'call_b', type: 'function', function: { name: 'hear', arguments: '' } },
      { index: 1, function: { arguments: '{"x"' } },
      { index: 0, function: { arguments: '{' } },
      { index: 1, function: { arguments: ':1}' } },
    ])
  })

  test('each choice has its own index, beginning, calls and end', () => {
    const call: ChatEvent = { type: 'tool-call-start', block: 0, id: 'a', name: 'f' }
    const { chunks } = streamed([
      { choice: 1, events: [start, call] },
      { choice: 0, events: [start, call, { type: 'finish', reason: 'stop' }] },
      { choice: 1, events: [{ type: 'finish', reason: 'length' }] },
    ])
    expect(chunks.map(({ choices: [choice] }) => [choice!.index, choice!.finish_reason])).toEqual([
      [1, null],
      [1, null],
      [0, null],
      [0, null],
      [0, 'stop'],
      [1, 'length'],
    ])
    expect(deltas(chunks).flatMap((delta) => delta.tool_calls?.map(({ index }) => index) ?? [])).toEqual([0, 0])
  })
})

describe('usage in a stream', () => {
  const told: ChatEvent = { type: 'usage', usage }
  const finish: ChatEvent = { type: 'finish', reason: 'stop' }
  const include = { stream_options: { include_usage: true } }

  test('is not sent unless asked for', () => {
    const { chunks } = streamed([[start, told, finish]])
    for (const chunk of chunks) expect(Object.keys(chunk)).not.toContain('usage')
  })

  test('is null on every chunk and stands in one more without choices', () => {
    const early: ChatEvent = { type: 'usage', usage: { ...usage, output: 1 } }
    const { chunks, data } = streamed(
      [
        [start, early, text('x')],
        [told, finish],
      ],
      include,
    )
    expect(chunks.map((chunk) => chunk.usage ?? null)).toEqual([null, null, null, expect.anything()])
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBeTrue()
    expect(chunks.at(-1)!).toMatchObject({ choices: [], usage: { prompt_tokens: 10, completion_tokens: 5 } })
    expect(data.at(-1)).toBe('[DONE]')
  })

  test('is the sum over all choices, and says when one told nothing', () => {
    const all = [
      { choice: 0, events: [start, told, finish] },
      { choice: 1, events: [start, told, finish] },
    ]
    const sum = streamed(all, { ...include, n: 2 }).chunks.at(-1)
    expect(sum?.usage).toMatchObject({ total_tokens: 30, x_cligate: { cost_usd: 0.5 } })
    const one = streamed([all[0]!, { choice: 1, events: [start, finish] }], { ...include, n: 2 }).chunks.at(-1)
    expect(one?.usage).toMatchObject({ total_tokens: 15, x_cligate: { cost_usd: 0.25, incomplete: true } })
  })

  test('is left out when nobody told it: zeros would be a lie', () => {
    const { chunks } = streamed([[start, finish]], include)
    expect(chunks).toHaveLength(2)
  })
})

describe('an error in a stream', () => {
  const error = new GatewayError('usage_limit_reached', 'The limit opens again\nat 15:00.\u2028')

  test('is one frame in the shape of an error response, behind what came before, and the end', () => {
    const encoder = openaiChat.stream(read({ stream: true }), context)
    const frames = encoder.push({ choice: 0, events: [start, text('Hel'), { type: 'error', error }] })
    const data = eventData([new TextEncoder().encode(frames)])
    expect(data).toHaveLength(3)
    expect(JSON.parse(data[2]!)).toEqual({
      error: { message: error.message, type: 'rate_limit_error', param: null, code: 'usage_limit_reached' },
    })
    expect(encoder.push({ choice: 1, events: [start, text('late')] })).toBe('')
    expect(encoder.end()).toBe('')
  })

  test('may be the first thing that comes', () => {
    const encoder = openaiChat.stream(read({ stream: true }), context)
    expect(encoder.push({ choice: 0, events: [{ type: 'error', error }] })).toStartWith('data: {"error":{')
    expect(encoder.end()).toBe('')
  })

  test('an answer that finished with an error is no answer either', () => {
    const { data } = streamed([[start, text('x'), { type: 'finish', reason: 'error' }]])
    expect(JSON.parse(data.at(-1)!)).toMatchObject({ error: { type: 'server_error', code: 'provider_error' } })
  })
})

test('text cannot break the framing', () => {
  const nasty = 'a\r\nb\n\ndata: [DONE]\n\n\u2028\u2029\u0085\0\ud83d"\\'
  const { chunks, data } = streamed([
    [start, text(nasty)],
    [text('\ude00 done'), { type: 'finish', reason: 'stop' }],
  ])
  expect(data).toHaveLength(5)
  expect(
    deltas(chunks)
      .map((delta) => delta.content ?? '')
      .join(''),
  ).toBe(`${nasty}\ude00 done`)
})
