// Requests, answers and sources that tests are made of.
import * as fc from 'fast-check'
import type { Timeouts } from '../../src/core/deadlines.ts'
import type { Batch, ChatEvent } from '../../src/core/event.ts'
import type { ChatRequest, Message } from '../../src/core/request.ts'
import type { Plan } from '../../src/core/run.ts'
import type { Usage } from '../../src/core/usage.ts'

export const NO_LIMITS: Timeouts = { firstEvent: 0, betweenEvents: 0, total: 0 }

export const START: ChatEvent = { type: 'stream-start', model: 'model-1', created: 1_700_000_000_000 }
export const STOP: ChatEvent = { type: 'finish', reason: 'stop' }
export const USAGE: Usage = { input: 3, output: 5, cachedRead: 1, cacheWrite: 2, reasoning: 1 }

export function chatRequest(changes: Partial<ChatRequest> = {}): ChatRequest {
  return {
    model: 'demo/echo',
    system: [],
    messages: [userMessage('hello')],
    tools: [],
    toolChoice: { type: 'auto' },
    parallelToolCalls: true,
    output: { type: 'text' },
    sampling: { stop: [] },
    reasoning: {},
    stream: true,
    count: 1,
    metadata: {},
    given: {},
    unsupported: [],
    ...changes,
  }
}

export const userMessage = (text: string): Message => ({ role: 'user', content: [{ type: 'text', text }] })

/** A plan without filters and limits. */
export function planOf(run: Plan['run'], changes: Partial<Plan> = {}): Plan {
  return { run, provider: 'test', model: 'model-1', filters: [], timeouts: NO_LIMITS, ignored: [], ...changes }
}

/** A whole answer of one text block. */
export function textAnswer(...deltas: string[]): ChatEvent[] {
  return [
    START,
    { type: 'text-start', block: 0 },
    ...deltas.map((text): ChatEvent => ({ type: 'text-delta', block: 0, text })),
    { type: 'text-end', block: 0 },
    { type: 'usage', usage: USAGE },
    STOP,
  ]
}

export async function* batchesOf(...batches: Batch[]): AsyncGenerator<Batch> {
  yield* batches
}

export async function eventsOf(batches: AsyncIterable<Batch>): Promise<ChatEvent[]> {
  const events: ChatEvent[] = []
  for await (const batch of batches) events.push(...batch)
  return events
}

/** The text of all text blocks, in the order in which it came. */
export function textOf(events: readonly ChatEvent[]): string {
  return events.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')
}

/** Cuts `events` into batches of the given sizes, over and over. */
export function inBatches(events: readonly ChatEvent[], sizes: readonly number[]): Batch[] {
  const batches: Batch[] = []
  for (let at = 0, turn = 0; at < events.length; turn += 1) {
    const size = Math.max(1, sizes[turn % Math.max(1, sizes.length)] ?? 1)
    batches.push(events.slice(at, at + size))
    at += size
  }
  return batches
}

export const batchSizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 })

const block = fc.record({
  kind: fc.constantFrom('text' as const, 'reasoning' as const, 'tool-call' as const),
  pieces: fc.array(fc.string({ unit: 'grapheme', maxLength: 6 }), { maxLength: 5 }),
  signature: fc.option(fc.string(), { nil: undefined }),
})

/** Ordered event lists of one answer: blocks that overlap or follow each other, with usage in between. */
export const orderedEvents: fc.Arbitrary<ChatEvent[]> = fc
  .record({
    blocks: fc.array(block, { maxLength: 5 }),
    choices: fc.infiniteStream(fc.nat()),
    reason: fc.constantFrom('stop' as const, 'length' as const, 'tool-calls' as const),
  })
  .map(({ blocks, choices, reason }) => {
    const queues = blocks.map(({ kind, pieces, signature }, number): ChatEvent[] => [
      kind === 'tool-call'
        ? { type: 'tool-call-start', block: number, id: `call-${number}`, name: 'look' }
        : { type: `${kind}-start`, block: number },
      ...pieces.map((text): ChatEvent =>
        kind === 'tool-call'
          ? { type: 'tool-call-delta', block: number, arguments: text }
          : { type: `${kind}-delta`, block: number, text },
      ),
      kind === 'reasoning' && signature !== undefined
        ? { type: 'reasoning-end', block: number, signature }
        : { type: `${kind}-end`, block: number },
    ])
    const events: ChatEvent[] = [START]
    let opened = 0
    while (queues.some((queue) => queue.length > 0)) {
      // Blocks already open, and the next one to open: never a later one before it.
      const ready = queues.slice(0, opened + 1).filter((queue) => queue.length > 0)
      const pick = choices.next().value! % ready.length
      const queue = ready[pick]!
      if (queue === queues[opened]) opened += 1
      events.push(queue.shift()!)
      if (choices.next().value! % 5 === 0) events.push({ type: 'usage', usage: { ...USAGE, output: events.length } })
    }
    events.push({ type: 'finish', reason })
    return events
  })
