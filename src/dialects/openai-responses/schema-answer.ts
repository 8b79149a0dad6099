// What the Responses API answers: for the API document, the types of the encoders, and the tests.
import * as v from 'valibot'
import { gatewayUsage } from '../gateway-usage.ts'
import { count } from '../schema-fields.ts'
import { wholeRecord } from '../whole-record.ts'

const itemStatus = v.picklist(['in_progress', 'completed', 'incomplete'])

export const ResponsesUsage = v.pipe(
  v.object({
    input_tokens: count,
    input_tokens_details: v.object({ cached_tokens: count, cache_write_tokens: count }),
    output_tokens: v.pipe(count, v.description('Reasoning included.')),
    output_tokens_details: v.object({ reasoning_tokens: count }),
    total_tokens: count,
    x_cligate: gatewayUsage('OpenAI', {}),
  }),
  v.metadata({ title: 'Usage', description: 'Tokens of the answer, as the provider reports them.' }),
)

export const outputText = v.object({
  type: v.literal('output_text'),
  text: v.string(),
  annotations: v.tuple([]),
  logprobs: v.tuple([]),
})
export const summaryText = v.object({ type: v.literal('summary_text'), text: v.string() })
export const reasoningText = v.object({ type: v.literal('reasoning_text'), text: v.string() })

const namespace = v.optional(v.string())

export const ResponsesOutputItem = v.pipe(
  v.variant('type', [
    v.object({
      id: v.string(),
      type: v.literal('message'),
      status: itemStatus,
      role: v.literal('assistant'),
      content: v.array(outputText),
    }),
    v.object({
      id: v.string(),
      type: v.literal('reasoning'),
      summary: v.array(summaryText),
      content: v.optional(v.array(reasoningText)),
      encrypted_content: v.pipe(
        v.optional(v.string()),
        v.description('Only with `include: ["reasoning.encrypted_content"]`, and where there is any.'),
      ),
    }),
    v.object({
      id: v.string(),
      type: v.literal('function_call'),
      status: itemStatus,
      call_id: v.string(),
      name: v.string(),
      namespace,
      arguments: v.string(),
    }),
    v.object({
      id: v.string(),
      type: v.literal('custom_tool_call'),
      status: itemStatus,
      call_id: v.string(),
      name: v.string(),
      namespace,
      input: v.string(),
    }),
  ]),
  v.metadata({ title: 'Output item', description: 'A part of an answer. Send it back as it is.' }),
)

export const ResponsesResponse = v.pipe(
  v.object({
    id: v.string(),
    object: v.literal('response'),
    created_at: v.pipe(count, v.description('Seconds since 1970.')),
    status: v.picklist(['queued', 'in_progress', 'completed', 'incomplete', 'failed', 'cancelled']),
    background: v.boolean(),
    completed_at: v.nullable(count),
    error: v.nullable(v.object({ code: v.string(), message: v.string() })),
    incomplete_details: v.nullable(v.object({ reason: v.picklist(['max_output_tokens', 'content_filter']) })),
    instructions: v.nullable(v.string()),
    max_output_tokens: v.nullable(count),
    max_tool_calls: v.null(),
    model: v.pipe(v.string(), v.description('The model’s name as the request gave it.')),
    output: v.array(ResponsesOutputItem),
    parallel_tool_calls: v.boolean(),
    previous_response_id: v.nullable(v.string()),
    prompt_cache_key: v.nullable(v.string()),
    reasoning: v.object({ effort: v.nullable(v.string()), summary: v.nullable(v.string()) }),
    safety_identifier: v.nullable(v.string()),
    service_tier: v.literal('default'),
    store: v.boolean(),
    temperature: v.number(),
    text: v.object({ format: v.looseObject({ type: v.string() }), verbosity: v.string() }),
    tool_choice: v.union([v.string(), v.looseObject({ type: v.string() })]),
    tools: v.array(v.looseObject({ type: v.string() })),
    top_logprobs: v.literal(0),
    top_p: v.number(),
    frequency_penalty: v.number(),
    presence_penalty: v.number(),
    truncation: v.literal('disabled'),
    usage: v.nullable(ResponsesUsage),
    user: v.nullable(v.string()),
    metadata: wholeRecord(v.string()),
    access_programs: v.null(),
  }),
  v.metadata({ title: 'Response', description: 'A whole answer, or what there is of it yet.' }),
)

export const ResponsesItemList = v.pipe(
  v.object({
    object: v.literal('list'),
    data: v.array(v.looseObject({ id: v.string(), type: v.string() })),
    first_id: v.nullable(v.string()),
    last_id: v.nullable(v.string()),
    has_more: v.boolean(),
  }),
  v.metadata({ title: 'Item list', description: 'A page of the input of a response.' }),
)

export const ResponsesDeleted = v.pipe(
  v.object({ id: v.string(), object: v.literal('response'), deleted: v.literal(true) }),
  v.metadata({ title: 'Deleted response', description: 'The response is gone.' }),
)

export const ResponsesTokenCount = v.pipe(
  v.object({ object: v.literal('response.input_tokens'), input_tokens: count }),
  v.metadata({
    title: 'Input token count',
    description: 'Tokens of a request. An estimate where the header `x-cligate-estimate` says so.',
  }),
)

export type ResponsesUsage = v.InferOutput<typeof ResponsesUsage>
export type ResponsesOutputItem = v.InferOutput<typeof ResponsesOutputItem>
export type ResponsesResponse = v.InferOutput<typeof ResponsesResponse>
export type ItemStatus = v.InferOutput<typeof itemStatus>
