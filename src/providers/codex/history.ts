// A conversation as items of the Responses API, which Codex passes on as they are (0.169.0).
import { sealOf } from '../../tools/reasoning-seal.ts'
import { GatewayError } from '../../core/error.ts'
import type {
  AssistantPart,
  ChatRequest,
  DocumentPart,
  ImagePart,
  Message,
  TextPart,
  ToolResultPart,
} from '../../core/request.ts'

/** An item for `thread/inject_items`. */
export type Item = Readonly<Record<string, unknown>> & { type: string }

type Content = { type: 'input_text' | 'output_text'; text: string } | { type: 'input_image'; image_url: string }

/** What Codex itself would put in front of a conversation. */
export function promptItems(prompt: string | undefined): Item[] {
  return prompt === undefined ? [] : message('developer', [{ type: 'input_text', text: prompt }])
}

/** Tokens that the items come to, by their texts; images are not counted. */
export function estimateItems(items: readonly Item[]): number {
  const text = JSON.stringify(items, (key, value: unknown) => (key === 'image_url' ? undefined : value))
  return Math.ceil(text.length / 4)
}

/**
 * The whole conversation, in order. `toCli` gives the name that a function has for Codex.
 * @throws GatewayError `invalid_request` for documents that Codex does not take, and for calls and results that do not belong
 * together, which Codex would repair without a word
 */
export function toItems(request: Pick<ChatRequest, 'system' | 'messages'>, toCli: (name: string) => string): Item[] {
  const calls = new CallLedger(toCli)
  const items = [
    ...message('developer', request.system.flatMap(textContent)),
    ...request.messages.flatMap((each) => messageItems(each, calls)),
  ]
  calls.close()
  return items
}

function messageItems(each: Message, calls: CallLedger): Item[] {
  switch (each.role) {
    case 'system':
      // An item with the role "system" is dropped (0.169.0).
      return message('developer', each.content.flatMap(textContent))
    case 'user':
      return message('user', each.content.flatMap(inputContent))
    case 'assistant':
      return each.content.flatMap((part) => assistantItems(part, calls))
    case 'tool':
      return each.content.map((result) => {
        calls.answer(result.id)
        return { type: 'function_call_output', call_id: result.id, output: outputOf(result) }
      })
    default:
      return each satisfies never
  }
}

function message(role: 'developer' | 'user' | 'assistant', content: Content[]): Item[] {
  return content.length === 0 ? [] : [{ type: 'message', role, content }]
}

/** What OpenAI seals is a Fernet token, whose first byte is its version (0x80) and whose next are the upper ones of a time. */
const isOpenAiSeal = (opaque: string): boolean => opaque.startsWith('gAAAA')

function assistantItems(part: AssistantPart, calls: CallLedger): Item[] {
  switch (part.type) {
    case 'text':
      return part.text === '' ? [] : message('assistant', [{ type: 'output_text', text: part.text }])
    case 'tool-call':
      calls.open(part.id)
      return [{ type: 'function_call', name: calls.toCli(part.name), arguments: part.arguments, call_id: part.id }]
    case 'reasoning': {
      // Without what the provider sealed, it is only somebody's words.
      const sealed = sealOf('codex', part.encrypted, isOpenAiSeal)
      if (sealed === undefined) return []
      const summary = part.text === '' ? [] : [{ type: 'summary_text', text: part.text }]
      return [{ type: 'reasoning', summary, encrypted_content: sealed }]
    }
    default:
      return part satisfies never
  }
}

function textContent({ text }: TextPart): Content[] {
  return text === '' ? [] : [{ type: 'input_text', text }]
}

function inputContent(part: TextPart | ImagePart | DocumentPart): Content[] {
  switch (part.type) {
    case 'text':
      return textContent(part)
    case 'image':
      if (part.source.kind === 'url') throw unresolved(part)
      return [{ type: 'input_image', image_url: `data:${part.source.mediaType};base64,${part.source.data}` }]
    case 'document':
      return documentContent(part)
    default:
      return part satisfies never
  }
}

function documentContent(part: DocumentPart): Content[] {
  if (part.source.kind === 'url') throw unresolved(part)
  const { mediaType, data } = part.source
  if (!/^text\/|^application\/json\b/.test(mediaType)) {
    const message = `Codex takes no documents of type ${mediaType}: send the text, or an image of each page.`
    throw new GatewayError('invalid_request', message, { param: part.path })
  }
  const text = Buffer.from(data, 'base64').toString('utf8')
  return textContent({ type: 'text', text: part.title === undefined ? text : `${part.title}\n\n${text}` })
}

function unresolved(part: ImagePart | DocumentPart): GatewayError {
  return new GatewayError('internal_error', 'An image or document has not been fetched.', { param: part.path })
}

/** One text stays a string, as callers send it. That it is about an error, only a text can say. */
function outputOf({ content: parts, isError }: ToolResultPart): string | Content[] {
  const content = parts.flatMap(inputContent)
  const [first] = content
  const text = first && 'text' in first ? first.text : ''
  const mark = isError && !/error|fail|exception/i.test(text.slice(0, 200)) ? 'Error' : ''
  if (content.length > 1 || (first && !('text' in first))) {
    return mark === '' ? content : [{ type: 'input_text', text: mark }, ...content]
  }
  return [mark, text].filter((each) => each !== '').join(': ')
}

/** Which calls wait for their results. */
class CallLedger {
  private readonly waiting = new Set<string>()

  constructor(readonly toCli: (name: string) => string) {}

  open(id: string): void {
    this.waiting.add(id)
  }

  answer(id: string): void {
    if (!this.waiting.delete(id)) throw invalid(`The result of the tool call "${id}" follows no such call.`)
  }

  close(): void {
    const [missing] = this.waiting
    if (missing !== undefined) throw invalid(`The tool call "${missing}" has no result.`)
  }
}

function invalid(text: string): GatewayError {
  return new GatewayError('invalid_request', text, { param: 'messages' })
}
