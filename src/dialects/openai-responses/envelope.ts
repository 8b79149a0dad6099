// What a response says beside its answer: the request, as it was understood.
import type { AnswerContext } from '../dialect.ts'
import type { Decoded } from './decode.ts'
import { summaryOf } from './decode-parameters.ts'
import type { ResponsesRequest } from './schema.ts'
import type { ResponsesResponse } from './schema-answer.ts'

/** OpenAI's own values for a temperature and a share that nobody asked for. The Open Responses specification has no null there. */
const UNCHANGED = 1

export type Envelope = Omit<
  ResponsesResponse,
  'status' | 'error' | 'incomplete_details' | 'output' | 'usage' | 'completed_at'
>

/**
 * All that is the same in every state of a response. Times are in seconds since 1970.
 * @param stores responses can be kept
 */
export function envelopeOf(
  body: ResponsesRequest,
  { chat, tools }: Decoded,
  context: AnswerContext,
  stores: boolean,
): Envelope {
  return {
    id: responseId(context),
    object: 'response',
    created_at: Math.floor(context.created / 1000),
    background: body.background ?? false,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    max_tool_calls: null,
    model: context.model,
    parallel_tool_calls: chat.parallelToolCalls,
    previous_response_id: body.previous_response_id ?? null,
    prompt_cache_key: body.prompt_cache_key ?? null,
    reasoning: { effort: body.reasoning?.effort ?? null, summary: summaryOf(body) ?? null },
    safety_identifier: body.safety_identifier ?? null,
    service_tier: 'default',
    store: stores && body.store !== false,
    temperature: body.temperature ?? UNCHANGED,
    text: { format: formatOf(body), verbosity: body.text?.verbosity ?? 'medium' },
    tool_choice: body.tool_choice ?? 'auto',
    tools: tools.offered,
    top_logprobs: 0,
    top_p: body.top_p ?? UNCHANGED,
    frequency_penalty: body.frequency_penalty ?? 0,
    presence_penalty: body.presence_penalty ?? 0,
    truncation: 'disabled',
    user: body.user ?? null,
    metadata: body.metadata ?? {},
    access_programs: null,
  }
}

function formatOf({ text }: ResponsesRequest): ResponsesResponse['text']['format'] {
  const format = text?.format ?? { type: 'text' }
  return format.type === 'json_schema' ? { ...format, strict: format.strict ?? false } : format
}

export const responseId = ({ id }: Pick<AnswerContext, 'id'>) => `resp_${id}`
