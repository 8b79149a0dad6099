import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { MESSAGE_MODES, messageMode } from '../../src/content/message-modes.ts'
import { assertOrder } from '../../src/core/assert-order.ts'
import type { ChatEvent } from '../../src/core/event.ts'
import {
  batchesOf,
  batchSizes,
  eventsOf,
  inBatches,
  orderedEvents,
  START,
  STOP,
  textAnswer,
  textOf,
} from '../core/samples.ts'

const step = (phase: 'start' | 'progress' | 'end', detail?: unknown): ChatEvent => ({
  type: 'tool-activity',
  name: 'Bash',
  phase,
  detail,
})
const through = (mode: (typeof MESSAGE_MODES)[number], ...batches: ChatEvent[][]) =>
  eventsOf(messageMode(mode)(batchesOf(...batches)))
const HELLO: ChatEvent[] = [
  { type: 'text-start', block: 0 },
  { type: 'text-delta', block: 0, text: 'Hello' },
  { type: 'text-end', block: 0 },
]

describe('ignore', () => {
  test('takes every step out, and a batch that is nothing else', async () => {
    const events = await through('ignore', [START, step('start')], [step('end')], [...HELLO, STOP])
    expect(events).toEqual([START, ...HELLO, STOP])
  })
})

describe('forward', () => {
  test('says each step as a line of JSON, in a text of its own', async () => {
    const events = await through(
      'forward',
      [START, step('start', { command: 'ls' }), step('end', 'a\nb')],
      [...HELLO, STOP],
    )
    assertOrder(events)
    const first = events.find((event) => event.type === 'text-delta')
    expect(first).toEqual({
      type: 'text-delta',
      block: 0,
      text: '{"tool_activity":{"name":"Bash","phase":"start","detail":{"command":"ls"}}}\n{"tool_activity":{"name":"Bash","phase":"end","detail":"a\\nb"}}\n',
    })
    expect(events).toContainEqual({ type: 'text-delta', block: 1, text: 'Hello' })
  })

  test('waits for the end of the block that is open', async () => {
    const [open, delta, close] = HELLO as [ChatEvent, ChatEvent, ChatEvent]
    const events = await through('forward', [START, open], [step('start')], [delta, step('end')], [close], [STOP])
    assertOrder(events)
    expect(events.filter((event) => event.type === 'text-start').map((event) => event.block)).toEqual([0, 1])
    expect(textOf(events)).toMatch(/^Hello\{.*"start".*\}\n\{.*"end".*\}\n$/)
  })
})

describe('formatted', () => {
  test('says each step as an element with JSON, which nothing in it can close', async () => {
    const text = textOf(
      await through(
        'formatted',
        [START, step('start', '</tool_start><b>'), step('progress'), step('end', [1])],
        [STOP],
      ),
    )
    expect(text.split('\n')).toEqual([
      '<tool_start>{"name":"Bash","detail":"\\u003c/tool_start>\\u003cb>"}</tool_start>',
      '<tool_progress>{"name":"Bash"}</tool_progress>',
      '<tool_end>{"name":"Bash","detail":[1]}</tool_end>',
      '',
    ])
    expect(JSON.parse(/<tool_start>(.*?)<\/tool_start>/.exec(text)![1]!)).toEqual({
      name: 'Bash',
      detail: '</tool_start><b>',
    })
  })

  test('a detail that is no JSON is left out', async () => {
    const circle: Record<string, unknown> = {}
    circle['self'] = circle
    expect(textOf(await through('formatted', [START, step('start', circle)], [STOP]))).toBe(
      '<tool_start>{}</tool_start>\n',
    )
  })
})

test.each(MESSAGE_MODES)('%s: an answer without steps passes as it is', async (mode) => {
  const events = textAnswer('Hello', ' there')
  expect(await through(mode, events)).toEqual(events)
})

test('whatever comes between, the order holds and no text is lost', async () => {
  await fc.assert(
    fc.asyncProperty(
      orderedEvents,
      fc.array(fc.nat(), { maxLength: 6 }),
      batchSizes,
      fc.constantFrom(...MESSAGE_MODES),
      async (events, places, sizes, mode) => {
        const mixed = [...events]
        for (const place of places)
          mixed.splice(1 + (place % Math.max(1, mixed.length - 1)), 0, step('progress', place))
        const passed = await eventsOf(messageMode(mode)(batchesOf(...inBatches(mixed, sizes))))
        assertOrder(passed)
        const said = textOf(passed).match(/"tool_activity"|<tool_progress>/g)?.length ?? 0
        expect(said).toBe(mode === 'ignore' ? 0 : places.length)
      },
    ),
  )
})
