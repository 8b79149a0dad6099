// How responses are kept, and how what is kept is shown again.
import * as v from 'valibot'
import { type ResponsesResponse, ResponsesResponse as ResponseSchema } from './schema-answer.ts'
import { type InputItem, inputItems, type MessageItem } from './schema-items.ts'
import type { ContentPart } from './schema-parts.ts'

/** An item as the list of a response's input shows it. */
export type ListedItem = { id: string; type: string } & Record<string, unknown>

const PREFIXES: Record<string, string> = {
  message: 'msg',
  function_call: 'fc',
  function_call_output: 'fco',
  custom_tool_call: 'ctc',
  custom_tool_call_output: 'ctco',
  reasoning: 'rs',
}

/** What a caller sends is over, whether it says so or not. */
const WITH_STATUS = new Set(['function_call', 'function_call_output', 'custom_tool_call', 'custom_tool_call_output'])

/** The items that a request added, with ids by which they are found in the response `id`; see `placeOf`. */
export function keptInput(input: readonly InputItem[], id: string): ListedItem[] {
  const own = id.replace(/^resp_/, '')
  return input.map((item, index) => {
    const type = item.type ?? 'message'
    const prefix = PREFIXES[type]
    const kept = { ...(prefix ? withoutNulls(item) : item), id: `${prefix ?? 'item'}_${own}_i${index}`, type }
    if (type === 'message') return { ...kept, ...listedMessage(item as MessageItem) }
    if (type === 'reasoning') return { summary: [], ...kept }
    return WITH_STATUS.has(type) ? { status: 'completed', ...kept } : kept
  })
}

/** Clients send null for what they have not, which an answer leaves out. */
function withoutNulls(item: object): object {
  return Object.fromEntries(Object.entries(item).filter(([, value]) => value !== null))
}

/** A text alone is a list of one part to those who read it. */
function listedMessage({ role, content }: MessageItem): Record<string, unknown> {
  const type = role === 'assistant' ? 'output_text' : 'input_text'
  const parts = typeof content === 'string' ? [{ type, text: content } as const] : content
  return { status: 'completed', content: parts.map(listedPart) }
}

function listedPart(part: Partial<ContentPart>): object {
  switch (part.type) {
    case 'output_text':
      return { ...part, annotations: part.annotations ?? [] }
    case 'input_image':
      return { ...part, detail: part.detail ?? 'auto' }
    default:
      return part
  }
}

/** A response that was kept; undefined for what an older version wrote otherwise. */
export function readResponse(kept: object): ResponsesResponse | undefined {
  const result = v.safeParse(ResponseSchema, kept)
  return result.success ? result.output : undefined
}

/** Items that were kept, of input or output. */
export function readItems(kept: readonly object[]): InputItem[] {
  const result = v.safeParse(inputItems, kept)
  return result.success ? result.output : []
}

const GONE = { code: 'server_error', message: 'The gateway was stopped before the response was complete.' }

/** A response whose process is gone. */
export function abandoned(response: ResponsesResponse): ResponsesResponse {
  return { ...response, status: 'failed', error: GONE }
}
