// What the user says, and what functions gave, as neutral messages.
import type { Message, ToolResultPart, UserPart } from '../../core/request.ts'
import { invalid } from '../refuse.ts'
import { isVoid, report, reportStray } from '../stray-fields.ts'
import type { Calls } from './calls.ts'
import type { PlacedPart } from './decode-contents.ts'
import { decodeMedia } from './decode-media.ts'
import { type FunctionResponse, GeminiFunctionResponse } from './schema-contents.ts'

export function decodeUserParts(parts: readonly PlacedPart[], calls: Calls, unsupported: string[]): Message[] {
  const messages: Message[] = []
  for (const { part, path } of parts) {
    const open = messages.at(-1)
    if (part.functionCall) invalid(`${path}.functionCall`, `${path}.functionCall must stand in a content of the model.`)
    if (part.functionResponse) {
      const result = decodeResult(part.functionResponse, `${path}.functionResponse`, calls, unsupported)
      if (open?.role === 'tool') open.content.push(result)
      else messages.push({ role: 'tool', content: [result] })
      continue
    }
    const media = decodeMedia(part, path, unsupported)
    const said: UserPart | undefined = media ?? (part.text ? { type: 'text', text: part.text } : undefined)
    if (!said) continue
    if (open?.role === 'user') open.content.push(said)
    else messages.push({ role: 'user', content: [said] })
  }
  // Said nothing, but it was the user's turn.
  return messages.length === 0 ? [{ role: 'user', content: [] }] : messages
}

function decodeResult(result: FunctionResponse, path: string, calls: Calls, unsupported: string[]): ToolResultPart {
  reportStray(result, GeminiFunctionResponse.entries, path, unsupported)
  for (const field of ['willContinue', 'scheduling'] as const)
    if (!isVoid(result[field])) report(`${path}.${field}`, unsupported)
  const { text, isError } = readResponse(result.response ?? {})
  const content: UserPart[] = text === '' ? [] : [{ type: 'text', text }]
  for (const [index, part] of (result.parts ?? []).entries()) {
    const partPath = `${path}.parts[${index}]`
    const media = decodeMedia(part, partPath, unsupported)
    if (!media) invalid(partPath, `${partPath} must have inlineData or fileData.`)
    else content.push(media)
  }
  return { type: 'tool-result', id: calls.answer(result, path), content, isError }
}

/** By Google's own rule `output` and `error` are the result itself; `result` is what its Python SDK writes. */
function readResponse(response: Record<string, unknown>): { text: string; isError: boolean } {
  const [[key, value] = ['', undefined], ...others] = Object.entries(response)
  if (key === '') return { text: '', isError: false }
  const alone = others.length === 0 && ['output', 'result', 'error'].includes(key)
  const said = alone ? value : response
  return { text: typeof said === 'string' ? said : JSON.stringify(said), isError: alone && key === 'error' }
}
