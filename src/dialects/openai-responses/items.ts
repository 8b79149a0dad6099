// The items of an answer. Their ids follow from the id of the response and their place in it, so that a stored one is found by them.
import type { AssistantPart } from '../../core/request.ts'
import { toEncryptedContent } from './opaque.ts'
import type { ItemStatus, ResponsesOutputItem, ResponsesResponse } from './schema-answer.ts'
import { toInput, type WireTools, wireTool } from './tool-names.ts'

/** What of the request decides how items are written. */
export type ItemOptions = {
  /** The id of the answer, without prefix. */
  id: string
  tools: WireTools
  /** Thinking is written as a summary: the caller asked for one. */
  summary: boolean
}

type Prefix = 'msg' | 'rs' | 'fc' | 'ctc'

export const itemId = (prefix: Prefix, id: string, index: number) => `${prefix}_${id}_${index}`

/** The place of an output item with this id; undefined for ids that are not made here. */
export function placeOf(id: string): { response: string; list: 'output' | 'input'; index: number } | undefined {
  const [, own, input, index] = /^[a-z]+_([0-9A-Za-z]+)_(i?)(\d{1,6})$/.exec(id) ?? []
  if (own === undefined || index === undefined) return undefined
  return { response: `resp_${own}`, list: input ? 'input' : 'output', index: Number(index) }
}

/** One part of an answer as an item; undefined for one in which there is nothing. */
export function encodeItem(
  part: AssistantPart,
  index: number,
  status: ItemStatus,
  options: ItemOptions,
): ResponsesOutputItem | undefined {
  const { id } = options
  switch (part.type) {
    case 'text':
      if (part.text === '') return undefined
      return { ...emptyMessage(itemId('msg', id, index)), status, content: [outputText(part.text)] }
    case 'reasoning': {
      const encrypted = toEncryptedContent(part)
      if (part.text === '' && encrypted === undefined) return undefined
      return {
        ...thought(itemId('rs', id, index), part.text, options.summary),
        ...(encrypted === undefined ? {} : { encrypted_content: encrypted }),
      }
    }
    case 'tool-call': {
      const { kind, ...names } = wireTool(options.tools, part.name)
      const call = { status, call_id: part.id, ...names }
      if (kind === 'custom')
        return { id: itemId('ctc', id, index), type: 'custom_tool_call', ...call, input: toInput(part.arguments) }
      return { id: itemId('fc', id, index), type: 'function_call', ...call, arguments: part.arguments }
    }
    default:
      return part satisfies never
  }
}

/** All parts of an answer; the last of them has `status`, the others are complete. */
export function encodeItems(
  parts: readonly AssistantPart[],
  status: ItemStatus,
  options: ItemOptions,
): ResponsesOutputItem[] {
  const items: ResponsesOutputItem[] = []
  const last = parts.findLastIndex((part) => encodeItem(part, 0, 'completed', options) !== undefined)
  for (const [position, part] of parts.entries()) {
    const item = encodeItem(part, items.length, position === last ? status : 'completed', options)
    if (item) items.push(item)
  }
  return items
}

export const outputText = (text: string) => ({
  type: 'output_text' as const,
  text,
  annotations: [] as [],
  logprobs: [] as [],
})

export function emptyMessage(id: string): Extract<ResponsesOutputItem, { type: 'message' }> {
  return { id, type: 'message', status: 'in_progress', role: 'assistant', content: [] }
}

/** Thinking as the caller wants it; without a text, nothing but its id. */
export function thought(
  id: string,
  text: string,
  summary: boolean,
): Extract<ResponsesOutputItem, { type: 'reasoning' }> {
  if (text === '') return { id, type: 'reasoning', summary: [] }
  if (summary) return { id, type: 'reasoning', summary: [{ type: 'summary_text', text }] }
  return { id, type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text }] }
}

/** A response as its caller gets it: encrypted reasoning only where it is asked for. */
export function presented(response: ResponsesResponse, encrypted: boolean): ResponsesResponse {
  return encrypted ? response : { ...response, output: response.output.map((item) => presentedItem(item, false)) }
}

export function presentedItem(item: ResponsesOutputItem, encrypted: boolean): ResponsesOutputItem {
  if (encrypted || item.type !== 'reasoning' || item.encrypted_content === undefined) return item
  const { encrypted_content: _, ...rest } = item
  return rest
}
