import { Elysia } from 'elysia'
import type { ChatRequest } from '../../core/request.ts'
import { estimateTokens } from '../../core/estimate-tokens.ts'
import { decodeCount } from '../../dialects/anthropic-messages/decode.ts'
import { anthropicMessages } from '../../dialects/anthropic-messages/dialect.ts'
import {
  AnthropicCountRequest,
  AnthropicMessagesRequest,
  type CountRequest,
} from '../../dialects/anthropic-messages/schema.ts'
import { explainIssue } from '../../dialects/explain-issue.ts'
import { readJson } from '../body.ts'
import { type componentsOf, documented } from '../documented.ts'
import { shapeOf } from '../errors.ts'
import { exchangeOf } from '../exchange.ts'
import type { Gateway } from '../gateway.ts'
import { handle, planTurn } from '../handle.ts'
import { errorAnswers, json, jsonAndStream } from '../openapi.ts'

/** Tokens of a prompt, and whether they are an estimate. */
export type TokenCounter = (
  request: ChatRequest,
  signal: AbortSignal,
) => Promise<{ tokens: number; estimated: boolean }>

/** Asks nobody. */
const estimate: TokenCounter = async (request) => ({ tokens: estimateTokens(request), estimated: true })

/**
 * `POST /v1/messages` and `POST /v1/messages/count_tokens`, also without `/v1`. What `?beta=true` and the headers
 * `anthropic-version` and `anthropic-beta` say changes nothing: fields count, whichever version they came with.
 */
export function messages(gateway: Gateway, components: ReturnType<typeof componentsOf>, count = estimate) {
  const request = documented(AnthropicMessagesRequest, components, 'AnthropicMessagesRequest', explainIssue)
  const countRequest = documented(AnthropicCountRequest, components, 'AnthropicCountRequest', explainIssue)
  const parse = ({ request }: { request: Request }) => readJson(request, gateway.config.bodyLimit)
  const countTokens = async ({ request, body }: { request: Request; body: CountRequest }) => {
    const exchange = exchangeOf(request)
    const { record, signal } = exchange
    record.dialect = anthropicMessages.name
    const chat = exchange.within(decodeCount(body))
    record.model = chat.model
    // Nothing is run; what could not be answered is not counted either.
    await planTurn(gateway, exchange, chat, request.headers)
    const { tokens, estimated } = await count(chat, signal)
    return Response.json({ input_tokens: tokens }, { headers: estimated ? { 'x-cligate-estimate': '1' } : {} })
  }
  // `json` never runs: it tells the document which content type a body has.
  const asMessage = { parse: [parse, 'json' as const], body: 'AnthropicMessagesRequest' as const }
  const asCount = { parse: [parse, 'json' as const], body: 'AnthropicCountRequest' as const }
  return new Elysia()
    .model({ AnthropicMessagesRequest: request, AnthropicCountRequest: countRequest })
    .post('/v1/messages', ({ request, body }) => handle(gateway, anthropicMessages, request, body), {
      ...asMessage,
      detail: {
        operationId: 'messages.create',
        tags: ['Anthropic'],
        summary: 'Create a message',
        responses: {
          200: jsonAndStream('AnthropicMessage', 'AnthropicStreamEvent', 'The answer, whole or as a stream of events.'),
          ...errorAnswers('AnthropicError', 400, 401, 404, 413, 415, 429, 500, 502, 503, 504),
        },
      },
    })
    .post('/v1/messages/count_tokens', countTokens, {
      ...asCount,
      detail: {
        operationId: 'messages.countTokens',
        tags: ['Anthropic'],
        summary: 'Count the tokens of a message',
        responses: {
          200: json('AnthropicTokenCount', 'The count; an estimate where `x-cligate-estimate` says so.'),
          ...errorAnswers('AnthropicError', 400, 401, 404, 413, 415, 500),
        },
      },
    })
    .post('/messages', ({ request, body }) => handle(gateway, anthropicMessages, request, body), {
      ...asMessage,
      detail: { hide: true },
    })
    .post('/messages/count_tokens', countTokens, { ...asCount, detail: { hide: true } })
}

/** The Anthropic SDKs read the id of a request from a header of another name. */
export function addRequestId(request: Request, response: Response): Response {
  if (shapeOf(request) === anthropicMessages) {
    response.headers.set('request-id', response.headers.get('x-request-id') ?? '')
  }
  return response
}
