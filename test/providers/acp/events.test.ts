// What an agent says, as events.
import { describe, expect, test } from 'bun:test'
import { assertOrder } from '../../../src/core/assert-order.ts'
import type { ChatEvent } from '../../../src/core/event.ts'
import { answerState, endEvents, readEvents } from '../../../src/providers/acp-events.ts'
import type { AcpEvent, SessionUpdate } from '../../../src/providers/acp-types.ts'

const chunk = (kind: 'message' | 'thought', text: string): AcpEvent => ({
  type: 'update',
  update: { sessionUpdate: `agent_${kind}_chunk`, content: { type: 'text', text } },
})
const of = (update: object): AcpEvent => ({ type: 'update', update: update as SessionUpdate })
const state = () => answerState('Test agent', 'm', 7)

function whole(...reads: AcpEvent[][]): ChatEvent[] {
  const answer = state()
  const events = [...reads.flatMap((read) => readEvents(answer, read)), ...endEvents(answer)]
  const all: ChatEvent[] = [...events, { type: 'finish', reason: 'stop' }]
  assertOrder(all)
  return all
}

test('thoughts and text are blocks in the order in which they come', () => {
  const events = whole([chunk('thought', 'a'), chunk('thought', 'b')], [chunk('message', 'c'), chunk('thought', 'd')])
  expect(events.map((event) => ('block' in event ? `${event.type} ${event.block}` : event.type))).toEqual([
    'stream-start',
    'reasoning-start 0',
    'reasoning-delta 0',
    'reasoning-delta 0',
    'reasoning-end 0',
    'text-start 1',
    'text-delta 1',
    'text-end 1',
    'reasoning-start 2',
    'reasoning-delta 2',
    'reasoning-end 2',
    'finish',
  ])
  expect(events[0]).toEqual({ type: 'stream-start', model: 'm', created: 7 })
})

test('an answer without a word still has a beginning', () => {
  expect(whole([]).map(({ type }) => type)).toEqual(['stream-start', 'finish'])
})

test('empty pieces, other content and other updates say nothing', () => {
  const answer = state()
  const silent = [
    chunk('message', ''),
    of({ sessionUpdate: 'agent_message_chunk', content: { type: 'image', data: '', mimeType: 'image/png' } }),
    of({ sessionUpdate: 'agent_message_chunk' }),
    of({ sessionUpdate: 'user_message_chunk', content: { type: 'text', text: 'again' } }),
    of({ sessionUpdate: 'available_commands_update', availableCommands: [] }),
    of({ sessionUpdate: 'plan', entries: [] }),
    of({ sessionUpdate: 'of_tomorrow' }),
  ]
  expect(readEvents(answer, silent)).toEqual([])
  expect(answer.started).toBe(false)
})

describe('tools', () => {
  const CALLS: [string, AcpEvent][] = [
    ['a call', of({ sessionUpdate: 'tool_call', toolCallId: 'shell__1', title: 'rm -rf `x`' })],
    ['news of a call', of({ sessionUpdate: 'tool_call_update', toolCallId: 'shell__1', title: 'rm -rf `x`' })],
    [
      'the wish for one',
      {
        type: 'permission',
        request: { sessionId: 's', options: [], toolCall: { toolCallId: 'shell__1', title: 'rm -rf `x`' } },
      },
    ],
  ]
  test.each(CALLS)('%s ends the turn', (_, event) => {
    expect(() => readEvents(state(), [chunk('message', 'x'), event])).toThrow('(rm -rf ?x?), which chat mode forbids')
  })

  test.each(CALLS)('%s that is allowed says nothing', (_, event) => {
    const answer = answerState('Test agent', 'm', 7, (id) => id.startsWith('shell__'))
    expect(readEvents(answer, [event])).toEqual([])
  })
})
