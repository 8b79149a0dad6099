// The request of `POST /v1/chat/completions`, and the registry of this dialect's named schemas for the API document.
import * as v from 'valibot'
import { EFFORTS } from '../../core/request.ts'
import { notArray } from '../not-array.ts'
import { OpenAIError } from '../openai-error.ts'
import {
  between,
  deprecated,
  field,
  label,
  labels,
  modelName,
  OTHER_FIELDS,
  positive,
  stopTexts,
  wholeNumber,
} from '../schema-fields.ts'
import { ChatCompletion, ChatCompletionChunk, ChatUsage } from './schema-answer.ts'
import {
  ChatMessage,
  ChatSystemMessage,
  ChatDeveloperMessage,
  ChatUserMessage,
  ChatAssistantMessage,
  ChatToolMessage,
  ChatTextPart,
  ChatImagePart,
  ChatFilePart,
  ChatAudioPart,
  ChatRefusalPart,
  ChatFunctionMessage,
  ChatToolCall,
} from './schema-messages.ts'
import {
  ChatFunction,
  ChatFunctionChoice,
  ChatFunctionTool,
  ChatResponseFormat,
  ChatTool,
  ChatToolChoice,
  MAX_TOOLS,
} from './schema-tools.ts'

/** Far beyond any real conversation; each message costs memory and time in every layer. */
const MAX_MESSAGES = 10_000
/** Answers a request may ask for. OpenAI allows 128, but here each one is a turn of a CLI of its own. */
const MAX_CHOICES = 8

export const ChatStreamOptions = v.pipe(
  notArray(
    v.looseObject({
      include_usage: field(v.boolean(), 'Send one more chunk before `[DONE]`, with the usage and no choices.'),
      include_obfuscation: field(v.boolean(), 'Not honoured: chunks are never padded.'),
    }),
  ),
  v.metadata({ title: 'Stream options', description: 'Allowed only together with `stream: true`.' }),
)

export const ChatCompletionRequest = v.pipe(
  v.looseObject({
    model: modelName,
    messages: v.pipe(
      v.array(ChatMessage),
      v.nonEmpty(),
      v.maxLength(MAX_MESSAGES),
      v.description('The whole conversation: the gateway keeps none of it between requests.'),
    ),
    stream: field(v.boolean(), 'Send the answer as server-sent events while it is written.'),
    stream_options: field(ChatStreamOptions, 'Allowed only together with `stream: true`.'),
    temperature: field(between(0, 2), 'Randomness of the answer, 0 to 2.'),
    top_p: field(between(0, 1), 'Share of the probability mass to choose from.'),
    top_k: field(positive, 'Number of tokens to choose from. Not in OpenAI’s own API.'),
    max_completion_tokens: field(positive, 'Most tokens of an answer, reasoning included.'),
    max_tokens: deprecated(positive, 'The old name of `max_completion_tokens`.'),
    stop: stopTexts,
    n: field(
      v.pipe(
        v.number(),
        v.integer(),
        v.minValue(1),
        v.maxValue(MAX_CHOICES, `must be at most ${MAX_CHOICES} here: each answer is a turn of its own`),
      ),
      `Number of answers, at most ${MAX_CHOICES}: each is a turn of its own and costs as much.`,
    ),
    seed: field(wholeNumber, 'Asks for repeatable answers where the model can give them.'),
    frequency_penalty: field(between(-2, 2), 'Lowers the chance of what occurred often.'),
    presence_penalty: field(between(-2, 2), 'Lowers the chance of what occurred at all.'),
    reasoning_effort: field(v.picklist(EFFORTS), 'How much the model thinks; mapped to the nearest level it knows.'),
    user: field(label, 'Your own name for the person behind the request.'),
    safety_identifier: field(label, 'The newer name of `user`, read where that is missing.'),
    metadata: field(labels, 'Up to 16 labels for logs.'),
    tools: field(v.pipe(v.array(ChatTool), v.maxLength(MAX_TOOLS)), 'Functions that you run and the model may call.'),
    tool_choice: field(ChatToolChoice, 'Whether the model may, must or must not call one, and which.'),
    parallel_tool_calls: field(v.boolean(), 'Whether the model may call several tools at once.'),
    response_format: field(ChatResponseFormat, 'The form that the answer must have. It is checked before it counts.'),
    functions: deprecated(v.pipe(v.array(ChatFunction), v.maxLength(MAX_TOOLS)), 'The old form of `tools`.'),
    function_call: deprecated(ChatFunctionChoice, 'The old form of `tool_choice`.'),
    modalities: field(v.array(v.string()), 'Only `["text"]`.'),
    audio: field(v.unknown(), 'Not honoured: answers are text.'),
    logit_bias: field(notArray(v.record(v.string(), v.number())), 'Not honoured.'),
    logprobs: field(v.boolean(), 'Not honoured.'),
    top_logprobs: field(v.number(), 'Not honoured.'),
    prediction: field(v.unknown(), 'Not honoured.'),
    verbosity: field(v.string(), 'Not honoured.'),
    web_search_options: field(v.unknown(), 'Not honoured.'),
    moderation: field(v.unknown(), 'Not honoured.'),
    service_tier: field(v.string(), 'Not honoured.'),
    store: field(v.boolean(), 'Not honoured: answers are not stored.'),
    prompt_cache_key: field(v.string(), 'Not honoured: the provider’s CLI caches by itself.'),
    prompt_cache_options: field(v.unknown(), 'Not honoured.'),
    prompt_cache_retention: field(v.string(), 'Not honoured.'),
  }),
  v.metadata({
    title: 'Chat completion request',
    description: OTHER_FIELDS,
    examples: [{ model: 'demo/chat', messages: [{ role: 'user', content: 'Hello!' }] }],
  }),
)

export type ChatCompletionRequest = v.InferOutput<typeof ChatCompletionRequest>

/** Every named schema, for the components of the API document. */
export const schemas = {
  ChatCompletionRequest,
  ChatStreamOptions,
  ChatMessage,
  ChatSystemMessage,
  ChatDeveloperMessage,
  ChatUserMessage,
  ChatAssistantMessage,
  ChatToolMessage,
  ChatFunctionMessage,
  ChatTextPart,
  ChatImagePart,
  ChatFilePart,
  ChatAudioPart,
  ChatRefusalPart,
  ChatToolCall,
  ChatTool,
  ChatFunctionTool,
  ChatFunction,
  ChatToolChoice,
  ChatResponseFormat,
  ChatCompletion,
  ChatCompletionChunk,
  ChatUsage,
  OpenAIError,
}
