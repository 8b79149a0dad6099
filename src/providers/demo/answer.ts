import type { FinishReason } from '../../core/event.ts'
import type { ChatRequest, Output } from '../../core/request.ts'
import type { Usage } from '../../core/usage.ts'
import type { Behaviour } from './behaviour.ts'
import { type Call, callsOf } from './calls.ts'
import { inputTokens, type Prompt } from './prompt.ts'
import { sampleOf } from './sample.ts'
import { sayingOf, thoughtsOf } from './texts.ts'
import { countTokens, tokenise } from './tokens.ts'

/** A part of an answer before it is spoken, as the deltas that it will be. */
export type Segment =
  | { kind: 'reasoning' | 'text'; deltas: string[] }
  | { kind: 'tool-call'; call: Call; deltas: string[] }

/** A whole answer before it is spoken. No segment is without a delta, but for a call that was cut behind its name. */
export type Answer = { segments: Segment[]; finish: FinishReason; usage: Usage }

/**
 * Composes an answer. `whole` leaves a text in one piece where nothing has to be counted out: nobody sees the pieces of
 * an answer that is not streamed.
 */
export function compose(behaviour: Behaviour, prompt: Prompt, request: ChatRequest, whole: boolean): Answer {
  const most = request.sampling.maxTokens ?? Number.POSITIVE_INFINITY
  const thoughts = thoughtsOf(behaviour)
  const reasoning = thoughts.slice(0, most)
  const calls = callsOf(behaviour, prompt, request)
  const saying = calls.length > 0 && behaviour.tokens === undefined ? '' : formed(behaviour, prompt, request)
  const length = typeof saying === 'string' ? countTokens(saying) : saying.length
  const said = Math.min(length, most - reasoning.length)
  const segments: Segment[] = []
  add(segments, { kind: 'reasoning', deltas: whole ? joined(reasoning) : reasoning })
  const text = typeof saying === 'string' && whole && said === length ? joined([saying]) : pieces(saying, said, whole)
  add(segments, { kind: 'text', deltas: text })
  const called = addCalls(segments, calls, most - reasoning.length - said, whole)
  const isCut = reasoning.length < thoughts.length || said < length || called.isCut
  const output = reasoning.length + said + called.tokens
  return {
    segments,
    finish: isCut ? 'length' : calls.length > 0 ? 'tool-calls' : 'stop',
    usage: { input: inputTokens(request), output, cachedRead: 0, cacheWrite: 0, reasoning: reasoning.length },
  }
}

/** What is said, in the form that was asked for. An echo is an echo: its form is for the gateway to see to. */
function formed(behaviour: Behaviour, prompt: Prompt, { output }: ChatRequest): string | string[] {
  const saying = sayingOf(behaviour, prompt)
  if (output.type === 'text' || behaviour.says === 'echo') return saying
  return JSON.stringify(structured(output, typeof saying === 'string' ? saying : saying.join('')))
}

function structured(output: Exclude<Output, { type: 'text' }>, saying: string): unknown {
  return output.type === 'json' ? { message: saying } : sampleOf(output.schema)
}

/** A call costs a token for its name and those of its arguments. */
function addCalls(
  segments: Segment[],
  calls: Call[],
  most: number,
  whole: boolean,
): { tokens: number; isCut: boolean } {
  let tokens = 0
  for (const call of calls) {
    if (tokens >= most) return { tokens, isCut: true }
    const all = tokenise(call.arguments)
    const deltas = all.slice(0, most - tokens - 1)
    segments.push({ kind: 'tool-call', call, deltas: whole ? joined(deltas) : deltas })
    tokens += 1 + deltas.length
    if (deltas.length < all.length) return { tokens, isCut: true }
  }
  return { tokens, isCut: false }
}

function add(segments: Segment[], segment: Segment): void {
  if (segment.deltas.length > 0) segments.push(segment)
}

function pieces(saying: string | string[], count: number, whole: boolean): string[] {
  const tokens = (typeof saying === 'string' ? tokenise(saying) : saying).slice(0, count)
  return whole ? joined(tokens) : tokens
}

function joined(tokens: string[]): string[] {
  const text = tokens.join('')
  return text === '' ? [] : [text]
}
