// Turns whose answers are written beforehand, and what they were asked.
import { assertOrder } from '../../src/core/assert-order.ts'
import { GatewayError } from '../../src/core/error.ts'
import type { Batch, ChatEvent } from '../../src/core/event.ts'
import type { ChatRequest } from '../../src/core/request.ts'
import type { RunTurn } from '../../src/core/turn.ts'
import { chatRequest, inBatches, START, USAGE } from '../core/samples.ts'

export const finish = (reason: 'stop' | 'length' | 'tool-calls' | 'content-filter' = 'stop'): ChatEvent[] => [
  { type: 'usage', usage: USAGE },
  { type: 'finish', reason },
]

export const say = (block: number, ...deltas: string[]): ChatEvent[] => [
  { type: 'text-start', block },
  ...deltas.map((text): ChatEvent => ({ type: 'text-delta', block, text })),
  { type: 'text-end', block },
]

export const think = (block: number, text = 'hm', signature?: string): ChatEvent[] => [
  { type: 'reasoning-start', block },
  { type: 'reasoning-delta', block, text },
  { type: 'reasoning-end', block, ...(signature === undefined ? {} : { signature }) },
]

export const call = (block: number, name = 'look', id = `call_${block}`, json = '{}'): ChatEvent[] => [
  { type: 'tool-call-start', block, id, name },
  { type: 'tool-call-delta', block, arguments: json },
  { type: 'tool-call-end', block },
]

/** A provider that gives these answers one after the other, in batches of these sizes. */
export function scripted(answers: ChatEvent[][], sizes: readonly number[] = [2]) {
  const asked: ChatRequest[] = []
  const run: RunTurn = async function* ({ request }) {
    const answer = answers[asked.length]
    asked.push(request)
    if (!answer) throw new Error('asked once too often')
    yield* inBatches([START, ...answer], sizes)
  }
  return { run, asked }
}

/** What a turn is run with. */
export const turn = (changes: Partial<ChatRequest> = {}): Parameters<RunTurn> => [
  { id: 'turn', model: 'model-1', request: chatRequest(changes) },
  new AbortController().signal,
]

/** Runs a turn to its end. Its events keep the order, also up to where it fails. */
export async function play(run: RunTurn, request: Partial<ChatRequest> = {}) {
  const events: ChatEvent[] = []
  const batches: Batch[] = []
  let error: GatewayError | undefined
  try {
    for await (const batch of run(...turn(request))) {
      batches.push(batch)
      events.push(...batch)
    }
    assertOrder(events)
  } catch (thrown) {
    if (!(thrown instanceof GatewayError)) throw thrown
    error = thrown
    assertOrder([...events, { type: 'error', error }])
  }
  return { events, batches, error }
}

/** Kinds of events in their order, deltas left out. */
export const outline = (events: readonly ChatEvent[]) =>
  events.flatMap(({ type }) => (type.endsWith('-delta') || type.endsWith('-end') ? [] : [type]))

/** A batch for each event. */
export const oneByOne = (events: ChatEvent[]) => events.map((event) => [event])

/** Why an answer ended; undefined where it did not. */
export const reasonOf = (events: readonly ChatEvent[]) => {
  const last = events.at(-1)
  return last?.type === 'finish' ? last.reason : undefined
}

/** The last usage that was told. */
export const usageOf = (events: readonly ChatEvent[]) => events.findLast((event) => event.type === 'usage')?.usage
