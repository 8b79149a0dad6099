// A provider that does one thing, and the gateway in front of it.
import { GatewayError } from '../../../src/core/error.ts'
import type { Batch, ChatEvent } from '../../../src/core/event.ts'
import { world } from '../../http/world.ts'
import { start } from '../answers.ts'

const usage: ChatEvent = {
  type: 'usage',
  usage: { input: 100, output: 20, cachedRead: 80, cacheWrite: 7, reasoning: 5, costUsd: 0.5, estimated: true },
}
const finish = (reason: 'stop' | 'length' | 'tool-calls' | 'content-filter', more = {}): ChatEvent[] => [
  usage,
  { type: 'finish', reason, ...more },
]
const thought: ChatEvent[] = [
  { type: 'reasoning-start', block: 0 },
  { type: 'reasoning-delta', block: 0, text: 'Hm.' },
  { type: 'reasoning-end', block: 0, signature: 'c2lnbmF0dXJl' },
  { type: 'reasoning-start', block: 1 },
  { type: 'reasoning-end', block: 1, encrypted: 'eA==' },
]
const said: ChatEvent[] = [
  { type: 'text-start', block: 2 },
  { type: 'text-delta', block: 2, text: 'Hello' },
  { type: 'text-delta', block: 2, text: ' there' },
  { type: 'text-end', block: 2 },
]
const called: ChatEvent[] = ['look', 'write', 'box__open'].flatMap((name, index): ChatEvent[] => [
  { type: 'tool-call-start', block: 3 + index, id: `call_${index}`, name },
  { type: 'tool-call-delta', block: 3 + index, arguments: '{"input":"x"}' },
  { type: 'tool-call-end', block: 3 + index },
])
const failed: ChatEvent = {
  type: 'error',
  error: new GatewayError('overloaded', 'Come back later.', { param: 'model', retryAfter: 7 }),
}

export const LATE = 'a failure after a while'

/** What a provider may do, by a name for it. */
export const TURNS: Record<string, ChatEvent[]> = {
  everything: [start, ...thought, ...said, ...called, ...finish('tool-calls')],
  text: [start, ...said.map((event) => ({ ...event, block: 0 }) as ChatEvent), ...finish('stop')],
  'no numbers': [start, { type: 'finish', reason: 'stop' }],
  'a stop sequence': [start, ...finish('stop', { stopSequence: 'END' })],
  'cut off': [start, ...said.map((event) => ({ ...event, block: 0 }) as ChatEvent), ...finish('length')],
  'a refusal': [start, ...said.map((event) => ({ ...event, block: 0 }) as ChatEvent), ...finish('content-filter')],
  'a refusal without a word': [start, ...finish('content-filter')],
  'a failure in the middle': [start, ...thought, ...said.slice(0, 2), failed],
  'a failure at once': [failed],
  [LATE]: [failed],
}

type Call = { path: string; body?: object; headers?: Record<string, string>; method?: string }
export type Ask = (call: Call) => Promise<unknown[]>

/** A gateway whose provider does one thing; what it answers comes as JSON, one for each event of a stream. */
export function gate(events: ChatEvent[], late = false): Ask {
  const { app } = world({
    headAfterMs: 1,
    async *run() {
      // An error that comes while the head of a stream waits has a status of its own; a later one is an event.
      if (late) await Bun.sleep(50)
      for (const event of events) yield [event] satisfies Batch
    },
    models: async () => [
      { id: 'demo/chat', displayName: 'Demo', ownedBy: 'cligate', created: 1e12, contextWindow: 9, maxOutputTokens: 8 },
      { id: 'demo/bare', displayName: 'Bare', ownedBy: 'cligate', created: 0 },
    ],
  })
  return async ({ path, body, headers = {}, method = body ? 'POST' : 'GET' }) => {
    const response = await app.fetch(
      new Request(`http://localhost${path}`, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(body ? { body: JSON.stringify(body) } : {}),
      }),
    )
    const text = await response.text()
    if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return [JSON.parse(text)]
    const data = text.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice('data: '.length)] : []))
    return data.filter((line) => line !== '[DONE]').map((line): unknown => JSON.parse(line))
  }
}
