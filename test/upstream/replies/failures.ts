import type { Failure } from '../reply.ts'

type FailureOptions = { kind?: string; message?: string; headers?: Record<string, string>; body?: string }

/** An HTTP error in the API's own shape. */
export function failure(status: number, options: FailureOptions = {}): Failure {
  return {
    type: 'failure',
    status,
    message: options.message ?? `simulated ${status}`,
    headers: options.headers ?? {},
    ...(options.kind === undefined ? {} : { kind: options.kind }),
    ...(options.body === undefined ? {} : { body: options.body }),
  }
}

/** 429, with or without the seconds after which to come again. */
export function rateLimited(retryAfter?: number): Failure {
  return failure(429, {
    message: 'This request would exceed your rate limit.',
    headers: retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) },
  })
}

/** 529, as Anthropic says that it has no capacity. */
export function overloaded(): Failure {
  return failure(529, { message: 'Overloaded' })
}
