import type { CollectedAnswer } from '../../core/collect.ts'
import type { AssistantPart } from '../../core/request.ts'
import { brokenOff } from '../broken-off.ts'
import type { AnswerContext } from '../dialect.ts'
import { parseInput } from '../tool-input.ts'
import { stopFields } from './finish.ts'
import { toSignature } from './opaque.ts'
import type { AnthropicContentBlock, AnthropicMessage } from './schema-answer.ts'
import { encodeUsage } from './usage.ts'

/**
 * The body of a whole answer. The API knows no second one to the same request.
 * @throws GatewayError `provider_error` when it finished with an error
 */
export function encodeAnswer([answer]: readonly CollectedAnswer[], context: AnswerContext): AnthropicMessage {
  if (!answer) throw brokenOff()
  return {
    ...envelope(context),
    content: answer.content.flatMap(encodePart),
    ...stopFields(answer.finish, answer.stopSequence),
    diagnostics: null,
    usage: encodeUsage(answer.usage),
  }
}

/** What a whole answer and the beginning of a stream have in common. */
export function envelope({ id, model }: AnswerContext): Pick<AnthropicMessage, 'id' | 'type' | 'role' | 'model'> {
  return { id: `msg_${id}`, type: 'message', role: 'assistant', model }
}

/** Without empty blocks: the API itself refuses them when they are sent back. */
function encodePart(part: AssistantPart): AnthropicContentBlock[] {
  switch (part.type) {
    case 'text':
      return part.text === '' ? [] : [{ type: 'text', text: part.text, citations: null }]
    case 'reasoning': {
      if (part.text === '' && part.encrypted !== undefined) return [{ type: 'redacted_thinking', data: part.encrypted }]
      const signature = toSignature(part)
      return part.text === '' && signature === '' ? [] : [{ type: 'thinking', thinking: part.text, signature }]
    }
    case 'tool-call':
      return [toolUse(part.id, part.name, parseInput(part.arguments))]
    default:
      return part satisfies never
  }
}

export function toolUse(id: string, name: string, input: Record<string, unknown>): AnthropicContentBlock {
  return { type: 'tool_use', id, name, input, caller: { type: 'direct' } }
}
