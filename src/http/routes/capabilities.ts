import { Elysia } from 'elysia'
import * as v from 'valibot'
import { GatewayError } from '../../core/error.ts'
import { PARAMETERS, type Parameter } from '../../core/request.ts'
import { explainIssue } from '../../dialects/explain-issue.ts'
import { readJson } from '../body.ts'
import { capabilitiesOf } from '../capabilities.ts'
import { compatibilityOf } from '../compatibility.ts'
import { type componentsOf, documented } from '../documented.ts'
import { exchangeOf } from '../exchange.ts'
import type { Gateway, ModelEntry } from '../gateway.ts'
import { DIALECTS } from '../known-dialects.ts'
import { errorAnswers, json } from '../openapi.ts'
import { type Models, scopedModels } from './models.ts'

/** The parameters by the names of Chat Completions. */
const NAMES: Readonly<Record<Parameter, string>> = {
  temperature: 'temperature',
  topP: 'top_p',
  topK: 'top_k',
  maxTokens: 'max_tokens',
  stop: 'stop',
  seed: 'seed',
  frequencyPenalty: 'frequency_penalty',
  presencePenalty: 'presence_penalty',
  count: 'n',
  effort: 'reasoning_effort',
  user: 'user',
  metadata: 'metadata',
  tools: 'tools',
  toolChoice: 'tool_choice',
  parallelToolCalls: 'parallel_tool_calls',
  strictTools: 'tools[].function.strict',
  output: 'response_format',
}

const capability = v.picklist(['native', 'emulated', 'ignored', 'refused'])
const fieldList = (description: string) => v.pipe(v.array(v.string()), v.description(description))

const Capabilities = v.pipe(
  v.object({
    object: v.literal('list'),
    data: v.array(
      v.object({
        id: v.string(),
        provider: v.string(),
        model: v.pipe(v.string(), v.description('The provider’s own name for it.')),
        context_window: v.optional(v.number()),
        max_output_tokens: v.optional(v.number()),
        parameters: v.pipe(
          v.record(v.string(), capability),
          v.description('By the names of Chat Completions, each asked about by itself and with a common value.'),
        ),
      }),
    ),
    dialects: v.array(v.object({ name: v.string(), endpoint: v.string() })),
    modalities: v.object({ input: v.array(v.string()), output: v.array(v.string()) }),
  }),
  v.metadata({ title: 'Capabilities', description: 'What models do with the parameters of requests.' }),
)

const CompatibilityRequest = v.pipe(
  v.looseObject({
    dialect: v.pipe(v.string(), v.description('Whose API the request is of: a name from `GET /v1/capabilities`.')),
    model: v.pipe(v.optional(v.string()), v.description('For the Gemini API, which has it in the path.')),
    request: v.pipe(v.looseObject({}), v.description('The body of the request.')),
  }),
  v.metadata({
    title: 'Compatibility request',
    description: 'A request that is not to be run.',
    examples: [
      {
        dialect: 'openai-chat',
        request: { model: 'demo/chat', temperature: 0.5, messages: [{ role: 'user', content: 'Hello!' }] },
      },
    ],
  }),
)

const Compatibility = v.pipe(
  v.object({
    object: v.literal('compatibility'),
    dialect: v.string(),
    model: v.nullable(v.string()),
    provider: v.nullable(v.string()),
    listed: v.pipe(
      v.boolean(),
      v.description('Whether the provider lists the model; one that it does not list is its own to refuse.'),
    ),
    runs: v.pipe(v.boolean(), v.description('Whether the request would be answered.')),
    honoured: fieldList('The provider does it.'),
    emulated: fieldList('The gateway does it.'),
    kept: fieldList('The provider is not told it; the answer holds it again.'),
    ignored: fieldList('Nobody does it; the answer comes all the same.'),
    refused: v.pipe(
      v.array(v.object({ field: v.nullable(v.string()), code: v.string(), message: v.string() })),
      v.description('Why there would be no answer. Without strict mode only the first reason is known.'),
    ),
  }),
  v.metadata({ title: 'Compatibility', description: 'What would become of a request, by the paths of its fields.' }),
)

export const schemas = { Capabilities, CompatibilityRequest, Compatibility }
type CapabilityEntry = v.InferOutput<typeof Capabilities>['data'][number]

/** `GET /v1/capabilities`, of all models or the one of `?model=`, and `POST /v1/compatibility`. Nothing is run by either. */
export function capabilities(gateway: Gateway, components: ReturnType<typeof componentsOf>) {
  const body = documented(CompatibilityRequest, components, 'CompatibilityRequest', explainIssue)
  const parse = ({ request }: { request: Request }) => readJson(request, gateway.config.bodyLimit)
  const list = async (request: Request, model: string | undefined): Promise<v.InferOutput<typeof Capabilities>> => {
    const entries = model === undefined ? await listed(gateway, request) : [{ id: model }]
    const { provider } = exchangeOf(request)
    const data: CapabilityEntry[] = []
    for (const entry of entries) data.push(await capabilityEntry(gateway, entry, provider))
    return {
      object: 'list',
      data,
      dialects: DIALECTS.map(({ name, endpoint }) => ({ name, endpoint })),
      modalities: { input: ['text', 'image', 'document'], output: ['text'] },
    }
  }
  const examine = async (request: Request, asked: v.InferOutput<typeof CompatibilityRequest>) => {
    const dialect = DIALECTS.find(({ name, endpoint }) => name === asked.dialect || endpoint === asked.dialect)
    if (!dialect) {
      const names = DIALECTS.map(({ name }) => name).join(', ')
      throw new GatewayError('invalid_request', `dialect must be one of ${names}.`, { param: 'dialect' })
    }
    const exchange = exchangeOf(request)
    const strict = gateway.config.strict || /^(?:1|true)$/i.test(request.headers.get('x-cligate-strict') ?? '')
    const decode = () => exchange.within(dialect.decode(asked.request, asked.model))
    const found = await compatibilityOf(decode, gateway.plan, strict)
    const answer: v.InferOutput<typeof Compatibility> = {
      object: 'compatibility',
      dialect: dialect.name,
      listed: found.provider !== null && (await isListed(scopedModels(gateway, request), found.model ?? '')),
      ...found,
    }
    return answer
  }
  return new Elysia()
    .model({ CompatibilityRequest: body })
    .get('/v1/capabilities', ({ request, query }) => list(request, query['model']), {
      detail: {
        operationId: 'capabilities.list',
        tags: ['Gateway'],
        summary: 'What models do with parameters',
        parameters: [{ name: 'model', in: 'query', description: 'Only this one.', schema: { type: 'string' } }],
        responses: { 200: json('Capabilities', 'All models, or one.'), ...errorAnswers('OpenAIError', 400, 401, 404) },
      },
    })
    .post('/v1/compatibility', ({ request, body }) => examine(request, body), {
      // `json` never runs: it tells the document which content type a body has.
      parse: [parse, 'json'],
      body: 'CompatibilityRequest',
      detail: {
        operationId: 'compatibility.examine',
        tags: ['Gateway'],
        summary: 'What would become of a request',
        responses: {
          200: json('Compatibility', 'Field by field; also for a request that would be refused.'),
          ...errorAnswers('OpenAIError', 400, 401, 413, 415),
        },
      },
    })
}

async function isListed(models: Models, id: string): Promise<boolean> {
  try {
    return (await models.model(id)) !== undefined
  } catch (thrown) {
    if (thrown instanceof GatewayError && thrown.code === 'model_not_found') return false
    throw thrown
  }
}

type Known = Pick<ModelEntry, 'id' | 'contextWindow' | 'maxOutputTokens'>

/** Without variants, which are alike. */
async function listed(gateway: Gateway, request: Request): Promise<Known[]> {
  const all = await scopedModels(gateway, request).models()
  return all.filter(({ variant }) => !variant)
}

async function capabilityEntry(gateway: Gateway, entry: Known, scope: string | undefined): Promise<CapabilityEntry> {
  const base = scope === undefined ? { model: entry.id } : { model: entry.id, provider: scope }
  const { provider, model, parameters } = await capabilitiesOf(gateway.plan, base)
  return {
    id: entry.id,
    provider,
    model,
    ...(entry.contextWindow === undefined ? {} : { context_window: entry.contextWindow }),
    ...(entry.maxOutputTokens === undefined ? {} : { max_output_tokens: entry.maxOutputTokens }),
    parameters: Object.fromEntries(PARAMETERS.map((parameter) => [NAMES[parameter], parameters[parameter]])),
  }
}
