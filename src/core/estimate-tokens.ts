// How many tokens a prompt or a text has, roughly: for when no provider can be asked.
import type { ChatRequest, DocumentPart, Message } from './request.ts'

/** English and code have 3.5 to 4. Too high a count is better than a prompt that does not fit. */
const ASCII_PER_TOKEN = 3.6
/** Of all other text: about one token for each Chinese character or two Cyrillic letters. */
const BYTES_PER_TOKEN = 2.5
/** Roles and the marks between messages. */
const EACH_MESSAGE = 4
/** What a model is told about tools before the tools themselves. */
const ANY_TOOLS = 340
/** Anthropic scales images down to about so many. */
const EACH_IMAGE = 1600
/** Of a PDF with its pages as images; one of unknown size is taken for three pages. */
const PDF_BYTES_PER_TOKEN = 25
const LEAST_DOCUMENT = 1500
const UNKNOWN_DOCUMENT = 7500

/** Tokens of the prompt that `request` is, by the lengths of its parts. No tokeniser is asked, so a provider counts some tenths more or less. */
export function estimateTokens({ system, messages, tools, output }: ChatRequest): number {
  let tokens = 0
  for (const part of system) tokens += ofText(part.text)
  for (const message of messages) tokens += EACH_MESSAGE + ofParts(message.content)
  if (tools.length > 0) tokens += ANY_TOOLS
  for (const tool of tools)
    tokens += ofText(tool.name) + ofText(tool.description) + ofText(JSON.stringify(tool.parameters))
  if (output.type === 'json-schema') tokens += ofText(JSON.stringify(output.schema))
  return Math.max(1, Math.ceil(tokens))
}

type Part = Message['content'][number]

function ofParts(parts: readonly Part[]): number {
  let tokens = 0
  for (const part of parts) {
    switch (part.type) {
      case 'text':
      case 'reasoning':
        tokens += ofText(part.text)
        break
      case 'tool-call':
        tokens += EACH_MESSAGE + ofText(part.name) + ofText(part.arguments)
        break
      case 'tool-result':
        tokens += EACH_MESSAGE + ofParts(part.content)
        break
      case 'image':
        tokens += EACH_IMAGE
        break
      case 'document':
        tokens += ofDocument(part)
        break
      default:
        part satisfies never
    }
  }
  return tokens
}

function ofDocument({ source }: DocumentPart): number {
  if (source.kind === 'url') return UNKNOWN_DOCUMENT
  if (source.mediaType.startsWith('text/')) return ofText(Buffer.from(source.data, 'base64').toString())
  return Math.max(LEAST_DOCUMENT, (source.data.length * 3) / 4 / PDF_BYTES_PER_TOKEN)
}

function ofText(text: string): number {
  const bytes = Buffer.byteLength(text)
  // Most texts are ASCII altogether.
  if (bytes === text.length) return tokensOfLength({ ascii: bytes, other: 0 })
  let ascii = 0
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) < 0x80) ascii += 1
  return tokensOfLength({ ascii, other: bytes - ascii })
}

/** Tokens of a text by its length: `ascii` characters, and bytes of all `other` ones in UTF-8. Not rounded. */
export function tokensOfLength({ ascii, other }: { ascii: number; other: number }): number {
  return ascii / ASCII_PER_TOKEN + other / BYTES_PER_TOKEN
}
