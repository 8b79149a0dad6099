// The requests of `POST /v1/messages` and `/v1/messages/count_tokens`, and the registry of this dialect's named schemas.
import * as v from 'valibot'
import {
  between,
  deprecated,
  field,
  label,
  modelName,
  notHonoured,
  OTHER_FIELDS,
  positive,
  wholeNumber,
} from '../schema-fields.ts'
import * as answers from './schema-answer.ts'
import * as blocks from './schema-blocks.ts'
import * as messages from './schema-messages.ts'
import * as tools from './schema-tools.ts'

const MOST_STOP_SEQUENCES = 100
/** Far beyond any real conversation; each of them costs memory and time in every layer. */
const MOST_MESSAGES = 10_000
const MOST_TOOLS = 1024

const display = v.pipe(v.nullish(v.string()), v.description('Only `summarized` is honoured.'))

export const AnthropicThinking = v.pipe(
  v.variant('type', [
    v.looseObject({
      type: v.literal('enabled'),
      budget_tokens: v.pipe(wholeNumber, v.minValue(1024), v.description('At least 1024, below `max_tokens`.')),
      display,
    }),
    v.looseObject({ type: v.literal('adaptive'), display }),
    v.looseObject({ type: v.literal('disabled') }),
    v.looseObject({ type: v.literal('between_tools') }),
  ]),
  v.metadata({ title: 'Thinking', description: 'Whether and how much the model thinks before it answers.' }),
)

const outputFormat = v.looseObject({ type: v.literal('json_schema'), schema: v.record(v.string(), v.unknown()) })

export const AnthropicOutputConfig = v.pipe(
  v.looseObject({
    effort: field(
      v.picklist(['low', 'medium', 'high', 'xhigh', 'max']),
      'How much the model thinks; mapped to the nearest level it knows.',
    ),
    format: field(outputFormat, 'JSON Schema that the answer must fit.'),
    task_budget: notHonoured,
  }),
  v.metadata({ title: 'Output configuration', description: 'How the answer shall be.' }),
)

/** What a count and a message have in common. */
const prompt = {
  model: modelName,
  messages: v.pipe(
    v.array(messages.AnthropicMessageParam),
    v.nonEmpty(),
    v.maxLength(MOST_MESSAGES),
    v.description('The whole conversation: the gateway keeps none of it between requests.'),
  ),
  system: field(v.union([v.string(), v.array(blocks.AnthropicTextBlock)]), 'Instructions to the model.'),
  tools: field(v.pipe(v.array(tools.AnthropicTool), v.maxLength(MOST_TOOLS)), 'Functions the model may call.'),
  tool_choice: field(tools.AnthropicToolChoice, 'Whether the model may, must or must not call one.'),
  thinking: field(AnthropicThinking, 'Left out, the model does as it is used to.'),
  output_config: field(AnthropicOutputConfig, 'Effort and form of the answer.'),
  output_format: deprecated(outputFormat, 'The old name of `output_config.format`.'),
  cache_control: blocks.cacheControl,
  thread: field(v.unknown(), 'Refused, so that SDKs send the whole history: nothing is kept between requests.'),
  mcp_servers: field(v.array(v.unknown()), 'Refused: the gateway connects to no servers for a caller.'),
  context_management: notHonoured,
  compaction: notHonoured,
  billing_policy: notHonoured,
  speed: field(v.string(), 'Only `standard`.'),
}

export const AnthropicMessagesRequest = v.pipe(
  v.looseObject({
    ...prompt,
    max_tokens: v.pipe(
      wholeNumber,
      v.minValue(1, 'must be at least 1: the gateway fills no cache ahead'),
      v.description('Most tokens of the answer, thinking included.'),
    ),
    stream: field(v.boolean(), 'Send the answer as server-sent events while it is written.'),
    temperature: field(between(0, 1), 'Randomness of the answer, 0 to 1.'),
    top_p: field(between(0, 1), 'Share of the probability mass to choose from.'),
    top_k: field(positive, 'Number of tokens to choose from.'),
    stop_sequences: field(
      v.pipe(v.array(v.pipe(v.string(), v.nonEmpty())), v.maxLength(MOST_STOP_SEQUENCES)),
      'Texts that end the answer; they are not part of it.',
    ),
    metadata: field(
      v.looseObject({
        user_id: v.pipe(v.nullish(label), v.description('Your own name for a person.')),
      }),
      'About the request; only `user_id` is known.',
    ),
    service_tier: field(v.string(), 'Without effect for `auto` and `standard_only`: there is one tier.'),
    container: notHonoured,
    diagnostics: notHonoured,
    inference_geo: notHonoured,
    fallbacks: notHonoured,
    fallback_credit_token: notHonoured,
  }),
  v.metadata({
    title: 'Messages request',
    description: OTHER_FIELDS,
    examples: [{ model: 'demo/chat', max_tokens: 1024, messages: [{ role: 'user', content: 'Hello!' }] }],
  }),
)

export const AnthropicCountRequest = v.pipe(
  v.looseObject(prompt),
  v.metadata({
    title: 'Token count request',
    description: 'A messages request; what only an answer needs may be left out, and is passed over.',
    examples: [{ model: 'demo/chat', messages: [{ role: 'user', content: 'Hello!' }] }],
  }),
)

export type MessagesRequest = v.InferOutput<typeof AnthropicMessagesRequest>
export type CountRequest = v.InferOutput<typeof AnthropicCountRequest>

/** Every named schema, for the components of the API document. */
export const schemas = {
  AnthropicMessagesRequest,
  AnthropicCountRequest,
  AnthropicThinking,
  AnthropicOutputConfig,
  AnthropicTool: tools.AnthropicTool,
  AnthropicToolChoice: tools.AnthropicToolChoice,
  AnthropicToolAdditionBlock: tools.AnthropicToolAdditionBlock,
  AnthropicToolRemovalBlock: tools.AnthropicToolRemovalBlock,
  AnthropicTextBlock: blocks.AnthropicTextBlock,
  AnthropicImageBlock: blocks.AnthropicImageBlock,
  AnthropicDocumentBlock: blocks.AnthropicDocumentBlock,
  AnthropicSearchResultBlock: blocks.AnthropicSearchResultBlock,
  AnthropicToolResultBlock: blocks.AnthropicToolResultBlock,
  AnthropicThinkingBlock: blocks.AnthropicThinkingBlock,
  AnthropicRedactedThinkingBlock: blocks.AnthropicRedactedThinkingBlock,
  AnthropicToolUseBlock: blocks.AnthropicToolUseBlock,
  AnthropicServerBlock: blocks.AnthropicServerBlock,
  AnthropicMessageParam: messages.AnthropicMessageParam,
  AnthropicUserMessage: messages.AnthropicUserMessage,
  AnthropicAssistantMessage: messages.AnthropicAssistantMessage,
  AnthropicSystemMessage: messages.AnthropicSystemMessage,
  AnthropicMessage: answers.AnthropicMessage,
  AnthropicContentBlock: answers.AnthropicContentBlock,
  AnthropicUsage: answers.AnthropicUsage,
  AnthropicDeltaUsage: answers.AnthropicDeltaUsage,
  AnthropicStreamEvent: answers.AnthropicStreamEvent,
  AnthropicError: answers.AnthropicError,
  AnthropicTokenCount: answers.AnthropicTokenCount,
}
