import type { Failure } from '../reply.ts'

const STATUSES: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

/** Google's error object. A wait that the failure's `retry-after` names stands in its details. */
export function errorObject(failure: Failure): object {
  const wait = failure.headers['retry-after']
  return {
    error: {
      code: failure.status,
      message: failure.message,
      status: failure.kind ?? STATUSES[failure.status] ?? 'UNKNOWN',
      ...(wait === undefined
        ? {}
        : { details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${wait}s` }] }),
    },
  }
}

export function errorResponse(failure: Failure): Response {
  return new Response(failure.body ?? JSON.stringify(errorObject(failure)), {
    status: failure.status,
    headers: {
      'content-type': failure.body === undefined ? 'application/json; charset=UTF-8' : 'text/html',
      ...failure.headers,
    },
  })
}
