// Renders an answer as Anthropic's whole message, for requests that don't stream.
import type { Answer, Step } from '../reply.ts'
import { stopFields } from './stop.ts'
import { finalUsage } from './usage.ts'
import { searchBlocks } from './web-search.ts'

type Content =
  | { type: 'text'; text: string }
  | { type: 'thinking'; thinking: string; signature: string }
  | { type: 'redacted_thinking'; data: string }
  | { type: 'tool_use'; id: string; name: string; input: unknown }
  | ReturnType<typeof searchBlocks>['call' | 'found']

/** The whole message, and the step that broke it off, if one did. Waits are the caller's to keep. */
export function wholeMessage(answer: Answer, id: string, model: string): { message: unknown; broken?: Step } {
  const content: Content[] = []
  let joined = true
  for (const step of answer.steps()) {
    if (step.type === 'failure' || step.type === 'end' || step.type === 'cut' || step.type === 'silence') {
      return { message: undefined, broken: step }
    }
    if (step.type === 'next-block') joined = false
    else if (apply(content, step, joined)) joined = true
  }
  const message = {
    id,
    type: 'message',
    role: 'assistant',
    model,
    content,
    ...stopFields(answer.stop),
    usage: finalUsage(answer.usage),
  }
  return { message }
}

/** True where the step made content. */
function apply(content: Content[], step: Step, joined: boolean): boolean {
  const last = joined ? content.at(-1) : undefined
  switch (step.type) {
    case 'text':
      if (last?.type === 'text') last.text += step.text
      else content.push({ type: 'text', text: step.text })
      return true
    case 'thinking':
      if (last?.type === 'thinking' && !last.signature) last.thinking += step.text
      else content.push({ type: 'thinking', thinking: step.text, signature: '' })
      return true
    case 'signature':
      if (last?.type === 'thinking') last.signature = step.signature
      return true
    case 'redacted-thinking':
      content.push({ type: 'redacted_thinking', data: step.data })
      return true
    case 'tool-call':
      content.push({ type: 'tool_use', id: step.id, name: step.name, input: JSON.parse(step.pieces.join('') || '{}') })
      return true
    case 'web-search': {
      const { call, found } = searchBlocks(step, `srvtoolu_simulated_${content.length}`)
      content.push(call, found)
      return true
    }
    default:
      return false
  }
}
