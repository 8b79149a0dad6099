// What `POST /v1/chat/completions` answers: for the API document, the types of the encoders, and the tests.
import * as v from 'valibot'
import { gatewayUsage, ofSeveral } from '../gateway-usage.ts'
import { count } from '../schema-fields.ts'

export const ChatUsage = v.pipe(
  v.object({
    prompt_tokens: count,
    completion_tokens: count,
    total_tokens: count,
    prompt_tokens_details: v.object({ cached_tokens: count, cache_write_tokens: count, audio_tokens: count }),
    completion_tokens_details: v.object({
      reasoning_tokens: count,
      audio_tokens: count,
      accepted_prediction_tokens: count,
      rejected_prediction_tokens: count,
    }),
    x_cligate: gatewayUsage('OpenAI', ofSeveral),
  }),
  v.metadata({ title: 'Usage', description: 'Tokens of all answers together, as the provider reports them.' }),
)

const finishReason = v.picklist(['stop', 'length', 'tool_calls', 'content_filter', 'function_call'])

const toolCall = v.object({
  id: v.string(),
  type: v.literal('function'),
  function: v.object({ name: v.string(), arguments: v.string() }),
})

export const ChatCompletion = v.pipe(
  v.object({
    id: v.string(),
    object: v.literal('chat.completion'),
    created: v.pipe(v.number(), v.integer(), v.description('Seconds since 1970.')),
    model: v.pipe(v.string(), v.description('The model’s name as the request gave it.')),
    choices: v.array(
      v.object({
        index: count,
        message: v.object({
          role: v.literal('assistant'),
          content: v.pipe(v.nullable(v.string()), v.description('Null only beside calls and refusals.')),
          reasoning_content: v.pipe(
            v.optional(v.string()),
            v.description('The model’s thinking. Not in OpenAI’s API.'),
          ),
          tool_calls: v.optional(v.array(toolCall)),
          function_call: v.pipe(
            v.optional(v.object({ name: v.string(), arguments: v.string() })),
            v.metadata({ description: 'In answer to a request with `functions`.', deprecated: true }),
          ),
          refusal: v.pipe(
            v.nullable(v.string()),
            v.description('What the model said instead of an answer in the form that was asked for.'),
          ),
          annotations: v.array(v.never()),
        }),
        logprobs: v.null(),
        finish_reason: finishReason,
      }),
    ),
    usage: v.pipe(v.optional(ChatUsage), v.description('Left out where the provider told no numbers.')),
  }),
  v.metadata({ title: 'Chat completion', description: 'A whole answer.' }),
)

export const ChatCompletionChunk = v.pipe(
  v.object({
    id: v.string(),
    object: v.literal('chat.completion.chunk'),
    created: v.pipe(v.number(), v.integer(), v.description('Seconds since 1970.')),
    model: v.string(),
    choices: v.array(
      v.object({
        index: count,
        delta: v.object({
          role: v.optional(v.literal('assistant')),
          content: v.optional(v.nullable(v.string())),
          reasoning_content: v.optional(v.string()),
          refusal: v.optional(v.nullable(v.string())),
          function_call: v.optional(v.object({ name: v.optional(v.string()), arguments: v.string() })),
          tool_calls: v.optional(
            v.array(
              v.object({
                index: count,
                id: v.optional(v.string()),
                type: v.optional(v.literal('function')),
                function: v.object({ name: v.optional(v.string()), arguments: v.string() }),
              }),
            ),
          ),
        }),
        logprobs: v.null(),
        finish_reason: v.nullable(finishReason),
      }),
    ),
    usage: v.pipe(
      v.optional(v.nullable(ChatUsage)),
      v.description('Present only with `stream_options.include_usage`: null, and the usage in the last chunk.'),
    ),
  }),
  v.metadata({ title: 'Chat completion chunk', description: 'One event of a streamed answer.' }),
)

export type ChatUsage = v.InferOutput<typeof ChatUsage>
export type ChatCompletion = v.InferOutput<typeof ChatCompletion>
