// The conversation of a request, as neutral messages.
import type { AssistantPart, Message, TextPart, ToolResultPart } from '../../core/request.ts'
import { invalid, refuse } from '../refuse.ts'
import { report, reportStray } from '../stray-fields.ts'
import { decodeContent, decodeTexts } from './decode-parts.ts'
import type { PlacedItem } from './history.ts'
import { toReasoning } from './opaque.ts'
import * as schema from './schema-items.ts'
import { modelName, toArguments } from './tool-names.ts'

type AssistantMessage = Extract<Message, { role: 'assistant' }>
type ToolMessage = Extract<Message, { role: 'tool' }>

/** What decoding one conversation gathers on its way. */
type Reading = {
  system: TextPart[]
  messages: Message[]
  /** Calls by their id: the message they are in, and where the caller wrote them. */
  calls: Map<string, { message: AssistantMessage; path: string }>
  /** Calls that have no result yet. */
  open: Set<string>
  results: Map<AssistantMessage, ToolMessage>
  unsupported: string[]
}

/**
 * Reasoning, texts and calls of the model in a row are one message, as the model made them. Results stand right behind the
 * message whose calls they answer, wherever the caller wrote them: providers take them nowhere else. Leading system and
 * developer messages come back as `system`.
 * @param unsupported receives the paths of fields that are not honoured
 * @throws GatewayError `invalid_request` or `unsupported_parameter` with `param`
 */
export function decodeInput(
  items: readonly PlacedItem[],
  unsupported: string[],
): { system: TextPart[]; messages: Message[] } {
  const reading: Reading = {
    system: [],
    messages: [],
    calls: new Map(),
    open: new Set(),
    results: new Map(),
    unsupported,
  }
  if (items.length === 0) invalid('input', 'input is required: a text, or items.')
  // OpenAI answers instructions alone. A CLI needs someone to ask: the last instruction does, and the caller is told.
  const instructionsAlone = items.every(({ item }) => 'role' in item && isInstruction(item.role))
  items.forEach(({ item, path, isNew }, index) => {
    // What stands in the conversation already was reported when it came.
    const here = isNew ? reading : { ...reading, unsupported: [] }
    if (!instructionsAlone || index < items.length - 1) return read(here, item, path)
    report(`${path}.role`, unsupported)
    read(here, { ...(item as schema.MessageItem), role: 'user' }, path)
  })
  for (const id of reading.open) {
    const path = reading.calls.get(id)?.path ?? 'input'
    invalid(path, `No tool output found for function call ${id}: send a function_call_output with its call_id.`)
  }
  // An answer begun by the caller. CLIs take no such beginning: the model is asked to go on instead.
  const last = items.at(-1)
  if (last?.isNew && reading.messages.at(-1)?.role === 'assistant') report(last.path, unsupported)
  return { system: reading.system, messages: reading.messages }
}

const isInstruction = (role: unknown) => role === 'system' || role === 'developer'

function read(reading: Reading, item: schema.InputItem, path: string): void {
  const { unsupported } = reading
  switch (item.type) {
    case 'function_call':
      reportStray(item, schema.ResponsesFunctionCall.entries, path, unsupported)
      return readCall(reading, item, item.arguments, path)
    case 'custom_tool_call':
      reportStray(item, schema.ResponsesCustomCall.entries, path, unsupported)
      return readCall(reading, item, toArguments(item.input), path)
    case 'function_call_output':
    case 'custom_tool_call_output':
      return readOutput(reading, item, path)
    case 'reasoning': {
      reportStray(item, schema.ResponsesReasoning.entries, path, unsupported)
      const part = toReasoning(item)
      if (part) said(reading, part)
      return
    }
    case 'additional_tools':
      // Read with the tools.
      return
    case 'compaction':
    case 'compaction_summary':
    case 'compaction_trigger':
      return refuse(path, 'A compacted conversation can only be read by OpenAI: send its items.')
    case undefined:
    case null:
    case 'message':
    case 'item_reference':
      // References are resolved by now.
      if ('role' in item) readMessage(reading, item as schema.MessageItem, path)
      return
    default:
      report(path, unsupported)
  }
}

function readMessage(reading: Reading, item: schema.MessageItem, path: string): void {
  const { messages, system, unsupported } = reading
  const { role, content } = item
  reportStray(item, schema.ResponsesMessage.entries, path, unsupported)
  const contentPath = path === 'input' ? path : `${path}.content`
  switch (role) {
    case 'system':
    case 'developer': {
      const texts = decodeTexts(content, contentPath, role, unsupported)
      if (messages.length === 0) system.push(...texts)
      else if (texts.length > 0) messages.push({ role: 'system', content: texts })
      return
    }
    case 'user':
      messages.push({ role, content: decodeContent(content, contentPath, unsupported) })
      return
    case 'assistant':
      said(reading, ...decodeTexts(content, contentPath, role, unsupported))
      return
    default:
      role satisfies never
  }
}

/** Adds to what the model says. */
function said({ messages }: Reading, ...parts: AssistantPart[]): AssistantMessage {
  const last = messages.at(-1)
  if (last?.role === 'assistant') {
    last.content.push(...parts)
    return last
  }
  const message: AssistantMessage = { role: 'assistant', content: parts }
  messages.push(message)
  return message
}

function readCall(reading: Reading, item: schema.CallItem, text: string, path: string): void {
  const id = item.call_id
  if (reading.calls.has(id)) invalid(`${path}.call_id`, `${path}.call_id is the id of another call already.`)
  const message = said(reading, { type: 'tool-call', id, name: modelName(item), arguments: text })
  reading.calls.set(id, { message, path })
  reading.open.add(id)
}

function readOutput(reading: Reading, item: schema.OutputItem, path: string): void {
  const { messages, results, unsupported } = reading
  const entries =
    item.type === 'function_call_output' ? schema.ResponsesFunctionOutput.entries : schema.ResponsesCustomOutput.entries
  reportStray(item, entries, path, unsupported)
  const call = reading.calls.get(item.call_id)
  const param = `${path}.call_id`
  if (!call) return invalid(param, `No tool call found for function call output with call_id ${item.call_id}.`)
  if (!reading.open.delete(item.call_id)) return invalid(param, `${param} has a result already.`)
  const content = decodeContent(item.output, `${path}.output`, unsupported)
  const result: ToolResultPart = { type: 'tool-result', id: item.call_id, content, isError: false }
  const home = results.get(call.message)
  if (home) {
    home.content.push(result)
    return
  }
  const message: ToolMessage = { role: 'tool', content: [result] }
  results.set(call.message, message)
  messages.splice(messages.indexOf(call.message) + 1, 0, message)
}
