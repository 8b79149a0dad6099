import type { FinishReason } from '../../core/event.ts'
import type { ChatRequest } from '../../core/request.ts'
import type { Usage } from '../../core/usage.ts'
import type { Behaviour } from './behaviour.ts'
import { inputTokens, type Prompt } from './prompt.ts'
import { sayingOf, thoughtsOf } from './texts.ts'
import { countTokens, tokenise } from './tokens.ts'

/** A whole answer before it is spoken: its deltas by kind. */
export type Answer = { reasoning: string[]; text: string[]; finish: FinishReason; usage: Usage }

/**
 * Composes an answer. `whole` leaves a text in one piece where nothing has to be counted out: nobody sees the pieces of
 * an answer that is not streamed.
 */
export function compose(behaviour: Behaviour, prompt: Prompt, request: ChatRequest, whole: boolean): Answer {
  const most = request.sampling.maxTokens ?? Number.POSITIVE_INFINITY
  const thoughts = thoughtsOf(behaviour)
  const reasoning = thoughts.slice(0, most)
  const saying = sayingOf(behaviour, prompt)
  const length = typeof saying === 'string' ? countTokens(saying) : saying.length
  const said = Math.min(length, most - reasoning.length)
  const cut = reasoning.length < thoughts.length || said < length
  const output = reasoning.length + said
  return {
    reasoning: whole ? joined(reasoning) : reasoning,
    text: typeof saying === 'string' && whole && !cut ? joined([saying]) : pieces(saying, said, whole),
    finish: cut ? 'length' : 'stop',
    usage: { input: inputTokens(request), output, cachedRead: 0, cacheWrite: 0, reasoning: reasoning.length },
  }
}

function pieces(saying: string | string[], count: number, whole: boolean): string[] {
  const tokens = (typeof saying === 'string' ? tokenise(saying) : saying).slice(0, count)
  return whole ? joined(tokens) : tokens
}

function joined(tokens: string[]): string[] {
  const text = tokens.join('')
  return text === '' ? [] : [text]
}
