import { Elysia } from 'elysia'
import * as v from 'valibot'
import { GatewayError } from '../../core/error.ts'
import { exchangeOf } from '../exchange.ts'
import { isGeminiClient } from '../gemini-client.ts'
import type { Gateway, ModelEntry, ModelList } from '../gateway.ts'
import { errorAnswers, json } from '../openapi.ts'
import { geminiModel, geminiModels } from './gemini-models.ts'

/** What Anthropic tells of a model besides, and no CLI knows. */
const UNKNOWN = { capabilities: null, lifecycle: 'active', line: null, deprecated_at: null, retires_at: null } as const

const Model = v.pipe(
  v.object({
    id: v.string(),
    object: v.pipe(v.literal('model'), v.description('OpenAI’s name for what this is.')),
    created: v.pipe(v.number(), v.integer(), v.description('Seconds since 1970.')),
    owned_by: v.string(),
    type: v.pipe(v.literal('model'), v.description('Anthropic’s name for what this is.')),
    display_name: v.string(),
    created_at: v.pipe(v.string(), v.isoTimestamp(), v.description('The same as `created`, as Anthropic writes it.')),
    max_input_tokens: v.pipe(v.nullable(v.number()), v.description('Null where the provider does not tell.')),
    max_tokens: v.pipe(v.nullable(v.number()), v.description('Most tokens of an answer; null where unknown.')),
    capabilities: v.null(),
    lifecycle: v.literal('active'),
    line: v.null(),
    deprecated_at: v.null(),
    retires_at: v.null(),
  }),
  v.metadata({ title: 'Model', description: 'A model, for the OpenAI and the Anthropic SDKs alike.' }),
)

const ModelPage = v.pipe(
  v.object({
    object: v.literal('list'),
    data: v.array(Model),
    has_more: v.boolean(),
    first_id: v.nullable(v.string()),
    last_id: v.nullable(v.string()),
  }),
  v.metadata({ title: 'Models' }),
)

export const schemas = { Model, ModelPage }
export type Model = v.InferOutput<typeof Model>
export type ModelPage = v.InferOutput<typeof ModelPage>

/** Anthropic's most. Without a limit all models are listed, as OpenAI's SDK expects, which does not page. */
const MOST_A_PAGE = 1000

const LIST = {
  operationId: 'models.list',
  tags: ['OpenAI'],
  summary: 'List the models',
  responses: { 200: json('ModelPage', 'All models, or a page of them.'), ...errorAnswers('OpenAIError', 400, 401) },
  parameters: [
    { name: 'limit', in: 'query', schema: { type: 'integer' as const, minimum: 1, maximum: MOST_A_PAGE } },
    { name: 'after_id', in: 'query', description: 'Begin behind this model.', schema: { type: 'string' as const } },
    { name: 'before_id', in: 'query', description: 'End before this model.', schema: { type: 'string' as const } },
  ],
}

/** `GET /v1/models` and `GET /v1/models/{id}`, for clients of three APIs. Names of models may have slashes and colons. */
export function models(gateway: Gateway) {
  const list = async ({ request, query }: { request: Request; query: Record<string, string> }) =>
    isGeminiClient(request)
      ? geminiModels(scopedModels(gateway, request), query)
      : pageOf(await scopedModels(gateway, request).models(), query)
  const one = async ({ request, params }: { request: Request; params: { '*': string } }) =>
    isGeminiClient(request)
      ? geminiModel(scopedModels(gateway, request), params['*'])
      : find(scopedModels(gateway, request), params['*'])
  return new Elysia().get('/v1/models', list, { detail: LIST }).get('/v1/models/*', one)
}

/** The models that a request may see. */
export type Models = {
  models(): Promise<ModelList>
  model(id: string): Promise<ModelEntry | undefined>
}

/** All models, or those of the provider that the path was scoped to. */
export function scopedModels(gateway: Gateway, request: Request): Models {
  const { provider } = exchangeOf(request)
  if (provider === undefined) return gateway
  return {
    models: async () => (await gateway.models()).filter((model) => model.provider === provider),
    model: (id) => gateway.model(id, provider),
  }
}

/** The swagger plugin leaves out paths with `*`. */
export const paths = {
  '/v1/models/{model}': {
    get: {
      operationId: 'models.retrieve',
      tags: ['OpenAI'],
      summary: 'Retrieve one model',
      parameters: [
        {
          name: 'model',
          in: 'path',
          required: true,
          description: 'Slashes and colons may stand as they are.',
          schema: { type: 'string' as const },
        },
      ],
      responses: { 200: json('Model', 'The model.'), ...errorAnswers('OpenAIError', 401, 404) },
    },
  },
}

/** SDKs encode the slash of an id, people don't. */
async function find(gateway: Models, path: string): Promise<Model> {
  const entry = await gateway.model(decode(path))
  if (entry) return encode(entry)
  throw new GatewayError('model_not_found', 'There is no such model. GET /v1/models lists those there are.', {
    param: 'model',
  })
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** @throws GatewayError `invalid_request` for a page that cannot be */
function pageOf(all: ModelList, query: Record<string, string>): ModelPage {
  const limit = limitOf(query['limit'])
  const position = (name: string) => {
    const id = query[name]
    if (id === undefined) return undefined
    const found = all.findIndex((model) => model.id === id)
    if (found < 0) throw new GatewayError('invalid_request', `${name} is not the id of a model.`, { param: name })
    return found
  }
  const before = position('before_id')
  const start = (position('after_id') ?? -1) + 1
  const window = all.slice(start, before)
  // Backwards, the page is the one that ends where the caller stands.
  const data = before === undefined ? window.slice(0, limit) : window.slice(-limit)
  return {
    object: 'list',
    data: data.map(encode),
    has_more: data.length < window.length,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  }
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return Number.MAX_SAFE_INTEGER
  const limit = Number(text)
  if (/^\d+$/.test(text) && limit >= 1 && limit <= MOST_A_PAGE) return limit
  throw new GatewayError('invalid_request', `limit must be a whole number from 1 to ${MOST_A_PAGE}.`, {
    param: 'limit',
  })
}

function encode({ id, displayName, ownedBy, created, contextWindow, maxOutputTokens }: ModelEntry): Model {
  return {
    id,
    object: 'model',
    created: Math.floor(created / 1000),
    owned_by: ownedBy,
    type: 'model',
    display_name: displayName,
    created_at: new Date(created).toISOString(),
    max_input_tokens: contextWindow ?? null,
    max_tokens: maxOutputTokens ?? null,
    ...UNKNOWN,
  }
}
