import type { ChatRequest, Message, ToolResultPart } from '../../core/request.ts'
import { countTokens } from './tokens.ts'

/** What the demo model takes in of a request. */
export type Prompt = {
  /** The last words of the user. */
  text: string
  messages: number
  /** Images and documents in all messages. */
  media: number
  /** What came back of the calls, where the conversation ends with that. */
  results: { name: string; result: ToolResultPart }[]
}

type Part = Message['content'][number]

export function promptOf({ messages }: ChatRequest): Prompt {
  const last = messages.findLast((message) => message.role === 'user')
  const parts: Part[] = last?.content ?? []
  return {
    text: parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n'),
    messages: messages.length,
    media: messages.reduce((sum, message) => sum + mediaIn(message.content), 0),
    results: resultsAtEnd(messages),
  }
}

function resultsAtEnd(messages: readonly Message[]): Prompt['results'] {
  const end = messages.findLastIndex(({ role }) => role !== 'tool')
  const results = messages.slice(end + 1).flatMap((message) => (message.role === 'tool' ? message.content : []))
  if (results.length === 0) return []
  const names = new Map<string, string>()
  for (const { role, content } of messages)
    if (role === 'assistant') for (const part of content) if (part.type === 'tool-call') names.set(part.id, part.name)
  return results.map((result) => ({ name: names.get(result.id) ?? result.id, result }))
}

export function mediaIn(parts: readonly Part[]): number {
  let count = 0
  for (const part of parts) {
    if (part.type === 'image' || part.type === 'document') count += 1
    if (part.type === 'tool-result') count += mediaIn(part.content)
  }
  return count
}

/** The prompt's length in the demo model's own tokens; an image or document is one. */
export function inputTokens({ system, messages, tools }: ChatRequest): number {
  const described = tools.map((tool) => `${tool.name} ${tool.description} ${JSON.stringify(tool.parameters)}`)
  return (
    described.reduce((sum, text) => sum + countTokens(text), 0) +
    tokensIn(system) +
    messages.reduce((sum, message) => sum + tokensIn(message.content), 0)
  )
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
