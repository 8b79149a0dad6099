// The APIs that requests may be of, for those who ask about requests rather than make them.
import { GatewayError } from '../core/error.ts'
import type { ChatRequest } from '../core/request.ts'
import { anthropicMessages } from '../dialects/anthropic-messages/dialect.ts'
import { AnthropicMessagesRequest } from '../dialects/anthropic-messages/schema.ts'
import { check } from '../dialects/check.ts'
import { gemini } from '../dialects/gemini/dialect.ts'
import { GeminiRequest } from '../dialects/gemini/schema.ts'
import { respell } from '../dialects/gemini/spelling.ts'
import { openaiCompletions } from '../dialects/openai-completions/dialect.ts'
import { CompletionRequest } from '../dialects/openai-completions/schema.ts'
import { openaiChat } from '../dialects/openai-chat/dialect.ts'
import { ChatCompletionRequest } from '../dialects/openai-chat/schema.ts'
import { openaiResponses } from '../dialects/openai-responses/dialect.ts'
import { ResponsesRequest } from '../dialects/openai-responses/schema.ts'

export type KnownDialect = {
  name: string
  endpoint: string
  /** @throws GatewayError whatever is wrong with the request. @param model for an API that has it in the path */
  decode(json: unknown, model: string | undefined): ChatRequest
}

export const DIALECTS: readonly KnownDialect[] = [
  {
    name: 'openai-chat',
    endpoint: '/v1/chat/completions',
    decode: (json) => openaiChat.decode(check(ChatCompletionRequest, json)),
  },
  {
    name: 'openai-responses',
    endpoint: '/v1/responses',
    decode: (json) => openaiResponses().decode(check(ResponsesRequest, json)),
  },
  {
    name: 'anthropic-messages',
    endpoint: '/v1/messages',
    decode: (json) => anthropicMessages.decode(check(AnthropicMessagesRequest, json)),
  },
  {
    name: 'gemini',
    endpoint: '/v1beta/models/{model}:generateContent',
    decode: (json, model) => {
      if (!model) throw new GatewayError('invalid_request', 'model is required: a name.', { param: 'model' })
      const call = { model, form: 'whole' as const, body: check(GeminiRequest, respell(json)) }
      return gemini(call).decode(call)
    },
  },
  {
    name: 'openai-completions',
    endpoint: '/v1/completions',
    decode: (json) => {
      const body = check(CompletionRequest, json)
      return openaiCompletions(body).decode(body)
    },
  },
]
