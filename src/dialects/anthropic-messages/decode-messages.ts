// The conversation of a request, as neutral messages.
import type { Message, TextPart } from '../../core/request.ts'
import { invalid } from '../refuse.ts'
import { isVoid, report, reportStray } from '../stray-fields.ts'
import { decodeAssistantBlock, decodeResult, decodeTexts, decodeUserBlock, textParts } from './decode-blocks.ts'
import * as schema from './schema-messages.ts'

/** What decoding one conversation gathers on its way. */
type Reading = {
  system: TextPart[]
  messages: Message[]
  /** Ids of the tool calls seen so far. */
  calls: Set<string>
  unsupported: string[]
}

const ENTRIES = {
  user: schema.AnthropicUserMessage.entries,
  assistant: schema.AnthropicAssistantMessage.entries,
  system: schema.AnthropicSystemMessage.entries,
}

/**
 * Results of tools, which a user's message carries here, become messages of role `tool`, in their order with what else
 * the user says. System messages before all others come back as `system`. Messages of one role in a row stay apart.
 * @param unsupported receives the paths of fields that are not honoured
 * @throws GatewayError `invalid_request` or `unsupported_parameter` with `param`
 */
export function decodeMessages(
  messages: readonly schema.MessageParam[],
  unsupported: string[],
): { system: TextPart[]; messages: Message[] } {
  const reading: Reading = { system: [], messages: [], calls: new Set(), unsupported }
  if (messages.every(({ role }) => role === 'system'))
    invalid('messages', 'messages must have a message of the user: instructions alone ask for nothing.')
  const lastUser = messages.findLastIndex(({ role }) => role === 'user')
  messages.forEach((message, index) => {
    const path = `messages[${index}]`
    reportStray(message, ENTRIES[message.role], path, unsupported)
    if (message.role === 'system') {
      readSystem(reading, message, path, index < lastUser)
      return
    }
    read(reading, message, `${path}.content`)
  })
  // An answer begun by the caller. CLIs take no such beginning: the model is asked to go on instead.
  const last = messages.length - 1
  if (messages[last]?.role === 'assistant') report(`messages[${last}]`, unsupported)
  return { system: reading.system, messages: reading.messages }
}

/** Changes of tools among its blocks are read with the tools. */
function readSystem(reading: Reading, message: schema.SystemMessage, path: string, overtaken: boolean): void {
  const { messages, system, unsupported } = reading
  if (!isVoid(message.output_config)) report(`${path}.output_config`, unsupported)
  if (overtaken && message.clear_at === 'next_user_message') return
  const texts = decodeTexts(message.content ?? '', `${path}.content`, unsupported)
  if (messages.length === 0) system.push(...texts)
  else if (texts.length > 0) messages.push({ role: 'system', content: texts })
}

function read(reading: Reading, { role, content }: Exclude<schema.MessageParam, schema.SystemMessage>, path: string) {
  const { messages, unsupported } = reading
  switch (role) {
    case 'user':
      if (typeof content === 'string') messages.push({ role, content: textParts(content) })
      else readUser(reading, content, path)
      return
    case 'assistant': {
      const parts =
        typeof content === 'string'
          ? textParts(content)
          : content.flatMap((block, index) => decodeAssistantBlock(block, `${path}[${index}]`, unsupported))
      for (const part of parts) if (part.type === 'tool-call') reading.calls.add(part.id)
      messages.push({ role, content: parts })
      return
    }
    default:
      role satisfies never
  }
}

function readUser({ messages, calls, unsupported }: Reading, content: readonly schema.UserBlock[], path: string): void {
  const before = messages.length
  content.forEach((block, index) => {
    const blockPath = `${path}[${index}]`
    const open = messages.length > before ? messages.at(-1) : undefined
    if (block.type === 'tool_result') {
      const param = `${blockPath}.tool_use_id`
      if (!calls.has(block.tool_use_id)) invalid(param, `${param} names no tool_use of an earlier assistant message.`)
      const result = decodeResult(block, blockPath, unsupported)
      if (open?.role === 'tool') open.content.push(result)
      else messages.push({ role: 'tool', content: [result] })
      return
    }
    const parts = decodeUserBlock(block, blockPath, unsupported)
    if (parts.length === 0) return
    if (open?.role === 'user') open.content.push(...parts)
    else messages.push({ role: 'user', content: parts })
  })
  // Said nothing, but it was the user's turn.
  if (messages.length === before) messages.push({ role: 'user', content: [] })
}
