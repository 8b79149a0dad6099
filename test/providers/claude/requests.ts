// Requests for tests, short to write.
import { assertOrder } from '../../../src/core/assert-order.ts'
import { collect, type CollectedAnswer } from '../../../src/core/collect.ts'
import type { Batch, ChatEvent, ChoiceBatch } from '../../../src/core/event.ts'
import type {
  AssistantPart,
  ChatRequest,
  Message,
  Tool,
  ToolCallPart,
  ToolResultPart,
  UserPart,
} from '../../../src/core/request.ts'
import { asked as emulated } from '../../../src/policy/asked.ts'
import type { Driver } from '../../../src/providers/driver.ts'

export const MODEL = 'claude-sonnet-4-5'

export const user = (...content: (string | UserPart)[]): Message => ({
  role: 'user',
  content: content.map((part) => (typeof part === 'string' ? { type: 'text', text: part } : part)),
})

export const assistant = (...content: (string | AssistantPart)[]): Message => ({
  role: 'assistant',
  content: content.map((part) => (typeof part === 'string' ? { type: 'text', text: part } : part)),
})

export const system = (text: string): Message => ({ role: 'system', content: [{ type: 'text', text }] })

export const tool = (name: string, parameters: Record<string, unknown> = {}, description = `Does ${name}.`): Tool => ({
  name,
  description,
  parameters,
  strict: false,
})

export const call = (id: string, name: string, args: string): ToolCallPart => ({
  type: 'tool-call',
  id,
  name,
  arguments: args,
})

/** The results of calls, each with its text or parts; `failed` names those that are errors. */
export const result = (
  results: Record<string, string | ToolResultPart['content']>,
  failed: readonly string[] = [],
): Message => ({
  role: 'tool',
  content: Object.entries(results).map(([id, content]) => ({
    type: 'tool-result',
    id,
    content: typeof content === 'string' ? [{ type: 'text', text: content }] : content,
    isError: failed.includes(id),
  })),
})

type Changes = Partial<Omit<ChatRequest, 'system' | 'sampling' | 'messages'>> & {
  system?: string
  sampling?: Partial<ChatRequest['sampling']>
}

/** A request that says `messages`; a text alone is one of the user. */
export function request(messages: string | Message[], changes: Changes = {}): ChatRequest {
  const { system: text, sampling, ...rest } = changes
  return {
    model: MODEL,
    system: text === undefined ? [] : [{ type: 'text', text }],
    messages: typeof messages === 'string' ? [user(messages)] : messages,
    tools: [],
    toolChoice: { type: 'auto' },
    parallelToolCalls: true,
    output: { type: 'text' },
    sampling: { stop: [], ...sampling },
    reasoning: {},
    stream: true,
    count: 1,
    metadata: {},
    given: {},
    unsupported: [],
    ...rest,
  }
}

/** The driver as callers have it: with what it leaves to the gateway done around it. */
export function asEmulated(driver: Driver, request: ChatRequest): Driver {
  return { ...driver, run: emulated(driver.run, request, driver.support(request, request.model)) }
}

let turns = 0

/** Runs one turn; `signal` ends it. */
export function run(driver: Driver, asked: ChatRequest, signal = new AbortController().signal): AsyncIterable<Batch> {
  turns += 1
  return driver.run({ id: `turn-${turns}`, request: asked, model: asked.model }, signal)
}

/** The whole answer; its events are in order. */
export async function answerTo(driver: Driver, asked: ChatRequest): Promise<CollectedAnswer> {
  const events: ChatEvent[] = []
  async function* watched(): AsyncGenerator<ChoiceBatch> {
    for await (const batch of run(driver, asked)) {
      events.push(...batch)
      yield { choice: 0, events: batch }
    }
  }
  const [answer] = await collect(watched())
  assertOrder(events)
  if (!answer) throw new Error('no answer')
  return answer
}

/** Its text alone. */
export function textOf(answer: CollectedAnswer): string {
  return answer.content.map((part) => (part.type === 'text' ? part.text : '')).join('')
}

/** What the turn fails with. */
export async function failureOf(driver: Driver, asked: ChatRequest): Promise<unknown> {
  try {
    await answerTo(driver, asked)
  } catch (error) {
    return error
  }
  throw new Error('the turn did not fail')
}
