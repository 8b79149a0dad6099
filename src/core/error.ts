// One error class for the whole gateway: thrown anywhere, rendered once per dialect.

/** What went wrong, by code: the HTTP status it means and whether the same request may work later. */
export const ERROR_CODES = {
  invalid_request: { status: 400, retryable: false },
  unsupported_parameter: { status: 400, retryable: false },
  context_length_exceeded: { status: 400, retryable: false },
  /** The caller's key is missing or wrong. */
  invalid_api_key: { status: 401, retryable: false },
  /** The CLI has no login, or the provider refused it. */
  provider_login_required: { status: 401, retryable: false },
  billing: { status: 402, retryable: false },
  permission_denied: { status: 403, retryable: false },
  origin_not_allowed: { status: 403, retryable: false },
  not_found: { status: 404, retryable: false },
  model_not_found: { status: 404, retryable: false },
  request_too_large: { status: 413, retryable: false },
  unsupported_media_type: { status: 415, retryable: false },
  host_not_allowed: { status: 421, retryable: false },
  rate_limit_exceeded: { status: 429, retryable: true },
  /** The subscription's window is used up; `retryAfter` tells when it opens again. */
  usage_limit_reached: { status: 429, retryable: true },
  /** The gateway's own queue is full. */
  queue_full: { status: 429, retryable: true },
  client_closed_request: { status: 499, retryable: false },
  internal_error: { status: 500, retryable: false },
  provider_error: { status: 502, retryable: true },
  provider_unavailable: { status: 503, retryable: true },
  overloaded: { status: 503, retryable: true },
  timeout: { status: 504, retryable: true },
} as const satisfies Record<string, { status: number; retryable: boolean }>

export type ErrorCode = keyof typeof ERROR_CODES

export type GatewayErrorOptions = {
  /** Path of the offending request field, as the caller wrote it: `messages[2].content`. */
  param?: string
  /** Seconds until the same request may work. */
  retryAfter?: number
  /** Overrides the code's own status, where the provider's is more exact. */
  status?: number
  cause?: unknown
}

/** `message` is for the caller: it never holds a stack, a secret, or a path of this machine. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly code: ErrorCode
  readonly status: number
  readonly retryable: boolean
  readonly param: string | undefined
  readonly retryAfter: number | undefined

  constructor(code: ErrorCode, message: string, options: GatewayErrorOptions = {}) {
    super(message, { cause: options.cause })
    this.code = code
    this.status = options.status ?? ERROR_CODES[code].status
    this.retryable = ERROR_CODES[code].retryable
    this.param = options.param
    this.retryAfter = options.retryAfter
  }

  /** Anything thrown, as a GatewayError; what is not one already becomes an `internal_error` that tells nothing. */
  static from(thrown: unknown): GatewayError {
    if (thrown instanceof GatewayError) return thrown
    return new GatewayError('internal_error', 'The gateway failed to handle this request.', { cause: thrown })
  }
}
