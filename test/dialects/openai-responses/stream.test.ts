import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../../src/core/error.ts'
import type { ChatEvent } from '../../../src/core/event.ts'
import type { ResponsesResponse } from '../../../src/dialects/openai-responses/schema-answer.ts'
import { context } from '../answers.ts'
import { asked, encoded, eventsIn, NOW, reassemble } from './support.ts'

const start: ChatEvent = { type: 'stream-start', model: 'provider-model', created: 1 }
const usage: ChatEvent = {
  type: 'usage',
  usage: { input: 100, output: 20, cachedRead: 80, cacheWrite: 7, reasoning: 5, costUsd: 0.5 },
}
const said = (...pieces: string[]): ChatEvent[] => [
  { type: 'text-start', block: 0 },
  ...pieces.map((text): ChatEvent => ({ type: 'text-delta', block: 0, text })),
  { type: 'text-end', block: 0 },
]
const thought = (block: number, opaque: object): ChatEvent[] => [
  { type: 'reasoning-start', block },
  { type: 'reasoning-delta', block, text: 'Hm.' },
  { type: 'reasoning-end', block, ...opaque },
]
const finish: ChatEvent = { type: 'finish', reason: 'stop' }
const each = (events: ChatEvent[]) => events.map((event) => [event])
const types = (events: ChatEvent[], fields: Record<string, unknown> = {}) =>
  eventsIn(encoded(each(events), fields)).map(({ type }) => type.replace('response.', ''))

const PATCH = { type: 'custom', name: 'patch' }
const SPAWN = { type: 'namespace', name: 'agents', tools: [{ type: 'function', name: 'spawn' }] }

describe('events', () => {
  test('of a text', () => {
    expect(types([start, ...said('a', 'b'), usage, finish])).toEqual([
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
  })

  test('of thinking, raw where no summary is asked for', () => {
    const events = [start, ...thought(0, {}), finish]
    expect(types(events).slice(2, -1)).toEqual([
      'output_item.added',
      'content_part.added',
      'reasoning_text.delta',
      'reasoning_text.done',
      'content_part.done',
      'output_item.done',
    ])
    expect(types(events, { reasoning: { summary: 'auto' } }).slice(2, -1)).toEqual([
      'output_item.added',
      'reasoning_summary_part.added',
      'reasoning_summary_text.delta',
      'reasoning_summary_text.done',
      'reasoning_summary_part.done',
      'output_item.done',
    ])
  })

  test('of calls of functions, custom tools and namespaces', () => {
    const call = (block: number, name: string, pieces: string[]): ChatEvent[] => [
      { type: 'tool-call-start', block, id: `call_${block}`, name },
      ...pieces.map((piece): ChatEvent => ({ type: 'tool-call-delta', block, arguments: piece })),
      { type: 'tool-call-end', block },
    ]
    const events = [
      start,
      ...call(0, 'look', ['{"a"', ':1}']),
      ...call(1, 'patch', ['{"inp', 'ut":"*** x\\n"}']),
      ...call(2, 'agents__spawn', ['{}']),
      { type: 'finish', reason: 'tool-calls' } as const,
    ]
    const { items, response } = reassemble(eventsIn(encoded(each(events), { tools: [PATCH, SPAWN] })))
    expect(items).toEqual([
      {
        id: 'fc_abc123_0',
        type: 'function_call',
        status: 'completed',
        call_id: 'call_0',
        name: 'look',
        arguments: '{"a":1}',
      },
      {
        id: 'ctc_abc123_1',
        type: 'custom_tool_call',
        status: 'completed',
        call_id: 'call_1',
        name: 'patch',
        input: '*** x\n',
      },
      {
        id: 'fc_abc123_2',
        type: 'function_call',
        status: 'completed',
        call_id: 'call_2',
        name: 'spawn',
        namespace: 'agents',
        arguments: '{}',
      },
    ])
    expect(response.status).toBe('completed')
    expect(types(events, { tools: [PATCH] })).toContain('custom_tool_call_input.delta')
  })

  test('one batch of deltas is one delta, and one write', () => {
    const { dialect, chat } = asked()
    const stream = dialect.stream(chat, context)
    stream.push({ choice: 0, events: [start, { type: 'text-start', block: 0 }] })
    const frames = stream.push({
      choice: 0,
      events: ['a', 'b', 'c'].map((text) => ({ type: 'text-delta', block: 0, text })),
    })
    expect(frames.split('\n\n')).toHaveLength(2 + 2)
    expect(frames).toContain('"delta":"abc"')
  })

  test('nothing comes behind the last event', () => {
    const { dialect, chat } = asked()
    const stream = dialect.stream(chat, context)
    stream.push({ choice: 0, events: [start, finish] })
    expect(stream.push({ choice: 0, events: said('late') })).toBe('')
    expect(stream.end()).toBe('')
  })
})

describe('the response', () => {
  const responseOf = (events: ChatEvent[], fields: Record<string, unknown> = {}) =>
    reassemble(eventsIn(encoded(each(events), fields))).response

  test('says what it answers to', () => {
    const request = {
      instructions: 'Be brief.',
      temperature: 0.5,
      max_output_tokens: 10,
      metadata: { a: 'b' },
      reasoning: { effort: 'low', summary: 'auto' },
      text: { format: { type: 'json_object' }, verbosity: 'low' },
      prompt_cache_key: 'k',
      safety_identifier: 's',
      parallel_tool_calls: false,
      store: false,
    }
    const response = responseOf([start, ...said('a'), usage, finish], request)
    expect(response).toMatchObject({
      ...request,
      id: 'resp_abc123',
      object: 'response',
      model: context.model,
      created_at: 1_700_000_000,
      completed_at: Math.floor(NOW / 1000),
      usage: {
        input_tokens: 100,
        input_tokens_details: { cached_tokens: 80, cache_write_tokens: 7 },
        output_tokens: 20,
        output_tokens_details: { reasoning_tokens: 5 },
        total_tokens: 120,
        x_cligate: { cost_usd: 0.5 },
      },
    })
  })

  test('has no numbers where nobody told any', () => {
    expect(responseOf([start, finish]).usage).toBeNull()
  })

  test.each([
    ['length', 'max_output_tokens'],
    ['content-filter', 'content_filter'],
  ] as const)('that ends with %s is incomplete, and so is its last item', (reason, incomplete) => {
    const { response, items } = reassemble(
      eventsIn(encoded(each([start, ...thought(1, {}), ...said('cut'), { type: 'finish', reason }]))),
    )
    expect(response).toMatchObject({ status: 'incomplete', incomplete_details: { reason: incomplete } })
    expect(items.at(-1)).toMatchObject({ type: 'message', status: 'incomplete' })
  })

  test('carries encrypted reasoning only where it is asked for, and is kept with it', () => {
    const kept: ResponsesResponse[] = []
    const run = (fields: Record<string, unknown>) => {
      const { dialect, chat } = asked(fields, { finished: ({ response }) => kept.push(response) })
      return dialect
        .stream(chat, context)
        .push({ choice: 0, events: [start, ...thought(0, { encrypted: 'ENC' }), finish] })
    }
    expect(run({})).not.toContain('ENC')
    expect(kept.at(-1)!.output[0]).toMatchObject({ encrypted_content: 'ENC' })
    expect(run({ include: ['reasoning.encrypted_content'] })).toContain('"encrypted_content":"ENC"')
    expect(kept).toHaveLength(2)
    expect(kept[0]!.store).toBe(true)
    run({ store: false })
    expect(kept[2]!.store).toBe(false)
  })
})

describe('failures', () => {
  const error = new GatewayError('overloaded', 'Come back later.')

  test('before anything has begun: an error event', () => {
    const events = eventsIn(encoded([[{ type: 'error', error }]]))
    expect(events).toEqual([
      { type: 'error', sequence_number: 0, code: 'overloaded', message: 'Come back later.', param: null },
    ])
  })

  test('in the middle: a response that failed, with what there is of it', () => {
    const open = [start, ...said('one').slice(0, 2)]
    const { response } = reassemble(eventsIn(encoded(each([...open, { type: 'error', error }]))))
    expect(response).toMatchObject({
      status: 'failed',
      error: { code: 'server_is_overloaded', message: 'Come back later.' },
      output: [{ type: 'message', status: 'incomplete', content: [{ text: 'one' }] }],
    })
  })

  test('a provider that broke off', () => {
    const { response } = reassemble(eventsIn(encoded(each([start, { type: 'finish', reason: 'error' }]))))
    expect(response).toMatchObject({ status: 'failed', error: { code: 'server_error' } })
  })

  test.each([
    ['context_length_exceeded', 'context_length_exceeded'],
    ['usage_limit_reached', 'insufficient_quota'],
    ['rate_limit_exceeded', 'rate_limit_exceeded'],
    ['provider_error', 'server_error'],
    ['provider_login_required', 'server_error'],
    ['invalid_request', 'invalid_prompt'],
  ] as const)('%s is %s', (code, expected) => {
    const events = each([start, { type: 'error', error: new GatewayError(code, 'x') }])
    expect(reassemble(eventsIn(encoded(events))).response.error?.code).toBe(expected)
  })
})

describe('in the background', () => {
  test('it is queued before it begins, and cancelled with an error event', () => {
    const { dialect, chat } = asked({ background: true })
    const stream = dialect.stream(chat, context)
    let frames = stream.queue()
    expect(stream.snapshot().status).toBe('queued')
    frames += stream.push({ choice: 0, events: [start, ...said('a').slice(0, 2)] })
    expect(stream.snapshot().status).toBe('in_progress')
    frames += stream.cancel(new GatewayError('client_closed_request', 'Cancelled.'))
    expect(stream.snapshot()).toMatchObject({ status: 'cancelled', output: [{ status: 'incomplete' }] })
    expect(stream.cancel(new GatewayError('client_closed_request', 'Cancelled.'))).toBe('')
    const seen = eventsIn(new TextEncoder().encode(frames)).map(({ type }) => type)
    expect(seen.slice(0, 3)).toEqual(['response.created', 'response.queued', 'response.in_progress'])
    expect(seen.at(-1)).toBe('error')
  })
})
