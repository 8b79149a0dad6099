// Models as Google's API lists them.
import * as v from 'valibot'
import { GatewayError } from '../../core/error.ts'
import type { ModelEntry } from '../gateway.ts'
import type { Models } from './models.ts'

const GeminiModel = v.pipe(
  v.object({
    name: v.pipe(v.string(), v.description('`models/` and the name.')),
    version: v.string(),
    displayName: v.string(),
    inputTokenLimit: v.optional(v.pipe(v.number(), v.integer())),
    outputTokenLimit: v.optional(v.pipe(v.number(), v.integer())),
    supportedGenerationMethods: v.array(v.string()),
  }),
  v.metadata({ title: 'Gemini model', description: 'A model, for Google’s SDKs.' }),
)

const GeminiModelPage = v.pipe(
  v.object({ models: v.array(GeminiModel), nextPageToken: v.optional(v.string()) }),
  v.metadata({ title: 'Gemini models', description: 'A page of models.' }),
)

export const schemas = { GeminiModel, GeminiModelPage }

const MOST_A_PAGE = 1000

/**
 * A page of all models. Without `pageSize` there is only one.
 * @throws GatewayError `invalid_request` for a page that cannot be
 */
export async function geminiModels(
  gateway: Models,
  query: Record<string, string>,
): Promise<v.InferOutput<typeof GeminiModelPage>> {
  const all = await gateway.models()
  const size = numberIn(query, 'pageSize', 1) ?? all.length
  const start = numberIn(query, 'pageToken', 0) ?? 0
  const end = start + Math.min(size, MOST_A_PAGE)
  return {
    models: all.slice(start, end).map(encode),
    ...(end < all.length ? { nextPageToken: String(end) } : {}),
  }
}

/** @throws GatewayError `model_not_found` */
export async function geminiModel(gateway: Models, path: string): Promise<v.InferOutput<typeof GeminiModel>> {
  const entry = await gateway.model(decoded(path))
  if (entry) return encode(entry)
  throw new GatewayError('model_not_found', 'There is no such model. GET /v1beta/models lists those there are.', {
    param: 'model',
  })
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

function numberIn(query: Record<string, string>, name: string, least: number): number | undefined {
  const text = query[name]
  // Clients send an empty token for the first page.
  if (text === undefined || text === '') return undefined
  const value = Number(text)
  if (/^\d{1,9}$/.test(text) && value >= least) return value
  throw new GatewayError('invalid_request', `${name} is not valid.`, { param: name })
}

function encode({ id, displayName, contextWindow, maxOutputTokens }: ModelEntry) {
  return {
    name: `models/${id}`,
    version: '1',
    displayName,
    ...(contextWindow === undefined ? {} : { inputTokenLimit: contextWindow }),
    ...(maxOutputTokens === undefined ? {} : { outputTokenLimit: maxOutputTokens }),
    supportedGenerationMethods: ['generateContent', 'streamGenerateContent', 'countTokens'],
  }
}
