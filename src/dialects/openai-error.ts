// How OpenAI's APIs write errors.
import * as v from 'valibot'
import type { GatewayError } from '../core/error.ts'

export const OpenAIError = v.pipe(
  v.object({
    error: v.object({
      message: v.string(),
      type: v.string(),
      param: v.pipe(v.nullable(v.string()), v.description('Path of the field at fault.')),
      code: v.string(),
    }),
  }),
  v.metadata({ title: 'Error', description: 'Why a request failed; in a stream, why the answer ends early.' }),
)

export type OpenAIError = v.InferOutput<typeof OpenAIError>

/** The body of an error response, and of the frame that ends a stream early. `code` is the gateway's own. */
export function encodeError(error: GatewayError): OpenAIError {
  return { error: { message: error.message, type: typeOf(error), param: error.param ?? null, code: error.code } }
}

/** OpenAI's names for kinds of errors. Clients mostly go by the status; a frame in a stream has none. */
function typeOf({ status }: GatewayError): string {
  if (status >= 500) return 'server_error'
  switch (status) {
    case 401:
      return 'authentication_error'
    case 402:
      return 'insufficient_quota'
    case 403:
      return 'permission_error'
    case 429:
      return 'rate_limit_error'
    default:
      return 'invalid_request_error'
  }
}
