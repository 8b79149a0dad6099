// The conversation of a chat completion request, as neutral messages.
import type { Message, TextPart } from '../../core/request.ts'
import { invalid } from '../refuse.ts'
import { report, reportStray } from '../stray-fields.ts'
import { decodeAssistant, decodeContent, functionCallId } from './decode-parts.ts'
import * as schema from './schema-messages.ts'

/** What decoding one conversation gathers on its way. */
type Reading = {
  system: TextPart[]
  messages: Message[]
  /** Ids of the tool calls seen so far. */
  calls: Set<string>
  /** Ids of the newest assistant message's calls that have no result yet, and the path of the calls. */
  open: { ids: Set<string>; path: string }
  /** The newest call in the old form, which its result names by the function. */
  called: { id: string; name: string } | undefined
  unsupported: string[]
}

const ENTRIES = {
  system: schema.ChatSystemMessage.entries,
  developer: schema.ChatDeveloperMessage.entries,
  user: schema.ChatUserMessage.entries,
  assistant: schema.ChatAssistantMessage.entries,
  tool: schema.ChatToolMessage.entries,
  function: schema.ChatFunctionMessage.entries,
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
    called: undefined,
    unsupported,
  }
  // OpenAI answers instructions alone. A CLI needs someone to ask: the last instruction does, and the caller is told.
  const instructionsAlone = messages.every(isInstruction)
  messages.forEach((message, index) => {
    const path = `messages[${index}]`
    if (message.role !== 'tool' && message.role !== 'function') requireResults(reading)
    reportStray(message, ENTRIES[message.role], path, unsupported)
    // What a result is of, the call says.
    if (message.name && message.role !== 'tool' && message.role !== 'function') report(`${path}.name`, unsupported)
    if (!instructionsAlone || index < messages.length - 1) return read(reading, message, path)
    report(`${path}.role`, unsupported)
    read(reading, { ...message, role: 'user' } as schema.ChatMessage, path)
  })
  requireResults(reading)
  // An answer begun by the caller. CLIs take no such beginning: the model is asked to go on instead.
  const last = messages.length - 1
  if (messages[last]?.role === 'assistant') report(`messages[${last}]`, unsupported)
  return { system: reading.system, messages: reading.messages }
}

/** A provider refuses a call without its result, and would do so for the rest of the conversation. */
function requireResults({ open: { ids, path: param } }: Reading): void {
  if (ids.size === 0) return
  if (param.endsWith('.function_call'))
    invalid(param, `${param} needs a function message with its result, right behind the assistant message.`)
  invalid(param, `Each of ${param} needs a tool message with its result, right behind the assistant message.`)
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
      if (message.function_call) openFunctionCall(reading, message, path)
      return
    case 'tool': {
      const id = message.tool_call_id
      const param = `${path}.tool_call_id`
      if (!calls.has(id)) invalid(param, `${param} names no tool call of an earlier assistant message.`)
      reading.open.ids.delete(id)
      const content = decodeContent(message.content, path, unsupported)
      messages.push({ role: 'tool', content: [{ type: 'tool-result', id, content, isError: false }] })
      return
    }
    case 'function': {
      const { called } = reading
      const param = `${path}.name`
      if (called?.name !== message.name) return invalid(param, `${param} names no function_call right before it.`)
      reading.open.ids.delete(called.id)
      reading.called = undefined
      const content = decodeContent(message.content ?? '', path, unsupported)
      messages.push({ role: 'tool', content: [{ type: 'tool-result', id: called.id, content, isError: false }] })
      return
    }
    default:
      message satisfies never
  }
}

function openFunctionCall(reading: Reading, message: schema.ChatAssistantMessage, path: string): void {
  if (reading.open.ids.size > 0)
    invalid(`${path}.function_call`, `${path} has calls in the new and in the old form: send one of them.`)
  const id = functionCallId(path)
  reading.called = { id, name: message.function_call!.name }
  reading.open = { ids: new Set([id]), path: `${path}.function_call` }
}
