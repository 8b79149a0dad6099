import type { ChatRequest, Message } from '../../core/request.ts'
import { countTokens } from './tokens.ts'

/** What the demo model takes in of a request. */
export type Prompt = {
  /** The last words of the user. */
  text: string
  messages: number
  /** Images and documents in all messages. */
  media: number
}

type Part = Message['content'][number]

export function promptOf({ messages }: ChatRequest): Prompt {
  const last = messages.findLast((message) => message.role === 'user')
  const parts: Part[] = last?.content ?? []
  return {
    text: parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n'),
    messages: messages.length,
    media: messages.reduce((sum, message) => sum + mediaIn(message.content), 0),
  }
}

function mediaIn(parts: readonly Part[]): number {
  let count = 0
  for (const part of parts) {
    if (part.type === 'image' || part.type === 'document') count += 1
    if (part.type === 'tool-result') count += mediaIn(part.content)
  }
  return count
}

/** The prompt's length in the demo model's own tokens; an image or document is one. */
export function inputTokens({ system, messages }: ChatRequest): number {
  return tokensIn(system) + messages.reduce((sum, message) => sum + tokensIn(message.content), 0)
}

function tokensIn(parts: readonly Part[]): number {
  let count = 0
  for (const part of parts) {
    switch (part.type) {
      case 'text':
      case 'reasoning':
        count += countTokens(part.text)
        break
      case 'tool-call':
        count += countTokens(part.name) + countTokens(part.arguments)
        break
      case 'tool-result':
        count += tokensIn(part.content)
        break
      case 'image':
      case 'document':
        count += 1
        break
      default:
        part satisfies never
    }
  }
  return count
}
