// Whole answers, the events that they come in, and what of them an API has no words for.
import * as fc from 'fast-check'
import type { CollectedAnswer } from '../../../src/core/collect.ts'
import type { ChatEvent, FinishReason } from '../../../src/core/event.ts'
import type { AssistantPart } from '../../../src/core/request.ts'
import type { Usage } from '../../../src/core/usage.ts'
import { formatInput, parseInput } from '../../../src/dialects/tool-input.ts'
import { text } from '../answers.ts'
import { callArguments } from './conversation.ts'

export type Answer = Pick<CollectedAnswer, 'content' | 'finish' | 'stopSequence'> & { usage: Usage }

/** One API as its official SDK reads it. */
export type Reader = {
  name: string
  /** What the gateway sends, in one piece. */
  whole(answer: Answer): string
  /** The same as a stream of these batches. */
  stream(batches: readonly ChatEvent[][]): string
  /** What says in silence that the gateway lives; may stand between any two events. */
  silence: string
  /** What the SDK makes of the bytes, in pieces of these sizes, and what comes of that when it is sent back. */
  read(bytes: Uint8Array, streamed: boolean, sizes: readonly number[]): Promise<Answer>
  /** Answers that a stream cannot say as a whole one does, and why. */
  streamsOtherwise?: { what: string; when(answer: Answer): boolean }
  /** What is left of an answer. */
  left(answer: Answer): Answer
  /** Throws at events that are not in the order that the API promises. */
  checkOrder(bytes: Uint8Array): void
}

const opaque = fc.oneof(
  fc.constant({}),
  fc.record({ signature: fc.base64String({ minLength: 4, maxLength: 8 }) }),
  fc.record({ encrypted: fc.base64String({ minLength: 4, maxLength: 8 }) }),
)
const part: fc.Arbitrary<AssistantPart> = fc.oneof(
  text.map((text): AssistantPart => ({ type: 'text', text })),
  fc
    // Thoughts that only the provider can read are common.
    .tuple(fc.oneof(text, fc.constant('')), opaque)
    .map(([text, fields]): AssistantPart => Object.assign({ type: 'reasoning' as const, text }, fields)),
  fc
    .record({ name: fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,12}$/), arguments: callArguments })
    .map((fields): AssistantPart => Object.assign({ type: 'tool-call' as const, id: '' }, fields)),
)
const usage: fc.Arbitrary<Usage> = fc
  .record({
    fresh: fc.nat(999),
    said: fc.nat(999),
    cachedRead: fc.nat(99),
    cacheWrite: fc.nat(99),
    reasoning: fc.nat(99),
    costUsd: fc.option(fc.double({ min: 0, max: 9, noNaN: true }).map(Math.abs), { nil: undefined }),
  })
  .map(({ fresh, said, costUsd, cachedRead, cacheWrite, reasoning }) => {
    const counts = { cachedRead, cacheWrite, reasoning }
    const sums = { input: fresh + cachedRead + cacheWrite, output: said + reasoning }
    return Object.assign(counts, sums, costUsd === undefined ? {} : { costUsd })
  })

export const wholeAnswer: fc.Arbitrary<Answer> = fc
  .record({
    parts: fc.array(part, { maxLength: 6 }),
    usage,
    cut: fc.constantFrom<FinishReason | undefined>(undefined, undefined, 'length', 'content-filter'),
    stopSequence: fc.constantFrom(undefined, undefined, 'END'),
  })
  .map(({ parts, usage, cut, stopSequence }) => {
    const content = structuredClone(parts)
    for (const [index, part] of content.entries()) if (part.type === 'tool-call') part.id = `call_${index}`
    const calls = content.some(({ type }) => type === 'tool-call')
    const finish = cut ?? (calls ? 'tool-calls' : 'stop')
    return Object.assign({ content, usage, finish }, finish === 'stop' && stopSequence ? { stopSequence } : {})
  })

/** The events of an answer, its texts in pieces of these sizes. */
export function eventsOf({ content, usage, finish, stopSequence }: Answer, sizes: readonly number[]): ChatEvent[] {
  const events: ChatEvent[] = [{ type: 'stream-start', model: 'provider-model', created: 1 }]
  for (const [block, part] of content.entries()) {
    if (part.type === 'tool-call') {
      events.push({ type: 'tool-call-start', block, id: part.id, name: part.name })
      for (const piece of pieces(part.arguments, sizes))
        events.push({ type: 'tool-call-delta', block, arguments: piece })
      events.push({ type: 'tool-call-end', block })
      continue
    }
    const { type, text, ...fields } = part
    events.push({ type: `${type}-start`, block })
    for (const piece of pieces(text, sizes)) events.push({ type: `${type}-delta`, block, text: piece })
    events.push({ type: `${type}-end`, block, ...fields })
  }
  events.push({ type: 'usage', usage }, { type: 'finish', reason: finish, ...(stopSequence ? { stopSequence } : {}) })
  return events
}

/** Also between the halves of a character: models cut where they like. */
function pieces(text: string, sizes: readonly number[]): string[] {
  const found: string[] = []
  for (let begin = 0, turn = 0; begin < text.length; turn++) {
    const size = sizes[turn % sizes.length]!
    found.push(text.slice(begin, begin + size))
    begin += size
  }
  return found
}

/** An answer without what does not matter. */
export function meaningOf(answer: Answer): Answer {
  return {
    ...answer,
    content: answer.content.flatMap((part): AssistantPart[] => {
      if (part.type === 'tool-call') return [{ ...part, arguments: formatInput(parseInput(part.arguments)) }]
      const isEmpty = part.text === '' && !('signature' in part) && !('encrypted' in part)
      return isEmpty ? [] : [part]
    }),
  }
}

/** Whether there are arguments in it that are no JSON of an object. */
export function hasBrokenCalls({ content }: Answer): boolean {
  return content.some((part) => part.type === 'tool-call' && part.arguments !== '' && !isObject(part.arguments))
}

function isObject(json: string): boolean {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

/** Where an API has one word for an answer that ends with calls and one that ends by itself. */
export function finishOf(content: readonly AssistantPart[], finish: FinishReason): FinishReason {
  if (finish !== 'stop' && finish !== 'tool-calls') return finish
  return content.some(({ type }) => type === 'tool-call') ? 'tool-calls' : 'stop'
}

/** The answer as the provider gets it when it is sent back: the first message of the model in a decoded conversation. */
export function saidIn(messages: readonly { role: string; content: readonly unknown[] }[]): AssistantPart[] {
  return messages.flatMap(({ role, content }) => (role === 'assistant' ? (content as AssistantPart[]) : []))
}
