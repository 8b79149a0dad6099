// What happens in an answer, as deltas of the Chat Completions API. Pure.
import type { Answer, Step } from '../reply.ts'

export type ToolCallDelta = {
  index: number
  id?: string
  type?: 'function'
  function: { name?: string; arguments: string }
}

export type Delta = {
  role?: 'assistant'
  content?: string
  /** As DashScope, DeepSeek and vLLM send thinking. */
  reasoning_content?: string
  tool_calls?: [ToolCallDelta]
}

/** A delta, or a step that is none and that the writer renders. */
export type DeltaStep = { delta: Delta } | { step: Step }

/** All of one answer but its end. */
export function* deltas(answer: Answer): Iterable<DeltaStep> {
  let calls = 0
  yield { delta: { role: 'assistant', content: '' } }
  for (const step of answer.steps()) {
    switch (step.type) {
      case 'text':
        yield { delta: { content: step.text } }
        break
      case 'thinking':
        yield { delta: { reasoning_content: step.text } }
        break
      case 'tool-call': {
        const index = calls
        calls += 1
        const head = { index, id: step.id, type: 'function' as const, function: { name: step.name, arguments: '' } }
        yield { delta: { tool_calls: [head] } }
        for (const piece of step.pieces) yield { delta: { tool_calls: [{ index, function: { arguments: piece } }] } }
        break
      }
      // The API knows neither signatures nor blocks, nor a search.
      case 'signature':
      case 'redacted-thinking':
      case 'web-search':
      case 'next-block':
        break
      case 'failure':
      case 'end':
      case 'cut':
      case 'silence':
        yield { step }
        return
      case 'ping':
      case 'wait':
      case 'bytes':
        yield { step }
        break
      default:
        step satisfies never
    }
  }
}
