// The events of a stream, as the Responses API defines them.
import * as v from 'valibot'
import { count } from '../schema-fields.ts'
import { outputText, reasoningText, ResponsesOutputItem, ResponsesResponse, summaryText } from './schema-answer.ts'

const event = <Type extends string, Fields extends v.ObjectEntries>(type: Type, fields: Fields) =>
  v.object({ type: v.literal(type), sequence_number: count, ...fields })

const inItem = { item_id: v.string(), output_index: count }
const inContent = { ...inItem, content_index: count }
const inSummary = { ...inItem, summary_index: count }
const contentPart = v.variant('type', [outputText, reasoningText])
const response = { response: ResponsesResponse }
const item = { output_index: count, item: ResponsesOutputItem }
const logprobs = v.tuple([])

export const ResponsesStreamEvent = v.pipe(
  v.variant('type', [
    event('response.created', response),
    event('response.queued', response),
    event('response.in_progress', response),
    event('response.completed', response),
    event('response.incomplete', response),
    event('response.failed', response),
    event('response.output_item.added', item),
    event('response.output_item.done', item),
    event('response.content_part.added', { ...inContent, part: contentPart }),
    event('response.content_part.done', { ...inContent, part: contentPart }),
    event('response.output_text.delta', { ...inContent, delta: v.string(), logprobs }),
    event('response.output_text.done', { ...inContent, text: v.string(), logprobs }),
    event('response.reasoning_text.delta', { ...inContent, delta: v.string() }),
    event('response.reasoning_text.done', { ...inContent, text: v.string() }),
    event('response.reasoning_summary_part.added', { ...inSummary, part: summaryText }),
    event('response.reasoning_summary_part.done', { ...inSummary, part: summaryText }),
    event('response.reasoning_summary_text.delta', { ...inSummary, delta: v.string() }),
    event('response.reasoning_summary_text.done', { ...inSummary, text: v.string() }),
    event('response.function_call_arguments.delta', { ...inItem, delta: v.string() }),
    event('response.function_call_arguments.done', { ...inItem, arguments: v.string() }),
    event('response.custom_tool_call_input.delta', { ...inItem, delta: v.string() }),
    event('response.custom_tool_call_input.done', { ...inItem, input: v.string() }),
    event('error', { code: v.string(), message: v.string(), param: v.nullable(v.string()) }),
  ]),
  v.metadata({ title: 'Stream event', description: 'One event of a streamed answer.' }),
)

export type ResponsesStreamEvent = v.InferOutput<typeof ResponsesStreamEvent>
