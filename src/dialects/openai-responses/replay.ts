// The stream of a response that is over and whose events nobody kept: each text comes in one piece.
import type { AssistantPart } from '../../core/request.ts'
import { Frames } from './frames.ts'
import { type ItemOptions, presented } from './items.ts'
import type { ResponsesOutputItem, ResponsesResponse } from './schema-answer.ts'
import { StreamItem } from './stream-item.ts'
import { toArguments, type WireTool } from './tool-names.ts'

/** All frames, in order. */
export function replayFrames(response: ResponsesResponse, encrypted: boolean): string {
  const frames = new Frames()
  const shown = presented(response, encrypted)
  const begun = {
    ...shown,
    status: 'in_progress' as const,
    output: [],
    usage: null,
    error: null,
    incomplete_details: null,
    completed_at: null,
  }
  let text = frames.event({ type: 'response.created', response: begun })
  text += frames.event({ type: 'response.in_progress', response: begun })
  for (const [index, item] of response.output.entries()) text += replayItem(item, index, frames, response.id, encrypted)
  switch (response.status) {
    case 'completed':
    case 'incomplete':
    case 'failed':
      return text + frames.event({ type: `response.${response.status}`, response: shown })
    case 'cancelled':
      return (
        text + frames.event({ type: 'error', code: 'cancelled', message: 'The response was cancelled.', param: null })
      )
    case 'queued':
    case 'in_progress':
      return text
    default:
      return response.status satisfies never
  }
}

function replayItem(item: ResponsesOutputItem, index: number, frames: Frames, id: string, encrypted: boolean): string {
  const { part, said, tool, summary } = read(item)
  const options: ItemOptions = {
    id: id.replace(/^resp_/, ''),
    tools: new Map(tool && part.type === 'tool-call' ? [[part.name, tool]] : []),
    summary,
  }
  const stream = new StreamItem(part, index, frames, { ...options, encrypted })
  const status = item.type === 'reasoning' ? 'completed' : item.status
  // What is opaque is packed already; it goes back as it is.
  const opaque = item.type === 'reasoning' && item.encrypted_content !== undefined ? item.encrypted_content : undefined
  return stream.begin() + stream.say(said) + stream.end(status, {}, opaque)
}

function read(item: ResponsesOutputItem): { part: AssistantPart; said: string; tool?: WireTool; summary: boolean } {
  switch (item.type) {
    case 'message':
      return { part: { type: 'text', text: '' }, said: item.content.map(({ text }) => text).join(''), summary: false }
    case 'reasoning': {
      const said = [...item.summary, ...(item.content ?? [])].map(({ text }) => text).join('')
      return { part: { type: 'reasoning', text: '' }, said, summary: item.summary.length > 0 }
    }
    case 'function_call':
    case 'custom_tool_call': {
      const { name, namespace } = item
      const kind = item.type === 'custom_tool_call' ? 'custom' : 'function'
      const said = item.type === 'custom_tool_call' ? toArguments(item.input) : item.arguments
      const tool = namespace === undefined ? { kind, name } : ({ kind, name, namespace } as const)
      return {
        part: { type: 'tool-call', id: item.call_id, name, arguments: '' },
        said,
        tool: tool as WireTool,
        summary: false,
      }
    }
    default:
      return item satisfies never
  }
}
