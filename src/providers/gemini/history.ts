// The caller's conversation as Gemini CLI keeps one on disk (0.61.0): the CLI loads it and sends exactly that.
import type { AssistantPart, ChatRequest, MediaSource, Message, ToolResultPart, UserPart } from '../../core/request.ts'
import { GatewayError } from '../../core/error.ts'
import type { ToolNames } from '../../tools/names.ts'
import { readSignature, toolNames } from './tools.ts'

/** A part of the Gemini API. */
export type Part = Record<string, unknown>
export type Content = { type: 'user' | 'gemini'; content: Part[] }

export type Conversation = {
  /** What stands in the system file; never empty. */
  system: string
  /** Begins and ends with the user. The CLI joins neighbours of one type. */
  records: Content[]
}

/** Invisible. Keeps the CLI from reading a text as its own, and stands where it wants any text at all. */
const MARK = '\u200b'
/** Said where the caller ends with an answer of the model, and where there is nothing else to answer. */
const CONTINUE = 'Continue.'
/** Said where the caller begins with one: a conversation begins with the user. */
const BEGIN = '(The conversation begins with your message.)'

export type Wording = {
  /** The model's names for functions. */
  names: ToolNames
  /** Whether the model takes media within the result of a call, and not only beside it. */
  mediaInside: boolean
}

/** The same beginning gives the same records, whatever comes behind it, so that the service's cache finds it again. */
export function toConversation(
  { system, messages }: Pick<ChatRequest, 'system' | 'messages'>,
  { names, mediaInside }: Wording = { names: toolNames([]), mediaInside: false },
): Conversation {
  const words: Words = { names, mediaInside, calls: namesOfCalls(messages) }
  const records: Content[] = []
  for (const message of messages) {
    const type = message.role === 'assistant' ? 'gemini' : 'user'
    const content = partsOf(message, words)
    const last = records.at(-1)
    if (content.length === 0) continue
    if (last?.type === type) last.content.push(...content)
    else records.push({ type, content })
  }
  const text = system
    .map((part) => part.text)
    .filter((part) => /\S/.test(part))
    .join('\n\n')
  // Instructions alone are what is to be answered.
  if (records.length === 0) return { system: MARK, records: [userText(text || CONTINUE)].map(sheltered) }
  if (records[0]?.type === 'gemini') records.unshift(userText(BEGIN))
  if (records.at(-1)?.type === 'gemini') records.push(userText(CONTINUE))
  return { system: systemText(text), records: records.flatMap(answerable).map(sheltered) }
}

/**
 * Results of calls in a record of their own, and behind them something to be answered: else the CLI takes the turn for one that was
 * interrupted, and says so to the model (0.61.0). It sends both as one message. The same where they are not the last: they were, a turn before.
 */
function answerable(record: Content): Content[] {
  const last = record.content.findLastIndex((part) => 'functionResponse' in part)
  if (last === -1) return [record]
  const text = record.content.findIndex((part, position) => position > last && 'text' in part)
  const end = text === -1 ? record.content.length : text
  const rest = text === -1 ? [{ text: MARK }] : record.content.slice(end)
  return [
    { type: 'user', content: record.content.slice(0, end) },
    { type: 'user', content: rest },
  ]
}

const userText = (text: string): Content => ({ type: 'user', content: [{ text }] })

/** The CLI would replace these by lists of its tools and skills. */
const PLACEHOLDER = /\$(?=\{(?:AgentSkills|SubAgents|AvailableTools|\w+_ToolName)\})/g

function systemText(text: string): string {
  return text === '' ? MARK : text.replace(PLACEHOLDER, `$${MARK}`)
}

/** The CLI drops messages of the user that look like its commands or its own words, and empty ones. */
function sheltered(record: Content): Content {
  if (record.type !== 'user') return record
  const text = record.content.map((part) => (typeof part['text'] === 'string' ? part['text'] : '[media]')).join('')
  if (!/^(?:[/?]|<session_context>|<hook_context>|$)/.test(text.trim())) return record
  return { type: 'user', content: [{ text: MARK }, ...record.content] }
}

type Words = Wording & {
  /** The function of each call, by the call's id: results name both. */ calls: ReadonlyMap<string, string>
}

function partsOf(message: Message, words: Words): Part[] {
  switch (message.role) {
    case 'user':
      return message.content.flatMap(userParts)
    case 'assistant':
      return assistantParts(message.content, words)
    case 'tool':
      return message.content.flatMap((part) => resultParts(part, words))
    case 'system':
      // Gemini takes instructions at the beginning only. It stands where the caller put it, with its name.
      return message.content.flatMap(({ text }) => textParts(text === '' ? '' : `[System message]\n${text}`))
    default:
      return message satisfies never
  }
}

const textParts = (text: string): Part[] => (text === '' ? [] : [{ text }])

function userParts(part: UserPart): Part[] {
  switch (part.type) {
    case 'text':
      return textParts(part.text)
    case 'image':
    case 'document':
      return [inlineData(part.source)]
    default:
      return part satisfies never
  }
}

function inlineData(source: MediaSource): Part {
  // The gateway has fetched what it could.
  if (source.kind === 'url') throw new GatewayError('unsupported_media_type', 'Gemini CLI takes no media by its URL.')
  return { inlineData: { mimeType: source.mediaType, data: source.data } }
}

function assistantParts(content: readonly AssistantPart[], { names }: Words): Part[] {
  const parts: Part[] = []
  let thoughtSignature: string | undefined
  for (const part of content) {
    switch (part.type) {
      case 'text':
        parts.push(...textParts(part.text))
        break
      case 'tool-call': {
        const functionCall = { id: part.id, name: names.toCli(part.name), args: argumentsOf(part.arguments) }
        parts.push({ functionCall, ...(thoughtSignature === undefined ? {} : { thoughtSignature }) })
        thoughtSignature = undefined
        break
      }
      case 'reasoning':
        // The CLI sends no thoughts of earlier turns; the service wants back what it signed a call with.
        thoughtSignature = readSignature(part) ?? thoughtSignature
        break
      default:
        part satisfies never
    }
  }
  return parts
}

/** A shorter one gains nothing by what follows (0.61.0). */
const MASKED_FROM = 500
/**
 * The CLI shortens the older ones among large results, but not what it takes for shortened already, which it knows by this word
 * anywhere in the response (0.61.0, ToolOutputMaskingService). It is the same in every turn.
 */
const NOT_MASKED = { '<tool_output_masked>': false }

function resultParts({ id, content, isError }: ToolResultPart, { names, calls, mediaInside }: Words): Part[] {
  const text = content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
  const media = content.flatMap((part) => (part.type === 'text' ? [] : [inlineData(part.source)]))
  const response = { [isError ? 'error' : 'output']: text, ...(text.length > MASKED_FROM ? NOT_MASKED : {}) }
  const name = names.toCli(calls.get(id) ?? 'unknown')
  if (mediaInside && media.length > 0) return [{ functionResponse: { id, name, response, parts: media } }]
  return [{ functionResponse: { id, name, response } }, ...media]
}

function namesOfCalls(messages: readonly Message[]): Map<string, string> {
  const calls = messages.flatMap((message) => (message.role === 'assistant' ? message.content : []))
  return new Map(calls.flatMap((part) => (part.type === 'tool-call' ? [[part.id, part.name]] : [])))
}

function argumentsOf(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return { arguments: json }
  }
}

/** Tells the CLI that it has described the machine already: it would do so in front of the first message. */
const FIRST_ID = new Bun.CryptoHasher('sha256').update('environment-context').digest('hex').slice(0, 32)

/** The conversation as the lines of a session file. `now` in milliseconds since 1970. */
export function sessionFile(sessionId: string, records: readonly Content[], now: number): string {
  const timestamp = new Date(now).toISOString()
  const head = { sessionId, projectHash: 'x', startTime: timestamp, lastUpdated: timestamp, kind: 'main' }
  const lines = records.map((record, position) => ({
    id: position === 0 ? FIRST_ID : `${sessionId}-${position}`,
    timestamp,
    ...record,
  }))
  return [head, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('')
}
