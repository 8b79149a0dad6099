import type { ChatRequest } from '../../core/request.ts'
import { invalid, refuse } from '../refuse.ts'
import { isVoid, reportStray } from '../stray-fields.ts'
import { decodeContents, decodeSystem } from './decode-contents.ts'
import { checkConfig, decodeOutput, decodeReasoning, decodeSampling } from './decode-parameters.ts'
import { decodeTools } from './decode-tools.ts'
import { type CountTokensRequest, GeminiCountRequest, type GenerateContentRequest } from './schema.ts'
import { unsupportedFields } from './unsupported.ts'

/** How an answer comes: in one piece, as server-sent events, or as a JSON array that grows. */
export type Form = 'whole' | 'events' | 'array'

/** A request with what its path says. */
export type GeminiCall = { model: string; form: Form; body: GenerateContentRequest }

/**
 * A checked body as a neutral request. Fields that nothing can honour end up in `unsupported` by their paths.
 * @throws GatewayError `invalid_request` or `unsupported_parameter` with `param`
 */
export function decode({ model, form, body }: GeminiCall): ChatRequest {
  if (body.cachedContent) refuse('cachedContent', 'Nothing is kept here: send the cached content itself.')
  const unsupported = unsupportedFields(body)
  const config = body.generationConfig ?? {}
  checkConfig(config, unsupported)
  const tools = decodeTools(body, unsupported)
  const { given } = tools
  const count = config.candidateCount ?? 1
  if (count > 1) given.count = 'generationConfig.candidateCount'
  const metadata = { ...body.labels }
  if (Object.keys(metadata).length > 0) given.metadata = 'labels'
  const system = decodeSystem(body.systemInstruction, unsupported)
  const messages = decodeContents(body.contents, unsupported)
  if (messages.length === 0 && system.length === 0) invalid('contents', 'contents holds nothing to answer.')
  return {
    model,
    system,
    messages,
    ...tools,
    output: decodeOutput(config, given),
    sampling: decodeSampling(config, given),
    reasoning: decodeReasoning(config, given, unsupported),
    stream: form !== 'whole',
    count,
    metadata,
    unsupported,
  }
}

/** What shall be counted, as the request that it would be. */
export function decodeCount(model: string, count: CountTokensRequest): ChatRequest {
  const { contents, generateContentRequest: whole } = count
  const body = whole ?? (isVoid(contents) || !contents ? undefined : { contents })
  if (!body) return invalid('contents', 'contents is required: an array.')
  const chat = decode({ model, form: 'whole', body })
  const unsupported = chat.unsupported.map((path) => (whole ? `generateContentRequest.${path}` : path))
  reportStray(count, GeminiCountRequest.entries, '', unsupported)
  return { ...chat, unsupported }
}
