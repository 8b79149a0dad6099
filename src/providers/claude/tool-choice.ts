// Whether and what the model has to call, as the service is told it. Pure.
import type { ChatRequest, Message } from '../../core/request.ts'
import type { Support } from '../../core/turn.ts'
import { toolNames } from './tools.ts'

export type ToolChoiceFields = {
  /** `tool_choice` of the request body, where it is not the service's own. */
  body: Readonly<Record<string, unknown>>
  /** The model may not think: the service refuses a forced call of one that does. */
  forced: boolean
  support: { toolChoice: Support; parallelToolCalls: Support }
}

/** `mayForce`: the model can be kept from thinking. */
export function resolveToolChoice(request: ChatRequest, mayForce: boolean): ToolChoiceFields {
  const { tools, toolChoice, parallelToolCalls } = request
  const native = { toolChoice: 'native', parallelToolCalls: 'native' } as const
  if (tools.length === 0) return { body: {}, forced: false, support: native }
  const parallel = parallelToolCalls ? {} : { disable_parallel_tool_use: true }
  const choose = (choice: object) => ({ tool_choice: { ...choice, ...parallel } })
  switch (toolChoice.type) {
    case 'auto':
      return { body: parallelToolCalls ? {} : choose({ type: 'auto' }), forced: false, support: native }
    case 'none':
      // The functions stay: earlier calls in the conversation are calls of them, and the prompt cache begins with them.
      return { body: { tool_choice: { type: 'none' } }, forced: false, support: native }
    case 'required':
    case 'named': {
      if (!mayForce) {
        const body = parallelToolCalls ? {} : choose({ type: 'auto' })
        return { body, forced: false, support: { ...native, toolChoice: 'emulated' } }
      }
      const choice =
        toolChoice.type === 'required'
          ? { type: 'any' }
          : { type: 'tool', name: toolNames(tools).toCli(toolChoice.name) }
      return { body: choose(choice), forced: true, support: native }
    }
    default:
      return toolChoice satisfies never
  }
}

/**
 * Whether the model is in the middle of its calls, which it did not begin by thinking that is still here: models with a
 * thinking budget then may not think, says the service (`Expected thinking or redacted_thinking, but found tool_use`).
 */
export function continuesWithoutThinking(messages: readonly Message[]): boolean {
  let position = messages.findLastIndex(({ role }) => role === 'tool' || role === 'assistant')
  if (messages[position]?.role !== 'tool') return false
  while (position > 0 && ['tool', 'assistant'].includes(messages[position - 1]!.role)) position -= 1
  const first = messages.slice(position).find((message) => message.role === 'assistant')?.content[0]
  return first?.type !== 'reasoning' || (first.signature === undefined && first.encrypted === undefined)
}
