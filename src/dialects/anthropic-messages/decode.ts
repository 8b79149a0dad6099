import type { ChatRequest } from '../../core/request.ts'
import { refuse } from '../refuse.ts'
import { isVoid } from '../stray-fields.ts'
import { decodeTexts } from './decode-blocks.ts'
import { decodeMessages } from './decode-messages.ts'
import { decodeOutput, decodeReasoning, decodeSampling, decodeUser } from './decode-parameters.ts'
import { decodeTools } from './decode-tools.ts'
import type { CountRequest, MessagesRequest } from './schema.ts'
import { unsupportedFields } from './unsupported.ts'

/**
 * A checked body as a neutral request. Fields that nothing can honour end up in `unsupported` by their paths.
 * @throws GatewayError `invalid_request` or `unsupported_parameter` with `param`
 */
export function decode(body: MessagesRequest): ChatRequest {
  const unsupported = unsupportedFields(body)
  const prompt = decodePrompt(body, body.max_tokens, unsupported)
  return {
    ...prompt,
    sampling: decodeSampling(body, prompt.given),
    stream: body.stream === true,
    ...decodeUser(body, prompt.given, unsupported),
  }
}

/** What shall be counted, as the request that it would be. What only an answer needs is passed over. */
export function decodeCount(body: CountRequest): ChatRequest {
  return decodePrompt(body, undefined, unsupportedFields(body))
}

function decodePrompt(body: CountRequest, maxTokens: number | undefined, unsupported: string[]): ChatRequest {
  if (!isVoid(body.thread))
    refuse('thread', 'Threads are not kept here: send the whole conversation in messages, without thread.')
  const tools = decodeTools(body, unsupported)
  const system = decodeTexts(body.system ?? [], 'system', unsupported)
  const conversation = decodeMessages(body.messages, unsupported)
  return {
    model: body.model,
    system: [...system, ...conversation.system],
    messages: conversation.messages,
    ...tools,
    output: decodeOutput(body, tools.given, unsupported),
    sampling: { stop: [] },
    reasoning: decodeReasoning(body, maxTokens, tools.given, unsupported),
    stream: false,
    count: 1,
    metadata: {},
    unsupported,
  }
}
