// A conversation as one prompt: the protocol has no place for a system prompt or for what has been said before.
import { GatewayError } from '../../core/error.ts'
import type {
  ChatRequest,
  DocumentPart,
  ImagePart,
  Message,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from '../../core/request.ts'
import type { ToolNames } from '../../tools/names.ts'
import type { ContentBlock, InitializeResponse } from '../acp-types.ts'

/** What the agent takes beside text. */
export type Abilities = { image: boolean; documents: boolean }

export function abilitiesOf({ agentCapabilities }: InitializeResponse): Abilities {
  const prompt = agentCapabilities?.promptCapabilities
  return { image: prompt?.image === true, documents: prompt?.embeddedContext === true }
}

type Request = Pick<ChatRequest, 'system' | 'messages'>
/** The names of functions in the conversation, as the agent knows them. */
type Names = Pick<ToolNames, 'toCli'>

/**
 * Instructions and earlier messages become text with labels, the last message of the user follows as it is. Images stay where
 * they are. Where functions are offered (`names`), all messages have labels: the same beginning is the same text from round to round.
 * @throws GatewayError `invalid_request` for media that the agent does not take
 */
export function toPrompt({ system, messages }: Request, abilities: Abilities, names?: Names): ContentBlock[] {
  const instructions = system
    .map(({ text }) => text)
    .filter((text) => /\S/.test(text))
    .join('\n\n')
  const earlier = messages.slice(0, -1)
  const last = messages.at(-1)
  const asks = last?.role === 'user' && names === undefined
  const blocks: ContentBlock[] = []
  if (instructions !== '') blocks.push(text(`<instructions>\n${instructions}\n</instructions>`))
  const spoken = asks ? earlier : messages
  if (spoken.length > 0) {
    blocks.push(text('<conversation>'))
    for (const message of spoken) blocks.push(...labelled(message, abilities, names))
    blocks.push(text('</conversation>'))
  }
  if (blocks.length > 0) blocks.push(text(asks ? 'Answer this message of the user:' : TO_DO[last?.role ?? 'user']))
  if (asks) blocks.push(...last.content.flatMap((part) => partBlocks(part, abilities)))
  return sheltered(joined(blocks))
}

const TO_DO: Record<Message['role'], string> = {
  user: 'Answer the last message of the user.',
  tool: 'Go on with the results of the calls.',
  assistant: 'Continue.',
  system: 'Continue.',
}

const text = (value: string): ContentBlock => ({ type: 'text', text: value })

function labelled(message: Message, abilities: Abilities, names: Names | undefined): ContentBlock[] {
  return [text(`<${message.role}>`), ...contentBlocks(message, abilities, names), text(`</${message.role}>`)]
}

function contentBlocks(message: Message, abilities: Abilities, names: Names | undefined): ContentBlock[] {
  switch (message.role) {
    case 'user':
    case 'system':
      return message.content.flatMap((part) => partBlocks(part, abilities))
    case 'assistant':
      return message.content.flatMap((part): ContentBlock[] => {
        switch (part.type) {
          case 'text':
            return [text(part.text)]
          case 'tool-call':
            return [text(callText(part, names))]
          case 'reasoning':
            return []
          default:
            return part satisfies never
        }
      })
    case 'tool':
      return message.content.flatMap((part) => resultBlocks(part, abilities))
    default:
      return message satisfies never
  }
}

function callText({ id, name, arguments: args }: ToolCallPart, names: Names | undefined): string {
  const called = names?.toCli(name) ?? name
  return `<tool_call id=${JSON.stringify(id)} name=${JSON.stringify(called)}>${args}</tool_call>`
}

function resultBlocks({ id, content, isError }: ToolResultPart, abilities: Abilities): ContentBlock[] {
  const label = isError ? 'tool_error' : 'tool_result'
  return [
    text(`<${label} id=${JSON.stringify(id)}>`),
    ...content.flatMap((part) => partBlocks(part, abilities)),
    text(`</${label}>`),
  ]
}

function partBlocks(part: TextPart | ImagePart | DocumentPart, abilities: Abilities): ContentBlock[] {
  if (part.type === 'text') return [text(part.text)]
  const { source, path } = part
  const refuse = (what: string) => new GatewayError('invalid_request', `This agent takes no ${what}.`, { param: path })
  if (source.kind === 'url') throw refuse('media by their URL')
  const { mediaType: mimeType, data } = source
  if (part.type === 'image') {
    if (!abilities.image) throw refuse('images')
    return [{ type: 'image', mimeType, data }]
  }
  if (mimeType.startsWith('text/')) return [text(new TextDecoder().decode(Buffer.from(data, 'base64')))]
  if (!abilities.documents) throw refuse('documents')
  const uri = `file:///${encodeURIComponent(part.title ?? 'document')}`
  return [{ type: 'resource', resource: { uri, mimeType, blob: data } }]
}

function joined(blocks: readonly ContentBlock[]): ContentBlock[] {
  const all: ContentBlock[] = []
  for (const block of blocks) {
    const last = all.at(-1)
    if (block.type === 'text' && last?.type === 'text') all[all.length - 1] = text(`${last.text}\n${block.text}`)
    else all.push(block)
  }
  return all
}

/** A text that begins like this would be taken for a command of the agent. */
function sheltered(blocks: ContentBlock[]): ContentBlock[] {
  const [first, ...rest] = blocks
  if (first === undefined) return [text('Continue.')]
  if (first.type !== 'text' || !/^\s*[/$@!#?]/.test(first.text)) return blocks
  return [text(`The message of the user:\n${first.text}`), ...rest]
}
