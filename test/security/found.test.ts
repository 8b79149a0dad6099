// What fuzzing has found, once more with fixed input.
import { describe, expect, test } from 'bun:test'
import { assertOrder } from '../../src/core/assert-order.ts'
import type { ChatEvent } from '../../src/core/event.ts'
import type { Fields } from '../../src/providers/fields.ts'
import { toolError } from '../../src/providers/acp-events.ts'
import { childStream } from '../../src/providers/acp-stream.ts'
import { finishEvents, readLine } from '../../src/providers/claude/events.ts'
import { turnState } from '../../src/providers/claude/turn-state.ts'
import { failureToError, toFailure } from '../../src/providers/codex/errors.ts'
import type { Child } from '../../src/process/spawn.ts'

describe('Claude Code', () => {
  const init: Fields = { type: 'system', subtype: 'init', tools: [], mcp_servers: [] }
  const streamed = (event: Fields): Fields => ({ type: 'stream_event', event })
  const START = streamed({ type: 'message_start', message: { model: 'm' } })
  const block = (index: number, type: string) =>
    streamed({ type: 'content_block_start', index, content_block: { type } })
  const piece = (type: string, field: string) =>
    streamed({ type: 'content_block_delta', index: 0, delta: { type, [field]: 'x' } })
  const stop = (reason: string) => streamed({ type: 'message_delta', delta: { stop_reason: reason } })

  function play(...lines: Fields[]) {
    const state = turnState('asked', 1)
    const events: ChatEvent[] = [init, ...lines].flatMap((line) => readLine(state, line))
    if (state.phase === 'stopped' || state.phase === 'over') events.push(...finishEvents(state))
    return { state, events }
  }

  test('that ends an answer which it never began has not answered', () => {
    const { state, events } = play(block(0, 'text'), stop('end_turn'), { type: 'result', is_error: false })
    expect([events, state.phase, state.error?.code]).toEqual([[], 'failed', 'provider_error'])
  })

  test('that begins a block twice has ended the first', () => {
    const { events } = play(
      START,
      block(0, 'text'),
      piece('text_delta', 'text'),
      block(0, 'thinking'),
      stop('end_turn'),
    )
    assertOrder(events)
    expect(
      events.filter(({ type }) => type.endsWith('-start') || type.endsWith('-end')).map(({ type }) => type),
    ).toEqual(['stream-start', 'text-start', 'text-end', 'reasoning-start', 'reasoning-end'])
  })

  test.each([
    ['text', 'thinking_delta', 'thinking'],
    ['thinking', 'text_delta', 'text'],
    ['text', 'input_json_delta', 'partial_json'],
  ])('that puts into a block of %s a %s says nothing by it', (kind, type, field) => {
    const { events } = play(START, block(0, kind), piece(type, field), stop('end_turn'))
    assertOrder(events)
    expect(events.some((event) => event.type.endsWith('-delta'))).toBe(false)
  })

  test.each(['constructor', '__proto__', 'toString', 'of_tomorrow'])(
    'that stops for the reason %s has stopped',
    (reason) => {
      const { events } = play(START, stop(reason))
      expect(events.at(-1)).toEqual({ type: 'finish', reason: 'stop' })
    },
  )
})

test.each(['constructor', '__proto__', 'toString', 'of_tomorrow'])('Codex may call a failure %s', (kind) => {
  const failure = toFailure({ message: 'x', codexErrorInfo: kind })
  expect(failureToError(failure, [], 0).code).toBe('provider_error')
})

describe('an agent', () => {
  test.each([{}, { title: null }, { title: 5 }, { title: ['x'] }])(
    'may name a tool %j',
    ({ title }: { title?: unknown }) => {
      expect(toolError('Agent', title).message).toContain('(unknown)')
    },
  )

  test('that sends broken updates says nothing by them, but a call of a tool is one however it looks', async () => {
    const heard: unknown[] = []
    const over = Promise.withResolvers<unknown>()
    const chunk = { sessionUpdate: 'agent_message_chunk' }
    const call = { sessionUpdate: 'tool_call', title: 5 }
    const updates = [
      { ...chunk, content: { type: 'text', text: null } },
      { ...chunk, content: { type: 'text', text: {} } },
      { ...chunk, content: null },
      chunk,
      { sessionUpdate: 7 },
      {},
      call,
      { ...chunk, content: { type: 'text', text: 'right' } },
    ]
    const lines = updates.map((update) =>
      JSON.stringify({ jsonrpc: '2.0', method: 'session/update', params: { sessionId: 's', update } }),
    )
    const child = {
      lines: (async function* () {
        yield lines
      })(),
      write: () => true,
    }
    childStream(child as unknown as Child, { onUpdates: (all) => void heard.push(...all), onEnd: over.resolve })
    expect(await over.promise).toBeUndefined()
    expect(heard).toEqual([{ sessionId: 's', updates: [call, updates.at(-1)] }])
  })
})
