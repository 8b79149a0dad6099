import { Elysia } from 'elysia'
import { openaiChat } from '../../dialects/openai-chat/dialect.ts'
import { explainIssue } from '../../dialects/explain-issue.ts'
import { ChatCompletionRequest } from '../../dialects/openai-chat/schema.ts'
import { readJson } from '../body.ts'
import { type componentsOf, documented } from '../documented.ts'
import type { Gateway } from '../gateway.ts'
import { handle } from '../handle.ts'
import { errorAnswers, jsonAndStream } from '../openapi.ts'

/** `POST /v1/chat/completions`, also without `/v1`. */
export function chatCompletions(gateway: Gateway, components: ReturnType<typeof componentsOf>) {
  const body = documented(ChatCompletionRequest, components, 'ChatCompletionRequest', explainIssue)
  const parse = ({ request }: { request: Request }) => readJson(request, gateway.config.bodyLimit)
  return new Elysia()
    .model({ ChatCompletionRequest: body })
    .post('/v1/chat/completions', ({ request, body }) => handle(gateway, openaiChat, request, body), {
      // `json` never runs: it tells the document which content type a body has.
      parse: [parse, 'json'],
      body: 'ChatCompletionRequest',
      detail: {
        operationId: 'chat.completions.create',
        tags: ['OpenAI'],
        summary: 'Create a chat completion',
        responses: {
          200: jsonAndStream('ChatCompletion', 'ChatCompletionChunk', 'The answer, whole or as a stream of chunks.'),
          ...errorAnswers('OpenAIError', 400, 401, 404, 413, 415, 429, 500, 502, 503, 504),
        },
      },
    })
    .post('/chat/completions', ({ request, body }) => handle(gateway, openaiChat, request, body), {
      parse: [parse, 'json'],
      body: 'ChatCompletionRequest',
      detail: { hide: true },
    })
}
