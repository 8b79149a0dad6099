import { Elysia } from 'elysia'
import { GatewayError } from '../../core/error.ts'
import { check } from '../../dialects/check.ts'
import { estimateTokens } from '../../core/estimate-tokens.ts'
import { decodeCount, type Form } from '../../dialects/gemini/decode.ts'
import { gemini } from '../../dialects/gemini/dialect.ts'
import { GeminiCountRequest, GeminiRequest } from '../../dialects/gemini/schema.ts'
import { respell } from '../../dialects/gemini/spelling.ts'
import { readJson } from '../body.ts'
import { exchangeOf } from '../exchange.ts'
import type { Gateway } from '../gateway.ts'
import { handle, planTurn } from '../handle.ts'
import { geminiModel, geminiModels } from './gemini-models.ts'
import { scopedModels as scoped } from './models.ts'

/** What a path asks of a model. The name may have colons and slashes of its own. */
const CALL = /^(.+):(\w+)$/s

type Context = { request: Request; params: { '*': string }; query: Record<string, string>; body: unknown }

/**
 * Google's Gemini API below `/v1beta` and, where its newer SDKs look for it, below `/v1`: `POST …/models/{model}:generateContent`,
 * `:streamGenerateContent`, `:countTokens`, and the list of models.
 */
export function generateContent(gateway: Gateway) {
  const parse = ({ request }: { request: Request }) => readJson(request, gateway.config.bodyLimit)
  const call = ({ request, params, query, body }: Context): Promise<Response> => {
    const { model, method } = readCall(params['*'])
    const form = formOf(query['alt'])
    switch (method) {
      case 'generateContent':
        return generate(request, model, 'whole', body)
      case 'streamGenerateContent':
        return generate(request, model, form, body)
      case 'countTokens':
        return count(request, model, body)
      default:
        // Not `not_found`, which is a path that nobody serves.
        throw new GatewayError('invalid_request', `The method "${method}" of models is not available here.`, {
          status: 404,
        })
    }
  }
  const generate = (request: Request, model: string, form: Form, json: unknown) => {
    const asked = { model, form, body: check(GeminiRequest, respell(json)) }
    return handle(gateway, gemini(asked), request, asked)
  }
  const count = async (request: Request, model: string, json: unknown) => {
    const exchange = exchangeOf(request)
    const { record } = exchange
    record.dialect = 'gemini'
    const chat = exchange.within(decodeCount(model, check(GeminiCountRequest, respell(json))))
    record.model = chat.model
    // Nothing is run; what could not be answered is not counted either.
    await planTurn(gateway, exchange, chat, request.headers)
    return Response.json({ totalTokens: estimateTokens(chat) }, { headers: { 'x-cligate-estimate': '1' } })
  }
  const list = async ({ request, query }: Omit<Context, 'params' | 'body'>) => {
    formOf(query['alt'])
    return geminiModels(scoped(gateway, request), query)
  }
  const one = async ({ request, params, query }: Omit<Context, 'body'>) => {
    formOf(query['alt'])
    return geminiModel(scoped(gateway, request), params['*'])
  }
  return new Elysia()
    .post('/v1beta/models/*', call, { parse, detail: { hide: true } })
    .post('/v1/models/*', call, { parse, detail: { hide: true } })
    .get('/v1beta/models', list, { detail: { hide: true } })
    .get('/v1beta/models/*', one, { detail: { hide: true } })
}

function readCall(path: string): { model: string; method: string } {
  const [, model, method] = CALL.exec(decoded(path)) ?? []
  if (model !== undefined && method !== undefined) return { model, method }
  throw new GatewayError('invalid_request', 'The path must end with the method: /v1beta/models/NAME:generateContent.', {
    status: 404,
  })
}

/** SDKs encode the slash of a name, people don't. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/**
 * How a stream comes. What is no stream is JSON either way.
 * @throws GatewayError `invalid_request` for a form that there is none of, such as `proto`
 */
function formOf(alt: string | undefined): Form {
  if (alt === 'sse') return 'events'
  if (alt === undefined || alt === 'json') return 'array'
  throw new GatewayError('invalid_request', 'alt must be sse or json.', { param: 'alt' })
}
