import { Elysia } from 'elysia'
import { GatewayError } from '../../core/error.ts'
import { estimateTokens } from '../../core/estimate-tokens.ts'
import { explainIssue } from '../../dialects/explain-issue.ts'
import { decodeCount } from '../../dialects/openai-responses/decode.ts'
import { openaiResponses } from '../../dialects/openai-responses/dialect.ts'
import { encodeError } from '../../dialects/openai-responses/errors.ts'
import {
  type CountRequest,
  ResponsesCountRequest,
  ResponsesRequest,
  type ResponsesRequest as RequestBody,
} from '../../dialects/openai-responses/schema.ts'
import type { Admit } from '../admission.ts'
import { readJson } from '../body.ts'
import { type componentsOf, documented } from '../documented.ts'
import { errorResponse } from '../errors.ts'
import { exchangeOf } from '../exchange.ts'
import type { Gateway } from '../gateway.ts'
import { handle, planTurn } from '../handle.ts'
import { BackgroundResponses } from './responses-background.ts'
import { DETAILS } from './responses-details.ts'
import { historyOf, keep } from './responses-history.ts'
import { responsesSocket } from './responses-socket.ts'
import { storedResponses } from './responses-stored.ts'

/** `POST /v1/responses`, and all that can be done with responses that are stored; also without `/v1`. */
export function responses(gateway: Gateway, components: ReturnType<typeof componentsOf>, admit: Admit) {
  const { responses: store } = gateway
  const background = new BackgroundResponses(gateway)
  const stored = storedResponses(gateway, background)
  const socket = responsesSocket(gateway, admit)
  const request = documented(ResponsesRequest, components, 'ResponsesRequest', explainIssue)
  const countRequest = documented(ResponsesCountRequest, components, 'ResponsesCountRequest', explainIssue)
  const parse = ({ request }: { request: Request }) => readJson(request, gateway.config.bodyLimit)

  const create = ({ request, body }: { request: Request; body: RequestBody }) => {
    const owner = exchangeOf(request).caller.id
    const history = historyOf(store, owner)
    if (body.background) return background.start(request, body, history)
    const dialect = openaiResponses({
      history,
      stores: store.enabled,
      finished: (finished) => keep(store, finished, owner),
    })
    return handle(gateway, dialect, request, body)
  }

  const countTokens = async ({ request, body }: { request: Request; body: CountRequest }) => {
    const exchange = exchangeOf(request)
    const { record, caller } = exchange
    record.dialect = 'openai-responses'
    const chat = exchange.within(decodeCount(body, historyOf(store, caller.id)))
    record.model = chat.model
    // Nothing is run; what could not be answered is not counted either.
    await planTurn(gateway, exchange, chat, request.headers)
    const answer = { object: 'response.input_tokens', input_tokens: estimateTokens(chat) }
    return Response.json(answer, { headers: { 'x-cligate-estimate': '1' } })
  }

  const compact = () => {
    throw new GatewayError('not_found', 'Conversations are not compacted here: send their items.')
  }

  // `json` never runs: it tells the document which content type a body has.
  const asRequest = { parse: [parse, 'json' as const], body: 'ResponsesRequest' as const }
  const asCount = { parse: [parse, 'json' as const], body: 'ResponsesCountRequest' as const }
  const hidden = { detail: { hide: true } }
  return new Elysia()
    .model({ ResponsesRequest: request, ResponsesCountRequest: countRequest })
    .post('/v1/responses', create, { ...asRequest, detail: DETAILS.create })
    .post('/v1/responses/input_tokens', answering(countTokens), { ...asCount, detail: DETAILS.countTokens })
    .post('/v1/responses/compact', answering(compact), hidden)
    .get('/v1/responses', answering(socket), hidden)
    .get('/v1/responses/:id', answering(stored.get), { detail: DETAILS.get })
    .delete('/v1/responses/:id', answering(stored.delete), { detail: DETAILS.delete })
    .get('/v1/responses/:id/input_items', answering(stored.inputItems), { detail: DETAILS.inputItems })
    .post('/v1/responses/:id/cancel', answering(stored.cancel), { detail: DETAILS.cancel })
    .post('/responses', create, { ...asRequest, ...hidden })
    .post('/responses/input_tokens', answering(countTokens), { ...asCount, ...hidden })
    .post('/responses/compact', answering(compact), hidden)
    .get('/responses', answering(socket), hidden)
    .get('/responses/:id', answering(stored.get), hidden)
    .delete('/responses/:id', answering(stored.delete), hidden)
    .get('/responses/:id/input_items', answering(stored.inputItems), hidden)
    .post('/responses/:id/cancel', answering(stored.cancel), hidden)
}

/** Errors of handlers, written here: a response that is not found is no unknown path. */
function answering<Call extends { request: Request }>(handler: (call: Call) => Response | Promise<Response>) {
  return async (call: Call): Promise<Response> => {
    try {
      return await handler(call)
    } catch (thrown) {
      const error = GatewayError.from(thrown)
      exchangeOf(call.request).fail(error)
      return errorResponse(error, { error: encodeError })
    }
  }
}
