import type { Failure } from '../reply.ts'

const KINDS: Record<number, { type: string; code: string | null }> = {
  400: { type: 'invalid_request_error', code: null },
  401: { type: 'invalid_request_error', code: 'invalid_api_key' },
  403: { type: 'invalid_request_error', code: null },
  404: { type: 'invalid_request_error', code: 'model_not_found' },
  429: { type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  500: { type: 'server_error', code: null },
  503: { type: 'server_error', code: null },
}

/** The `error` of an HTTP error. ChatGPT's own errors carry their name as the type (`usage_limit_reached`). */
export function errorBody(failure: Failure): { message: string; type: string; param: null; code: string | null } {
  const usual = KINDS[failure.status] ?? { type: 'server_error', code: null }
  return {
    message: failure.message,
    type: failure.kind ?? usual.type,
    param: null,
    code: failure.kind ?? usual.code,
  }
}

/** What `response.failed` says of a failure in mid-stream. */
export function streamError(failure: Failure): { code: string; message: string } {
  return { code: failure.kind ?? errorBody(failure).code ?? 'server_error', message: failure.message }
}

export function errorResponse(failure: Failure): Response {
  return new Response(failure.body ?? JSON.stringify({ error: errorBody(failure) }), {
    status: failure.status,
    headers: {
      'content-type': failure.body === undefined ? 'application/json' : 'text/html',
      'x-request-id': 'req_simulated',
      ...failure.headers,
    },
  })
}
