// The conversation of a request, as neutral messages.
import type { Message, TextPart } from '../../core/request.ts'
import { invalid, refuse } from '../refuse.ts'
import { isVoid, report, reportStray } from '../stray-fields.ts'
import { Calls } from './calls.ts'
import { decodeModelParts } from './decode-model.ts'
import { decodeUserParts } from './decode-user.ts'
import { type Content, GeminiContent, GeminiPart, type Part } from './schema-contents.ts'
import type { GenerateContentRequest } from './schema.ts'

/** A part, and where it stands. */
export type PlacedPart = { part: Part; path: string }

/** Fields that make a part one of a kind. */
const KINDS = ['text', 'inlineData', 'fileData', 'functionCall', 'functionResponse'] as const
/** What Google's own tools leave in a conversation. */
const LEFT_BY_TOOLS = ['executableCode', 'codeExecutionResult', 'toolCall', 'toolResponse'] as const
const NOT_HONOURED = ['videoMetadata', 'mediaResolution', 'partMetadata'] as const

/**
 * Contents of the model in a row are one answer, whose pieces come from a stream. Results of functions, which a user's content
 * carries here, become messages of role `tool`, in their order with what else the user says.
 * @param unsupported receives the paths of fields that are not honoured
 * @throws GatewayError `invalid_request` or `unsupported_parameter` with `param`
 */
export function decodeContents(contents: readonly Content[], unsupported: string[]): Message[] {
  const calls = new Calls()
  const messages: Message[] = []
  let answer: PlacedPart[] = []
  const endAnswer = () => {
    const content = decodeModelParts(answer, calls, unsupported)
    answer = []
    if (content.length > 0) messages.push({ role: 'assistant', content })
  }
  contents.forEach((content, index) => {
    const path = `contents[${index}]`
    reportStray(content, GeminiContent.entries, path, unsupported)
    const parts = placedParts(content.parts ?? [], `${path}.parts`, unsupported)
    if (content.role === 'model') return void answer.push(...parts)
    endAnswer()
    messages.push(...decodeUserParts(parts, calls, unsupported))
  })
  endAnswer()
  // An answer begun by the caller. CLIs take no such beginning: the model is asked to go on instead.
  if (messages.at(-1)?.role === 'assistant') report(`contents[${contents.length - 1}]`, unsupported)
  return messages
}

export function decodeSystem(
  instruction: GenerateContentRequest['systemInstruction'],
  unsupported: string[],
): TextPart[] {
  if (isVoid(instruction) || !instruction) return []
  if (typeof instruction === 'string') return [{ type: 'text', text: instruction }]
  reportStray(instruction, GeminiContent.entries, 'systemInstruction', unsupported)
  const parts = placedParts(instruction.parts ?? [], 'systemInstruction.parts', unsupported)
  return parts.flatMap(({ part, path }) => {
    if (typeof part.text !== 'string') return refuse(path, `${path} must be a text: instructions are texts only.`)
    return part.text === '' ? [] : [{ type: 'text', text: part.text }]
  })
}

/** The parts that say something that can be honoured. */
function placedParts(parts: readonly Part[], path: string, unsupported: string[]): PlacedPart[] {
  return parts.flatMap((part, index) => {
    const partPath = `${path}[${index}]`
    reportStray(part, GeminiPart.entries, partPath, unsupported)
    for (const field of NOT_HONOURED) if (!isVoid(part[field])) report(`${partPath}.${field}`, unsupported)
    const kinds = KINDS.filter((kind) => !isVoid(part[kind]))
    if (kinds.length > 1) invalid(partPath, `${partPath} must have only one of ${kinds.join(' and ')}.`)
    const left = LEFT_BY_TOOLS.filter((field) => !isVoid(part[field]))
    for (const field of left) report(`${partPath}.${field}`, unsupported)
    if (kinds.length === 0 && isVoid(part.thoughtSignature)) {
      if (left.length === 0) invalid(partPath, `${partPath} must have one of ${KINDS.join(', ')}.`)
      return []
    }
    return [{ part, path: partPath }]
  })
}
