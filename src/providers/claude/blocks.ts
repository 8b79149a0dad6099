// The caller's conversation as messages of the Anthropic API: content blocks, and user and assistant in turns.
import type { AssistantPart, Message, ReasoningPart, TextPart, ToolResultPart, UserPart } from '../../core/request.ts'
import type { ToolNames } from '../../tools/names.ts'
import { sealOf } from '../../tools/reasoning-seal.ts'

/** A content block of the Anthropic Messages API. */
export type Block = { type: string; [field: string]: unknown }
export type BlockMessage = { role: 'user' | 'assistant'; content: Block[] }

/** Said where the caller ends with an answer of the model: Claude has to be asked, and newer models continue nothing. */
const CONTINUE = 'Continue.'
/** Said where the caller begins with one: a conversation begins with the user. */
const BEGIN = '(The conversation begins with your message.)'

export type Conversation = {
  system: string
  /** Begins and ends with the user; no two neighbours have one role. */
  messages: BlockMessage[]
}

export type ConversationOptions = { reasoning: boolean; names: Pick<ToolNames, 'toCli'> }

/**
 * Translates a conversation. The same beginning gives the same messages, whatever comes behind it, so that the provider's
 * prompt cache finds it again. Reasoning goes back where the model signed it, and only with `reasoning`: one that does not
 * think now has no use for it. Functions are called by the names that Claude Code is told.
 */
export function toConversation(
  system: readonly TextPart[],
  messages: readonly Message[],
  options: ConversationOptions,
): Conversation {
  const translated: BlockMessage[] = []
  for (const message of messages) {
    const content = blocksOf(message, options)
    const role = message.role === 'assistant' ? 'assistant' : 'user'
    const last = translated.at(-1)
    if (content.length === 0) continue
    if (last?.role === role) last.content.push(...content)
    else translated.push({ role, content })
  }
  for (const message of translated) if (message.role === 'user') resultsFirst(message)
  const systemText = system
    .filter(notBlank)
    .map((part) => part.text)
    .join('\n\n')
  // Instructions alone are what is to be answered.
  if (translated.length === 0) return { system: '', messages: [userText(systemText || CONTINUE)] }
  if (translated[0]?.role === 'assistant') translated.unshift(userText(BEGIN))
  if (translated.at(-1)?.role === 'assistant') translated.push(userText(CONTINUE))
  return { system: systemText, messages: translated }
}

const text = (value: string): Block => ({ type: 'text', text: value })
const userText = (value: string): BlockMessage => ({ role: 'user', content: [text(value)] })

function blocksOf(message: Message, options: ConversationOptions): Block[] {
  switch (message.role) {
    case 'user':
      return message.content.flatMap(userBlocks)
    case 'assistant':
      return message.content.flatMap((part) => assistantBlocks(part, options))
    case 'tool':
      return message.content.map(resultBlock)
    case 'system':
      // Claude takes system messages at the beginning only. It stands where the caller put it, with its name.
      return message.content.filter(notBlank).map((part) => text(`[System message]\n${part.text}`))
    default:
      return message satisfies never
  }
}

/** The service refuses blank text blocks. */
const notBlank = (part: TextPart): boolean => /\S/.test(part.text)

function userBlocks(part: UserPart): Block[] {
  switch (part.type) {
    case 'text':
      return notBlank(part) ? [text(part.text)] : []
    case 'image':
      return [{ type: 'image', source: sourceOf(part.source) }]
    case 'document':
      return [{ type: 'document', source: sourceOf(part.source), ...(part.title ? { title: part.title } : {}) }]
    default:
      return part satisfies never
  }
}

type Source = Extract<UserPart, { type: 'image' }>['source']

function sourceOf(source: Source): object {
  if (source.kind === 'url') return { type: 'url', url: source.url }
  if (source.mediaType.startsWith('text/')) {
    const data = new TextDecoder().decode(Buffer.from(source.data, 'base64'))
    return { type: 'text', media_type: 'text/plain', data }
  }
  return { type: 'base64', media_type: source.mediaType, data: source.data }
}

function assistantBlocks(part: AssistantPart, { reasoning, names }: ConversationOptions): Block[] {
  switch (part.type) {
    case 'text':
      return notBlank(part) ? [text(part.text)] : []
    case 'reasoning':
      if (!reasoning) return []
      return sealedThinking(part)
    case 'tool-call':
      return [{ type: 'tool_use', id: callId(part.id), name: names.toCli(part.name), input: inputOf(part.arguments) }]
    default:
      return part satisfies never
  }
}

/** The API takes letters, digits, `_` and `-`; other models' ids may be anything. The same id is always mapped to the same. */
function callId(id: string): string {
  if (/^[\w-]+$/.test(id)) return id
  return `call_${new Bun.CryptoHasher('sha256').update(id).digest('hex').slice(0, 24)}`
}

/** Only what Anthropic sealed: its service refuses the rest. It is passed on unmarked, as clients of its own API know it. */
function sealedThinking({ text, signature, encrypted }: ReasoningPart): Block[] {
  const [data, sign] = [encrypted, signature].map((opaque) => sealOf('claude', opaque, () => true))
  if (data !== undefined) return [{ type: 'redacted_thinking', data }]
  return sign === undefined ? [] : [{ type: 'thinking', thinking: text, signature: sign }]
}

/** The API takes an object; what the model wrote may be broken. */
function inputOf(json: string): object {
  try {
    const value: unknown = JSON.parse(json)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {
    // Broken JSON is kept as it is, below.
  }
  return json.trim() === '' ? {} : { arguments: json }
}

function resultBlock(part: ToolResultPart): Block {
  const content = part.content.flatMap(userBlocks)
  // The service refuses an error without words.
  if (part.isError && content.length === 0) content.push(text('Error.'))
  return {
    type: 'tool_result',
    tool_use_id: callId(part.id),
    ...(content.length > 0 ? { content } : {}),
    ...(part.isError ? { is_error: true } : {}),
  }
}

/** The service wants the results of tools before anything else that the user says. */
function resultsFirst(message: BlockMessage): void {
  const isResult = (block: Block) => block.type === 'tool_result'
  const results = message.content.filter(isResult)
  if (results.length === 0) return
  message.content = [...results, ...message.content.filter((block) => !isResult(block))]
}
