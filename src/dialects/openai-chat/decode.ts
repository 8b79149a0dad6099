import type { ChatRequest } from '../../core/request.ts'
import { refuse } from '../refuse.ts'
import { decodeMessages } from './decode-messages.ts'
import { decodeOutput } from './decode-output.ts'
import { decodeParameters } from './decode-parameters.ts'
import { decodeTools } from './decode-tools.ts'
import type { ChatCompletionRequest } from './schema.ts'
import { unsupportedFields } from './unsupported.ts'

/**
 * A checked body as a neutral request. Fields that nothing can honour end up in `unsupported` by their paths.
 * @throws GatewayError `invalid_request` or `unsupported_parameter` with `param`
 */
export function decode(body: ChatCompletionRequest): ChatRequest {
  if (body.modalities?.some((modality) => modality !== 'text'))
    refuse('modalities', 'Answers are text only: leave modalities out, or send ["text"].')
  const parameters = decodeParameters(body)
  const unsupported = unsupportedFields(body)
  const tools = decodeTools(body, unsupported)
  const output = decodeOutput(body, parameters.given, unsupported)
  const { system, messages } = decodeMessages(body.messages, unsupported)
  return {
    model: body.model,
    system,
    messages,
    output,
    ...parameters,
    ...tools,
    given: { ...parameters.given, ...tools.given },
    unsupported,
  }
}
