import { describe, expect, test } from 'bun:test'
import type { RawMessageStreamEvent } from '@anthropic-ai/sdk/resources/messages'
import type * as v from 'valibot'
import { GatewayError } from '../../../src/core/error.ts'
import type { ChatEvent } from '../../../src/core/event.ts'
import type { AnthropicStreamEvent } from '../../../src/dialects/anthropic-messages/schema-answer.ts'
import { start, usage } from '../answers.ts'
import { encoded, eventsIn, reassemble } from './support.ts'

// Events by our own schema are events to the SDK's types: this fails to compile when they drift apart.
type OurEvent = Exclude<v.InferOutput<typeof AnthropicStreamEvent>, { type: 'ping' }>
const asTheirs = (event: OurEvent) => event satisfies RawMessageStreamEvent

const stop: ChatEvent = { type: 'finish', reason: 'stop' }
const streamed = (...batches: ChatEvent[][]) => eventsIn(encoded(batches))
const put = (...batches: ChatEvent[][]) => reassemble(streamed([start], ...batches))

const textBlock = (block: number, ...pieces: string[]): ChatEvent[] => [
  { type: 'text-start', block },
  ...pieces.map((text): ChatEvent => ({ type: 'text-delta', block, text })),
  { type: 'text-end', block },
]

describe('a stream', () => {
  test('is the sequence that the API documents', () => {
    const events = streamed(
      [start],
      [
        { type: 'text-start', block: 0 },
        { type: 'text-delta', block: 0, text: 'Hel' },
      ],
      [
        { type: 'text-delta', block: 0, text: 'lo' },
        { type: 'text-end', block: 0 },
        { type: 'usage', usage },
      ],
      [stop],
    )
    const none = { stop_sequence: null, stop_details: null, container: null }
    const counts = { cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 0, input_tokens: 0 }
    expect(events as unknown[]).toEqual([
      {
        type: 'message_start',
        message: {
          id: 'msg_abc123',
          type: 'message',
          role: 'assistant',
          model: 'demo/any "model"',
          content: [],
          stop_reason: null,
          ...none,
          diagnostics: null,
          usage: {
            ...counts,
            output_tokens_details: { thinking_tokens: 0 },
            cache_creation: null,
            server_tool_use: null,
            service_tier: null,
            inference_geo: null,
            speed: null,
          },
        },
      },
      { type: 'ping' },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '', citations: null } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hel' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'lo' } },
      { type: 'content_block_stop', index: 0 },
      {
        type: 'message_delta',
        delta: { stop_reason: 'end_turn', ...none },
        usage: {
          input_tokens: 13,
          cache_creation_input_tokens: 7,
          cache_read_input_tokens: 80,
          output_tokens: 20,
          output_tokens_details: { thinking_tokens: 5 },
          server_tool_use: null,
        },
      },
      { type: 'message_stop' },
    ])
    for (const event of events) if (event.type !== 'ping' && event.type !== 'error') asTheirs(event)
  })

  test('begins with the usage that is known by then, without what only the end knows', () => {
    const { message, usage: last } = reassemble(
      streamed(
        [start, { type: 'usage', usage: { ...usage, estimated: true } }],
        [{ type: 'usage', usage: { ...usage, output: 33, costUsd: 0.5 } }, stop],
      ),
    )
    expect(message.usage).toMatchObject({ input_tokens: 13, cache_read_input_tokens: 80, output_tokens: 20 })
    expect(message.usage).not.toHaveProperty('x_cligate')
    expect(last).toMatchObject({ output_tokens: 33, x_cligate: { cost_usd: 0.5 } })
  })

  test('tells no numbers where the provider told none', () => {
    expect(put([stop]).usage).toEqual({
      input_tokens: null,
      cache_creation_input_tokens: null,
      cache_read_input_tokens: null,
      output_tokens: 0,
      output_tokens_details: null,
      server_tool_use: null,
      x_cligate: { unknown: true },
    })
  })

  test.each([
    [
      { type: 'finish', reason: 'length' },
      { stop_reason: 'max_tokens', stop_sequence: null },
    ],
    [{ type: 'finish', reason: 'tool-calls' }, { stop_reason: 'tool_use' }],
    [
      { type: 'finish', reason: 'stop', stopSequence: 'END' },
      { stop_reason: 'stop_sequence', stop_sequence: 'END' },
    ],
    [
      { type: 'finish', reason: 'content-filter' },
      { stop_reason: 'refusal', stop_details: { type: 'refusal', category: null, explanation: null } },
    ],
  ] as [ChatEvent, object][])('%j is %j', (finish, delta) => {
    expect(put([finish]).delta).toMatchObject(delta)
  })

  test('deltas in a row are one event, and empty blocks none', () => {
    const events = streamed([
      start,
      ...textBlock(0),
      ...textBlock(1, 'a', '', 'b', 'c'),
      { type: 'reasoning-start', block: 2 },
      { type: 'reasoning-end', block: 2 },
      stop,
    ])
    expect(events.map(({ type }) => type)).toEqual([
      'message_start',
      'ping',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ])
    expect(events[3]).toMatchObject({ index: 0, delta: { text: 'abc' } })
  })
})

describe('thinking', () => {
  const thought = (opaque: object, ...pieces: string[]): ChatEvent[] => [
    { type: 'reasoning-start', block: 0 },
    ...pieces.map((text): ChatEvent => ({ type: 'reasoning-delta', block: 0, text })),
    { type: 'reasoning-end', block: 0, ...opaque },
    stop,
  ]

  test.each([
    ['signed', { signature: 'c2ln' }, ['hm'], { type: 'thinking', thinking: 'hm', signature: 'c2ln' }],
    ['unsigned', {}, ['h', 'm'], { type: 'thinking', thinking: 'hm', signature: '' }],
    ['signed without text', { signature: 'c2ln' }, [], { type: 'thinking', thinking: '', signature: 'c2ln' }],
    ['that only the provider reads', { encrypted: 'eA==' }, [], { type: 'redacted_thinking', data: 'eA==' }],
    [
      'with a summary and what only the provider reads',
      { encrypted: 'eA==' },
      ['hm'],
      { type: 'thinking', thinking: 'hm', signature: 'encrypted:eA==' },
    ],
  ])('%s', (_, opaque, pieces, block) => {
    const events = thought(opaque, ...pieces)
    expect(put(events).content as object[]).toEqual([block])
    // The same when each event comes by itself.
    expect(put(...events.map((event) => [event])).content as object[]).toEqual([block])
  })

  test('arrives while it is thought', () => {
    const events = streamed(
      [start, { type: 'reasoning-start', block: 0 }],
      [{ type: 'reasoning-delta', block: 0, text: 'hm' }],
    )
    expect(events.at(-1)).toMatchObject({ delta: { type: 'thinking_delta', thinking: 'hm' } })
  })
})

describe('tool calls', () => {
  test('stream their input as the CLI gives it, and say who called', () => {
    const { content } = put(
      [{ type: 'tool-call-start', block: 0, id: 'toolu_1', name: 'look' }],
      [{ type: 'tool-call-delta', block: 0, arguments: '{"wh' }],
      [{ type: 'tool-call-delta', block: 0, arguments: 'ere":1}' }],
      [
        { type: 'tool-call-end', block: 0 },
        { type: 'finish', reason: 'tool-calls' },
      ],
    )
    expect(content as object[]).toEqual([
      { type: 'tool_use', id: 'toolu_1', name: 'look', input: {}, caller: { type: 'direct' }, json: '{"where":1}' },
    ])
  })

  test('side by side come one after the other, the first one live', () => {
    const call = (block: number): ChatEvent => ({ type: 'tool-call-start', block, id: `t${block}`, name: 'f' })
    const piece = (block: number, text: string): ChatEvent => ({ type: 'tool-call-delta', block, arguments: text })
    const events = streamed(
      [start, call(0), call(1), piece(1, '{"b"'), piece(0, '{"a"')],
      [piece(1, ':2}'), { type: 'tool-call-end', block: 1 }],
      [piece(0, ':1}')],
      [{ type: 'tool-call-end', block: 0 }],
      [{ type: 'finish', reason: 'tool-calls' }],
    )
    expect(reassemble(events).content.map(({ json }) => json)).toEqual(['{"a":1}', '{"b":2}'])
    const indexes = events.flatMap((event) => ('index' in event ? [event.index] : []))
    expect(indexes).toEqual(indexes.toSorted())
  })
})

test('trap: markers of progress give way to thinking, and nothing of either is lost', () => {
  const { content } = put(
    [
      { type: 'text-start', block: 0 },
      { type: 'text-delta', block: 0, text: '⏳' },
    ],
    [{ type: 'reasoning-start', block: 1 }],
    [{ type: 'reasoning-delta', block: 1, text: 'hm ' }],
    [{ type: 'text-delta', block: 0, text: '·' }],
    [{ type: 'reasoning-delta', block: 1, text: 'so' }],
    [{ type: 'reasoning-end', block: 1, signature: 'c2ln' }],
    [{ type: 'text-delta', block: 0, text: '\n\n' }, { type: 'text-end', block: 0 }, ...textBlock(2, 'Yes.'), stop],
  )
  expect(content as object[]).toEqual([
    { type: 'text', text: '⏳', citations: null },
    { type: 'thinking', thinking: 'hm so', signature: 'c2ln' },
    { type: 'text', text: '·\n\n', citations: null },
    { type: 'text', text: 'Yes.', citations: null },
  ])
})

describe('a failure in the middle', () => {
  test('is an error event, and nothing comes behind it', () => {
    const error = new GatewayError('overloaded', 'Come back later.')
    const events = streamed(
      [start, { type: 'text-start', block: 0 }],
      [
        { type: 'text-delta', block: 0, text: 'Hel' },
        { type: 'error', error },
      ],
      [stop],
    )
    expect(events.slice(-2) as unknown[]).toEqual([
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hel' } },
      {
        type: 'error',
        error: { type: 'overloaded_error', message: 'Come back later.', details: { error_code: 'overloaded' } },
        request_id: null,
      },
    ])
  })

  test('an answer that finished with an error is one too', () => {
    const events = streamed([start], [{ type: 'finish', reason: 'error' }])
    expect(events.at(-1)).toMatchObject({ type: 'error', error: { type: 'api_error' } })
  })
})
