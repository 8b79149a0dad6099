import { GatewayError } from '../../core/error.ts'
import type { ChatRequest } from '../../core/request.ts'
import { decodeMessages } from './decode-messages.ts'
import { decodeParameters } from './decode-parameters.ts'
import { refuseNotYet } from './not-yet.ts'
import type { ChatCompletionRequest } from './schema.ts'
import { unsupportedFields } from './unsupported.ts'

/**
 * A checked body as a neutral request. Fields that nothing can honour end up in `unsupported` by their paths.
 * @throws GatewayError `invalid_request` or `unsupported_parameter` with `param`
 */
export function decode(body: ChatCompletionRequest): ChatRequest {
  refuseNotYet(body)
  if (body.modalities?.some((modality) => modality !== 'text'))
    throw new GatewayError('unsupported_parameter', 'Answers are text only: leave modalities out, or send ["text"].', {
      param: 'modalities',
    })
  const parameters = decodeParameters(body)
  const unsupported = unsupportedFields(body)
  const { system, messages } = decodeMessages(body.messages, unsupported)
  return {
    model: body.model,
    system,
    messages,
    tools: [],
    toolChoice: { type: 'auto' },
    output: { type: 'text' },
    ...parameters,
    unsupported,
  }
}
