// The caller's conversation as the records of a chat that Qwen Code (0.24.4) has saved and is to go on with. Pure.
import { GatewayError } from '../../core/error.ts'
import type { AssistantPart, Message, TextPart, ToolResultPart, UserPart } from '../../core/request.ts'
import type { ToolNames } from '../../tools/names.ts'
import { asFields } from '../fields.ts'
import { functionNames } from './tools.ts'

/** A part of a message, in the words of the Gemini API, which Qwen Code speaks to itself. */
export type Part = { [field: string]: unknown }
export type Entry = { type: 'user' | 'assistant' | 'tool_result'; parts: Part[] }

/** Said where the caller ends with an answer of the model: there would be nothing to answer. */
const CONTINUE = 'Continue.'

/** What Qwen Code takes for a message of its own, and would not answer, when a user's message is nothing else. */
const OWN_MARKS = ['<system-reminder>', '<task-notification>']

type Calls = {
  toCli(name: string): string
  /** The last call with each of the caller's ids, as Qwen Code knows it. */
  made: Map<string, { id: string; name: string }>
  /** The ids that are taken. */
  ids: Set<string>
}

export type Conversation = { system: string; entries: readonly Entry[] }

/**
 * Translates a conversation; its last entry is the user's or a tool's. The same beginning gives the same entries, whatever comes
 * behind it, so that the provider's prompt cache finds it again.
 * @throws GatewayError `invalid_request` for media that were not fetched
 */
export function toConversation(
  system: readonly TextPart[],
  messages: readonly Message[],
  toolNames: Pick<ToolNames, 'toCli'> = functionNames([]),
): Conversation {
  const calls: Calls = { toCli: toolNames.toCli, made: new Map(), ids: new Set() }
  const entries = messages.flatMap((message): Entry[] => {
    const entry = entryOf(message, calls)
    return entry.parts.length === 0 ? [] : [entry]
  })
  const systemText = system
    .map((part) => part.text)
    .filter(notBlank)
    .join('\n\n')
  // Instructions alone are what is to be answered.
  if (entries.length === 0) return { system: '', entries: [userText(systemText || CONTINUE)] }
  if (entries.at(-1)?.type === 'assistant') entries.push(userText(CONTINUE))
  return { system: systemText, entries }
}

export type ChatFile = { sessionId: string; cwd: string; version: string; now: Date; newUuid: () => string }

/** The lines of the file: each record names the one before it. */
export function chatRecords(entries: readonly Entry[], { sessionId, cwd, version, now, newUuid }: ChatFile): string {
  let parentUuid: string | null = null
  let lines = ''
  for (const { type, parts } of entries) {
    const uuid = newUuid()
    const timestamp = now.toISOString()
    const record = { uuid, parentUuid, sessionId, timestamp, cwd, version, type, message: messageOf({ type, parts }) }
    lines += `${JSON.stringify(record)}\n`
    parentUuid = uuid
  }
  return lines
}

/** As Qwen Code keeps it. */
export function messageOf({ type, parts }: Entry): object {
  return { role: type === 'assistant' ? 'model' : 'user', parts }
}

function entryOf(message: Message, calls: Calls): Entry {
  switch (message.role) {
    case 'user':
      return { type: 'user', parts: unmarked(message.content.flatMap(userPart)) }
    case 'assistant':
      return { type: 'assistant', parts: message.content.flatMap((part) => assistantPart(part, calls)) }
    case 'tool':
      return { type: 'tool_result', parts: message.content.flatMap((part) => resultParts(part, calls)) }
    case 'system':
      // It has one system prompt, at the beginning. This stands where the caller put it, with its name.
      return {
        type: 'user',
        parts: message.content.filter(notBlankPart).map(({ text }) => ({ text: `[System message]\n${text}` })),
      }
    default:
      return message satisfies never
  }
}

const notBlank = (text: string): boolean => /\S/.test(text)
const notBlankPart = (part: TextPart): boolean => notBlank(part.text)
export const userText = (text: string): Entry => ({ type: 'user', parts: [{ text }] })

function userPart(part: UserPart): Part[] {
  switch (part.type) {
    case 'text':
      return notBlank(part.text) ? [{ text: part.text }] : []
    case 'image':
    case 'document':
      return [mediaPart(part)]
    default:
      return part satisfies never
  }
}

function mediaPart({ source, path }: Exclude<UserPart, TextPart>): Part {
  if (source.kind === 'url')
    throw new GatewayError('invalid_request', 'Media have to be sent as data.', { param: path })
  const { mediaType, data } = source
  if (mediaType.startsWith('text/')) return { text: Buffer.from(data, 'base64').toString('utf8') }
  return { inlineData: { mimeType: mediaType, data } }
}

/** The line break in front is what tells it from Qwen Code's own. */
function unmarked(parts: Part[]): Part[] {
  const [first, ...rest] = parts
  if (!first || !parts.every(({ text }) => typeof text === 'string' && OWN_MARKS.some((mark) => text.startsWith(mark))))
    return parts
  return [{ text: `\n${String(first['text'])}` }, ...rest]
}

function assistantPart(part: AssistantPart, calls: Calls): Part[] {
  switch (part.type) {
    case 'text':
      return notBlank(part.text) ? [{ text: part.text }] : []
    case 'reasoning':
      return notBlank(part.text) ? [{ text: part.text, thought: true }] : []
    case 'tool-call': {
      const made = { id: freeId(part.id, calls.ids), name: calls.toCli(part.name) }
      calls.made.set(part.id, made)
      return [{ functionCall: { ...made, args: argumentsOf(part.arguments) } }]
    }
    default:
      return part satisfies never
  }
}

/** It takes a second call with the same id for a repetition, and leaves it out; some services count their calls from 0 each time. */
function freeId(id: string, taken: Set<string>): string {
  let free = id
  for (let number = 2; taken.has(free); number += 1) free = `${id}_${number}`
  taken.add(free)
  return free
}

/** It takes an object; what the model wrote may be broken. */
function argumentsOf(json: string): object {
  try {
    const value = asFields(JSON.parse(json))
    if (value) return value
  } catch {
    // Broken JSON is kept as it is, below.
  }
  return json.trim() === '' ? {} : { arguments: json }
}

function resultParts({ id, content, isError }: ToolResultPart, { made }: Calls): Part[] {
  const text = content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
  const media = content.flatMap((part) => (part.type === 'text' ? [] : [mediaPart(part)]))
  const call = made.get(id)
  // It would drop the result of a call that the conversation does not have.
  if (!call) return [{ text: `[Result of a tool]\n${text}` }, ...media]
  return [{ functionResponse: { ...call, response: isError ? { error: text } : { output: text } } }, ...media]
}
