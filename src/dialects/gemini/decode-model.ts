// What the model answered earlier, as neutral parts.
import type { AssistantPart } from '../../core/request.ts'
import { invalid } from '../refuse.ts'
import { report, reportStray } from '../stray-fields.ts'
import { formatInput } from '../tool-input.ts'
import type { Calls } from './calls.ts'
import type { PlacedPart } from './decode-contents.ts'
import { toThoughts } from './opaque.ts'
import { GeminiFunctionCall } from './schema-contents.ts'

/** Thoughts stand in front of the part that has their signature; texts in a row are one, for a stream cuts them anywhere. */
export function decodeModelParts(parts: readonly PlacedPart[], calls: Calls, unsupported: string[]): AssistantPart[] {
  const content: AssistantPart[] = []
  let thought = ''
  for (const { part, path } of parts) {
    if (part.thought) thought += part.text ?? ''
    if (part.thought && !part.thoughtSignature) continue
    content.push(...toThoughts(part.thoughtSignature ?? '', thought))
    thought = ''
    if (part.thought) continue
    if (part.functionCall) {
      const { name, args, id } = part.functionCall
      reportStray(part.functionCall, GeminiFunctionCall.entries, `${path}.functionCall`, unsupported)
      content.push({ type: 'tool-call', id: calls.add(name, id), name, arguments: formatInput(args ?? {}) })
    } else if (part.functionResponse) {
      invalid(`${path}.functionResponse`, `${path}.functionResponse must stand in a content of the user.`)
    } else if (part.inlineData || part.fileData) {
      // A picture that another model painted.
      report(`${path}.${part.inlineData ? 'inlineData' : 'fileData'}`, unsupported)
    } else if (part.text) {
      const last = content.at(-1)
      if (last?.type === 'text') last.text += part.text
      else content.push({ type: 'text', text: part.text })
    }
  }
  if (thought !== '') content.push({ type: 'reasoning', text: thought })
  return content
}
