// The requests of `POST /v1/responses` and `/v1/responses/input_tokens`, and the registry of this dialect's named schemas.
import * as v from 'valibot'
import { EFFORTS } from '../../core/request.ts'
import {
  between,
  deprecated,
  field,
  label,
  labels,
  modelName,
  notHonoured,
  OTHER_FIELDS,
  positive,
} from '../schema-fields.ts'
import * as answers from './schema-answer.ts'
import { ResponsesStreamEvent } from './schema-events.ts'
import * as items from './schema-items.ts'
import * as parts from './schema-parts.ts'
import * as tools from './schema-tools.ts'

const refused = (description: string) => field(v.unknown(), description)

const summary = v.picklist(['auto', 'concise', 'detailed', 'none'])

export const ResponsesReasoningOptions = v.pipe(
  v.looseObject({
    effort: field(v.picklist(EFFORTS), 'How much the model thinks; mapped to the nearest level it knows.'),
    summary: field(summary, 'Thinking comes as a summary where one is asked for, else as `reasoning_text`.'),
    generate_summary: deprecated(summary, 'The old name of `summary`.'),
    context: field(v.string(), 'Only `auto` and `all_turns`: all reasoning of the conversation goes to the model.'),
    mode: field(v.string(), 'Only `standard`.'),
  }),
  v.metadata({ title: 'Reasoning options', description: 'How the model thinks, and how its thinking comes.' }),
)

export const ResponsesTextOptions = v.pipe(
  v.looseObject({
    format: field(tools.ResponsesTextFormat, 'Free text, any JSON object, or JSON that fits a schema.'),
    verbosity: field(v.picklist(['low', 'medium', 'high']), 'Only `medium` is honoured.'),
  }),
  v.metadata({ title: 'Text options', description: 'How the text of the answer shall be.' }),
)

/** What a count and an answer have in common. */
const prompt = {
  model: modelName,
  input: field(
    v.union([v.string(), items.inputItems]),
    'A text of the user, or items. Needed but with a stored response.',
  ),
  instructions: field(v.string(), 'Instructions to the model. Those of a previous response do not count any more.'),
  previous_response_id: field(label, 'A stored response that this one goes on from.'),
  conversation: refused('Refused: use `previous_response_id`.'),
  tools: field(tools.tools, 'Functions the model may call.'),
  tool_choice: field(tools.ResponsesToolChoice, 'Whether the model may, must or must not call one.'),
  parallel_tool_calls: field(v.boolean(), 'Whether the model may call several tools at once.'),
  reasoning: field(ResponsesReasoningOptions, 'Left out, the model does as it is used to.'),
  text: field(ResponsesTextOptions, 'Form of the answer.'),
  truncation: field(v.picklist(['auto', 'disabled']), 'Only `disabled`: nothing is left out of a conversation.'),
}

export const ResponsesRequest = v.pipe(
  v.looseObject({
    ...prompt,
    stream: field(v.boolean(), 'Send the answer as server-sent events while it is written.'),
    stream_options: field(
      v.looseObject({ include_obfuscation: field(v.boolean(), 'Not honoured: events are never padded.') }),
      'Allowed only together with `stream: true`.',
    ),
    background: field(v.boolean(), 'Answer at once, and go on when the caller leaves. The response is to be fetched.'),
    store: field(v.boolean(), 'Keep the response: true if left out.'),
    include: field(
      v.array(v.string()),
      'With `reasoning.encrypted_content`, reasoning carries what must come back with it where nothing is stored.',
    ),
    max_output_tokens: field(positive, 'Most tokens of the answer, reasoning included.'),
    temperature: field(between(0, 2), 'Randomness of the answer, 0 to 2.'),
    top_p: field(between(0, 1), 'Share of the probability mass to choose from.'),
    frequency_penalty: field(between(-2, 2), 'Lowers the chance of what occurred often. Of the Open Responses API.'),
    presence_penalty: field(between(-2, 2), 'Lowers the chance of what occurred at all. Of the Open Responses API.'),
    top_logprobs: field(v.number(), 'Not honoured.'),
    metadata: field(labels, 'Up to 16 labels, which come back with the response.'),
    user: field(label, 'Your own name for the person behind the request.'),
    safety_identifier: field(label, 'The newer name of `user`, read where that is missing.'),
    prompt_cache_key: field(v.string(), 'Not honoured: the provider’s CLI caches by itself.'),
    service_tier: field(v.string(), 'Only `auto` and `default`: there is one tier.'),
    prompt: refused('Refused: templates are not kept here.'),
    max_tool_calls: notHonoured,
    context_management: notHonoured,
    moderation: notHonoured,
    access_programs: notHonoured,
    image: notHonoured,
    prompt_cache_options: notHonoured,
    prompt_cache_retention: notHonoured,
    client_metadata: notHonoured,
  }),
  v.metadata({
    title: 'Response request',
    description: OTHER_FIELDS,
    examples: [{ model: 'demo/chat', input: 'Hello!' }],
  }),
)

export const ResponsesCountRequest = v.pipe(
  v.looseObject(prompt),
  v.metadata({
    title: 'Input token count request',
    description: 'A response request; what only an answer needs may be left out, and is passed over.',
    examples: [{ model: 'demo/chat', input: 'Hello!' }],
  }),
)

export type ResponsesRequest = v.InferOutput<typeof ResponsesRequest>
export type CountRequest = v.InferOutput<typeof ResponsesCountRequest>

/** Every named schema, for the components of the API document. */
export const schemas = {
  ResponsesRequest,
  ResponsesCountRequest,
  ResponsesReasoningOptions,
  ResponsesTextOptions,
  ResponsesTextFormat: tools.ResponsesTextFormat,
  ResponsesFunctionTool: tools.ResponsesFunctionTool,
  ResponsesCustomTool: tools.ResponsesCustomTool,
  ResponsesNamespaceTool: tools.ResponsesNamespaceTool,
  ResponsesHostedTool: tools.ResponsesHostedTool,
  ResponsesToolChoice: tools.ResponsesToolChoice,
  ResponsesInputItem: items.ResponsesInputItem,
  ResponsesMessage: items.ResponsesMessage,
  ResponsesFunctionCall: items.ResponsesFunctionCall,
  ResponsesFunctionOutput: items.ResponsesFunctionOutput,
  ResponsesCustomCall: items.ResponsesCustomCall,
  ResponsesCustomOutput: items.ResponsesCustomOutput,
  ResponsesReasoning: items.ResponsesReasoning,
  ResponsesItemReference: items.ResponsesItemReference,
  ResponsesAdditionalTools: items.ResponsesAdditionalTools,
  ResponsesForeignItem: items.ResponsesForeignItem,
  ResponsesCompaction: items.ResponsesCompaction,
  ResponsesInputText: parts.ResponsesInputText,
  ResponsesInputImage: parts.ResponsesInputImage,
  ResponsesInputFile: parts.ResponsesInputFile,
  ResponsesInputAudio: parts.ResponsesInputAudio,
  ResponsesSaidText: parts.ResponsesSaidText,
  ResponsesSaidRefusal: parts.ResponsesSaidRefusal,
  ResponsesResponse: answers.ResponsesResponse,
  ResponsesOutputItem: answers.ResponsesOutputItem,
  ResponsesUsage: answers.ResponsesUsage,
  ResponsesItemList: answers.ResponsesItemList,
  ResponsesDeleted: answers.ResponsesDeleted,
  ResponsesTokenCount: answers.ResponsesTokenCount,
  ResponsesStreamEvent,
}
