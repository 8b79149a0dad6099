// What `POST /v1/messages` answers: for the API document, the types of the encoders, and the tests.
import * as v from 'valibot'
import { gatewayUsage } from '../gateway-usage.ts'
import { count } from '../schema-fields.ts'
import { wholeRecord } from '../whole-record.ts'

const thinkingTokens = v.nullable(v.object({ thinking_tokens: count }))

const xCligate = gatewayUsage('Anthropic', {
  unknown: v.pipe(v.optional(v.literal(true)), v.description('The provider told no numbers: the zeros are none.')),
})

export const AnthropicUsage = v.pipe(
  v.object({
    input_tokens: v.pipe(count, v.description('Without what was read from and written to the cache.')),
    cache_creation_input_tokens: v.nullable(count),
    cache_read_input_tokens: v.nullable(count),
    output_tokens: v.pipe(count, v.description('Thinking included.')),
    output_tokens_details: thinkingTokens,
    cache_creation: v.null(),
    server_tool_use: v.null(),
    service_tier: v.null(),
    inference_geo: v.null(),
    speed: v.null(),
    x_cligate: xCligate,
  }),
  v.metadata({ title: 'Usage', description: 'Tokens of the answer, as the provider reports them.' }),
)

export const AnthropicDeltaUsage = v.pipe(
  v.object({
    input_tokens: v.nullable(count),
    cache_creation_input_tokens: v.nullable(count),
    cache_read_input_tokens: v.nullable(count),
    output_tokens: count,
    output_tokens_details: thinkingTokens,
    server_tool_use: v.null(),
    x_cligate: xCligate,
  }),
  v.metadata({ title: 'Usage at the end', description: 'Tokens of the whole answer; null where nobody told them.' }),
)

const answerText = v.object({ type: v.literal('text'), text: v.string(), citations: v.null() })
const answerThinking = v.object({ type: v.literal('thinking'), thinking: v.string(), signature: v.string() })
const answerRedacted = v.object({ type: v.literal('redacted_thinking'), data: v.string() })
const answerToolUse = v.object({
  type: v.literal('tool_use'),
  id: v.string(),
  name: v.string(),
  input: wholeRecord(v.unknown()),
  caller: v.object({ type: v.literal('direct') }),
})

export const AnthropicContentBlock = v.pipe(
  v.variant('type', [answerText, answerThinking, answerRedacted, answerToolUse]),
  v.metadata({ title: 'Content block', description: 'A part of an answer. Send it back as it is.' }),
)

const stopFields = {
  stop_reason: v.nullable(v.picklist(['end_turn', 'max_tokens', 'stop_sequence', 'tool_use', 'refusal'])),
  stop_sequence: v.nullable(v.string()),
  stop_details: v.nullable(
    v.object({ type: v.literal('refusal'), category: v.null(), explanation: v.nullable(v.string()) }),
  ),
  container: v.null(),
}

export const AnthropicMessage = v.pipe(
  v.object({
    id: v.string(),
    type: v.literal('message'),
    role: v.literal('assistant'),
    model: v.pipe(v.string(), v.description('The model’s name as the request gave it.')),
    content: v.array(AnthropicContentBlock),
    ...stopFields,
    diagnostics: v.null(),
    usage: AnthropicUsage,
  }),
  v.metadata({ title: 'Message', description: 'A whole answer.' }),
)

const inBlock = { index: count }
const delta = v.variant('type', [
  v.object({ type: v.literal('text_delta'), text: v.string() }),
  v.object({ type: v.literal('thinking_delta'), thinking: v.string() }),
  v.object({ type: v.literal('signature_delta'), signature: v.string() }),
  v.object({ type: v.literal('input_json_delta'), partial_json: v.string() }),
])

export const AnthropicError = v.pipe(
  v.object({
    type: v.literal('error'),
    error: v.object({
      type: v.string(),
      message: v.string(),
      details: v.object({
        error_code: v.pipe(v.string(), v.description('The gateway’s own code: `model_not_found`, …')),
        param: v.pipe(v.optional(v.string()), v.description('Path of the field at fault.')),
        unsupported: v.optional(v.array(v.string())),
      }),
    }),
    request_id: v.pipe(v.nullable(v.string()), v.description('The same as in the header `request-id`.')),
  }),
  v.metadata({ title: 'Error', description: 'Why a request failed; in a stream, why the answer ends early.' }),
)

export const AnthropicStreamEvent = v.pipe(
  v.variant('type', [
    v.object({ type: v.literal('message_start'), message: AnthropicMessage }),
    v.object({ type: v.literal('content_block_start'), ...inBlock, content_block: AnthropicContentBlock }),
    v.object({ type: v.literal('content_block_delta'), ...inBlock, delta }),
    v.object({ type: v.literal('content_block_stop'), ...inBlock }),
    v.object({ type: v.literal('message_delta'), delta: v.object(stopFields), usage: AnthropicDeltaUsage }),
    v.object({ type: v.literal('message_stop') }),
    v.object({ type: v.literal('ping') }),
  ]),
  v.metadata({ title: 'Stream event', description: 'One event of a streamed answer.' }),
)

export const AnthropicTokenCount = v.pipe(
  v.object({ input_tokens: count }),
  v.metadata({
    title: 'Token count',
    description: 'Tokens of a request. An estimate where the header `x-cligate-estimate` says so.',
  }),
)

export type AnthropicUsage = v.InferOutput<typeof AnthropicUsage>
export type AnthropicDeltaUsage = v.InferOutput<typeof AnthropicDeltaUsage>
export type AnthropicContentBlock = v.InferOutput<typeof AnthropicContentBlock>
export type AnthropicMessage = v.InferOutput<typeof AnthropicMessage>
export type AnthropicError = v.InferOutput<typeof AnthropicError>
export type AnthropicStreamEvent = v.InferOutput<typeof AnthropicStreamEvent>
