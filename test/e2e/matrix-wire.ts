// What a request to a model service says, out of each service's own format. What a CLI always adds of its own is left out by its
// exact beginning, so that anything else it adds is seen.
import { expect } from 'bun:test'
import type { RecordedRequest } from '../upstream/recorded-request.ts'
import type { Provider } from './all-providers.ts'

export type Part = string | { image: string }
/** One message: who speaks, and texts and images (in base64) in their order. */
export type Spoken = { role: string; parts: Part[] }
type Said = { system: string[]; messages: Spoken[] }

type TextBlock = { type: string; text: string }
type AnthropicBlock = { type: string; text?: string; source?: { data: string } }
type AnthropicBody = { system?: TextBlock[]; messages: { role: string; content: string | AnthropicBlock[] }[] }
type ResponsesBody = {
  instructions?: string
  input: { type: string; role: string; content: { text?: string; image_url?: string }[] }[]
}
type GeminiPart = { text?: string; inlineData?: { data: string } }
type GeminiBody = { contents: { role: string; parts: GeminiPart[] }[]; systemInstruction?: { parts: GeminiPart[] } }
type ChatPart = { type: string; text?: string; image_url?: { url: string } }
type ChatBody = { messages: { role: string; content: string | ChatPart[] }[] }

const OF_CLAUDE_CODE = ['x-anthropic-billing-header:', "You are a Claude agent, built on Anthropic's Claude Agent SDK."]
const OF_QWEN_CODE = '<system-reminder>\nNo skills are currently available.'
/** Stands where Gemini CLI wants any text at all. */
const NOTHING = '\u200b'

/** That the model was told this, and nothing else. */
export function expectSaid(
  provider: Exclude<Provider, 'demo'>,
  turn: RecordedRequest,
  { system, messages }: Said,
): void {
  if (provider !== 'helper') return expect(saidIn(provider, turn)).toEqual({ system, messages })
  const parts = transcriptOf(turn)
  const images = (some: Part[]) => some.filter((part) => typeof part !== 'string')
  expect(images(parts)).toEqual(messages.flatMap((message) => images(message.parts)))
  let transcript = parts.map((part) => (typeof part === 'string' ? part : `\n(image)\n`)).join('')
  const next = (words: string) => {
    expect(transcript).toContain(words)
    transcript = transcript.slice(transcript.indexOf(words) + words.length)
  }
  system.forEach(next)
  for (const [position, { role, parts: said }] of messages.entries()) {
    const words = said.map((part) => (typeof part === 'string' ? part : '(image)')).join('\n')
    next(position < messages.length - 1 ? `<${role}>\n${words}\n</${role}>` : words)
  }
  expect(transcript).toBe('')
}

/** What one request asks of the model. Not for `helper`, whose format has no roles: see `transcriptOf`. */
function saidIn(provider: Exclude<Provider, 'helper' | 'demo'>, { json }: RecordedRequest): Said {
  switch (provider) {
    case 'claude':
      return inMessages(json as AnthropicBody)
    case 'codex':
      return inResponses(json as ResponsesBody)
    case 'gemini':
      return inGemini(json as GeminiBody)
    case 'qwen':
      return inChat(json as ChatBody)
    default:
      return provider satisfies never
  }
}

function inMessages({ system = [], messages }: AnthropicBody): Said {
  const parts = (content: string | AnthropicBlock[]) =>
    typeof content === 'string'
      ? [content]
      : content.map(({ type, text, source }) => (type === 'image' && source ? { image: source.data } : (text ?? type)))
  return {
    system: system.map(({ text }) => text).filter((text) => !OF_CLAUDE_CODE.some((own) => text.startsWith(own))),
    messages: messages.map(({ role, content }) => ({ role, parts: parts(content) })),
  }
}

function inResponses({ instructions, input }: ResponsesBody): Said {
  const spoken = input.map(({ type, role, content }) => ({
    role: role ?? type,
    parts: content.map(({ text, image_url }): Part => text ?? { image: dataIn(image_url) }),
  }))
  const developer = spoken.filter(({ role }) => role === 'developer')
  return {
    system: [...(instructions ? [instructions] : []), ...developer.flatMap(({ parts }) => parts.map(String))],
    messages: spoken.filter(({ role }) => role !== 'developer'),
  }
}

function inGemini({ contents, systemInstruction }: GeminiBody): Said {
  return {
    system: (systemInstruction?.parts ?? []).map(({ text = '' }) => text).filter((text) => text !== NOTHING),
    messages: contents.map(({ role, parts }) => ({
      role: role === 'model' ? 'assistant' : role,
      parts: parts.map(geminiPart),
    })),
  }
}

function geminiPart({ text, inlineData }: GeminiPart): Part {
  return text ?? { image: inlineData?.data ?? '' }
}

function inChat({ messages }: ChatBody): Said {
  const spoken = messages.map(({ role, content }) => ({
    role,
    parts: (typeof content === 'string' ? [content] : content.map((part) => part.text ?? imageIn(part))).filter(
      (part) => typeof part !== 'string' || !part.startsWith(OF_QWEN_CODE),
    ),
  }))
  return {
    system: spoken.filter(({ role }) => role === 'system').flatMap(({ parts }) => parts.map(String)),
    messages: spoken.filter(({ role }) => role !== 'system'),
  }
}

const imageIn = ({ image_url }: ChatPart): Part => ({ image: dataIn(image_url?.url) })

function dataIn(url = ''): string {
  return url.slice(url.indexOf(',') + 1)
}

/** What an agent that knows no roles is told: one message of the user, whose first part here is the agent's own. */
function transcriptOf({ json }: RecordedRequest): Part[] {
  const { contents } = json as GeminiBody
  const [own, ...parts] = contents.flatMap((content) => content.parts)
  if (contents.length !== 1 || !own?.text?.startsWith('<session_context>')) throw new Error('not one message')
  return parts.map(geminiPart)
}
