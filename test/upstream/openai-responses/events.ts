// What happens in a response, in the Responses API's own events, without their numbers. Pure.
import type { Answer, Failure, Step } from '../reply.ts'
import { streamError } from './errors.ts'
import { responseUsage } from './usage.ts'

export type ResponseEvent = { type: string } & Record<string, unknown>
/** An event, or a step that is no event of this API and that the writer renders. */
export type ResponseStep = { event: ResponseEvent } | { step: Step }

type Item = Record<string, unknown> & { id: string; type: string }
type OpenText = { item: Item; text: string }
type OpenReasoning = { item: Item; summary: { type: 'summary_text'; text: string }[]; partOpen: boolean }

/** All of one answer, from `response.created` to its last event. */
export function* responseEvents(answer: Answer, id: string, model: string): Iterable<ResponseStep> {
  const output: Item[] = []
  let text: OpenText | undefined
  let reasoning: OpenReasoning | undefined
  let count = 0

  const nextId = (prefix: string) => `${prefix}_${id}_${count++}`
  const envelope = (status: string, more: object = {}) => ({
    id: `resp_${id}`,
    object: 'response',
    created_at: 1_795_000_000,
    status,
    error: null,
    incomplete_details: null,
    model,
    output: [...output],
    usage: null,
    ...more,
  })
  const event = (type: string, fields: object): ResponseStep => ({ event: { type, ...fields } })
  const added = (item: Item) => event('response.output_item.added', { output_index: output.length, item })
  const done = (item: Item): ResponseStep => {
    const index = output.push(item) - 1
    return event('response.output_item.done', { output_index: index, item })
  }

  function* closeText(): Iterable<ResponseStep> {
    if (!text) return
    const { item } = text
    const at = { item_id: item.id, output_index: output.length, content_index: 0 }
    const part = { type: 'output_text', text: text.text, annotations: [], logprobs: [] }
    text = undefined
    yield event('response.output_text.done', { ...at, text: part.text, logprobs: [] })
    yield event('response.content_part.done', { ...at, part })
    yield done({ ...item, status: 'completed', content: [part] })
  }

  function* closePart(): Iterable<ResponseStep> {
    if (!reasoning?.partOpen) return
    reasoning.partOpen = false
    const part = reasoning.summary.at(-1)!
    const at = summaryPlace(reasoning)
    yield event('response.reasoning_summary_text.done', { ...at, text: part.text })
    yield event('response.reasoning_summary_part.done', { ...at, part })
  }

  function* closeReasoning(encrypted?: string): Iterable<ResponseStep> {
    if (!reasoning) return
    yield* closePart()
    const item = { ...reasoning.item, summary: reasoning.summary, encrypted_content: encrypted ?? null }
    reasoning = undefined
    yield done(item)
  }

  const summaryPlace = (open: OpenReasoning) => ({
    item_id: open.item.id,
    output_index: output.length,
    summary_index: open.summary.length - 1,
  })

  function* render(step: Step): Iterable<ResponseStep> {
    switch (step.type) {
      case 'text': {
        yield* closeReasoning()
        if (!text) {
          const item = { id: nextId('msg'), type: 'message', status: 'in_progress', role: 'assistant', content: [] }
          text = { item, text: '' }
          yield added(item)
          yield event('response.content_part.added', {
            item_id: item.id,
            output_index: output.length,
            content_index: 0,
            part: { type: 'output_text', text: '', annotations: [], logprobs: [] },
          })
        }
        text.text += step.text
        const at = { item_id: text.item.id, output_index: output.length, content_index: 0 }
        return yield event('response.output_text.delta', { ...at, delta: step.text, logprobs: [] })
      }
      case 'thinking': {
        yield* closeText()
        if (!reasoning) {
          const item = { id: nextId('rs'), type: 'reasoning', summary: [] }
          reasoning = { item, summary: [], partOpen: false }
          yield added(item)
        }
        if (!reasoning.partOpen) {
          reasoning.partOpen = true
          reasoning.summary.push({ type: 'summary_text', text: '' })
          const part = { type: 'summary_text', text: '' }
          yield event('response.reasoning_summary_part.added', { ...summaryPlace(reasoning), part })
        }
        reasoning.summary.at(-1)!.text += step.text
        return yield event('response.reasoning_summary_text.delta', { ...summaryPlace(reasoning), delta: step.text })
      }
      case 'signature':
        return yield* closeReasoning(step.signature)
      case 'redacted-thinking': {
        yield* closeReasoning()
        yield* closeText()
        const item = { id: nextId('rs'), type: 'reasoning', summary: [] }
        yield added(item)
        return yield done({ ...item, encrypted_content: step.data })
      }
      case 'tool-call': {
        yield* closeReasoning()
        yield* closeText()
        const item = { id: nextId('fc'), type: 'function_call', name: step.name, call_id: step.id }
        const at = { item_id: item.id, output_index: output.length }
        const whole = step.pieces.join('')
        yield added({ ...item, status: 'in_progress', arguments: '' })
        for (const delta of step.pieces) yield event('response.function_call_arguments.delta', { ...at, delta })
        yield event('response.function_call_arguments.done', { ...at, arguments: whole })
        return yield done({ ...item, status: 'completed', arguments: whole })
      }
      case 'web-search': {
        yield* closeReasoning()
        yield* closeText()
        const item = { id: nextId('ws'), type: 'web_search_call' }
        yield added({ ...item, status: 'in_progress' })
        const sources = step.sources.map(({ url }) => ({ type: 'url', url }))
        return yield done({ ...item, status: 'completed', action: { type: 'search', query: step.query, sources } })
      }
      case 'next-block':
        // Thinking that goes on is another part of the same summary.
        yield* closeText()
        return yield* closePart()
      case 'failure':
        return yield failed(step.failure)
      case 'ping':
      case 'wait':
      case 'bytes':
      case 'end':
      case 'cut':
      case 'silence':
        return yield { step }
      default:
        step satisfies never
    }
  }

  const failed = (failure: Failure) =>
    event('response.failed', { response: envelope('failed', { error: streamError(failure) }) })

  yield event('response.created', { response: envelope('in_progress') })
  yield event('response.in_progress', { response: envelope('in_progress') })
  for (const step of answer.steps()) {
    yield* render(step)
    if (step.type === 'failure' || step.type === 'end' || step.type === 'cut' || step.type === 'silence') return
  }
  yield* closeReasoning()
  yield* closeText()
  const usage = responseUsage(answer.usage)
  const reason = incompleteReason(answer)
  if (reason === undefined) yield event('response.completed', { response: envelope('completed', { usage }) })
  else {
    const response = envelope('incomplete', { usage, incomplete_details: { reason } })
    yield event('response.incomplete', { response })
  }
}

function incompleteReason(answer: Answer): string | undefined {
  switch (answer.stop.reason) {
    case 'end_turn':
    case 'stop_sequence':
    case 'tool_use':
    case 'pause_turn':
      return undefined
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'max_output_tokens'
    case 'refusal':
      return 'content_filter'
    default:
      return answer.stop.reason satisfies never
  }
}
