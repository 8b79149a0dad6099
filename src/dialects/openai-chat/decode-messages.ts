// The conversation of a chat completion request, as neutral messages.
import { GatewayError } from '../../core/error.ts'
import type { Message, TextPart } from '../../core/request.ts'
import { decodeAssistant, decodeContent } from './decode-parts.ts'
import * as schema from './schema-messages.ts'
import { collectStray, report } from './unsupported.ts'

/** What decoding one conversation gathers on its way. */
type Reading = {
  system: TextPart[]
  messages: Message[]
  /** Ids of the tool calls seen so far. */
  calls: Set<string>
  /** Ids of the newest assistant message's calls that have no result yet, and the path of the calls. */
  open: { ids: Set<string>; path: string }
  unsupported: string[]
}

const ENTRIES = {
  system: schema.ChatSystemMessage.entries,
  developer: schema.ChatDeveloperMessage.entries,
  user: schema.ChatUserMessage.entries,
  assistant: schema.ChatAssistantMessage.entries,
  tool: schema.ChatToolMessage.entries,
}

/**
 * Leading system and developer messages become `system`, later ones messages of role `system`. Messages of the same role
 * in a row stay apart. An empty text becomes no part, so a message's content may be empty.
 * @param unsupported receives the paths of fields that are not honoured
 * @throws GatewayError `invalid_request` or `unsupported_parameter` with `param`
 */
export function decodeMessages(
  messages: readonly schema.ChatMessage[],
  unsupported: string[],
): { system: TextPart[]; messages: Message[] } {
  const reading: Reading = {
    system: [],
    messages: [],
    calls: new Set(),
    open: { ids: new Set(), path: '' },
    unsupported,
  }
  // OpenAI answers instructions alone. A CLI needs someone to ask: the last instruction does, and the caller is told.
  const instructionsAlone = messages.every(isInstruction)
  messages.forEach((message, index) => {
    const path = `messages[${index}]`
    if (message.role !== 'tool') requireResults(reading)
    collectStray(message, ENTRIES[message.role], path, unsupported)
    if (message.name) report(`${path}.name`, unsupported)
    if (!instructionsAlone || index < messages.length - 1) return read(reading, message, path)
    report(`${path}.role`, unsupported)
    read(reading, { ...message, role: 'user' } as schema.ChatMessage, path)
  })
  requireResults(reading)
  return { system: reading.system, messages: reading.messages }
}

/** A provider refuses a call without its result, and would do so for the rest of the conversation. */
function requireResults({ open: { ids, path: param } }: Reading): void {
  if (ids.size === 0) return
  const message = `Each of ${param} needs a tool message with its result, right behind the assistant message.`
  throw new GatewayError('invalid_request', message, { param })
}

const isInstruction = ({ role }: schema.ChatMessage) => role === 'system' || role === 'developer'

function read(reading: Reading, message: schema.ChatMessage, path: string): void {
  const { messages, calls, unsupported } = reading
  switch (message.role) {
    case 'system':
    case 'developer': {
      const content = decodeContent(message.content, path, unsupported).filter((part) => part.type === 'text')
      if (messages.length === 0) reading.system.push(...content)
      else if (content.length > 0) messages.push({ role: 'system', content })
      return
    }
    case 'user':
      messages.push({ role: 'user', content: decodeContent(message.content, path, unsupported) })
      return
    case 'assistant':
      messages.push({ role: 'assistant', content: decodeAssistant(message, path, unsupported) })
      reading.open = { ids: new Set(message.tool_calls?.map((call) => call.id)), path: `${path}.tool_calls` }
      for (const id of reading.open.ids) calls.add(id)
      return
    case 'tool': {
      const id = message.tool_call_id
      const param = `${path}.tool_call_id`
      if (!calls.has(id))
        throw new GatewayError('invalid_request', `${param} names no tool call of an earlier assistant message.`, {
          param,
        })
      reading.open.ids.delete(id)
      const content = decodeContent(message.content, path, unsupported)
      messages.push({ role: 'tool', content: [{ type: 'tool-result', id, content, isError: false }] })
      return
    }
    default:
      message satisfies never
  }
}
