import type { Failure } from '../reply.ts'

const KINDS: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  529: 'overloaded_error',
}

/** The body of an HTTP error, which is also the data of a mid-stream `error` event. */
export function errorBody(failure: Failure): unknown {
  return {
    type: 'error',
    error: { type: failure.kind ?? KINDS[failure.status] ?? 'api_error', message: failure.message },
    request_id: 'req_simulated',
  }
}

export function errorResponse(failure: Failure): Response {
  return new Response(failure.body ?? JSON.stringify(errorBody(failure)), {
    status: failure.status,
    headers: {
      'content-type': failure.body === undefined ? 'application/json' : 'text/html',
      'request-id': 'req_simulated',
      ...failure.headers,
    },
  })
}
