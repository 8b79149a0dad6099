import { ERROR_CODES, type ErrorCode, GatewayError } from '../../core/error.ts'

/** What a provider's HTTP status usually means. */
const BY_STATUS: Readonly<Record<string, ErrorCode>> = {
  '400': 'invalid_request',
  '401': 'provider_login_required',
  '402': 'billing',
  '403': 'permission_denied',
  '404': 'model_not_found',
  '413': 'request_too_large',
  '429': 'rate_limit_exceeded',
  '500': 'provider_error',
  '502': 'provider_error',
  '503': 'overloaded',
  '504': 'timeout',
  '529': 'overloaded',
}

/** The failure that was asked for, by a status (`429`) or a code (`usage_limit_reached`); undefined for neither. */
export function failureOf(kind: string): GatewayError | undefined {
  const code = own(BY_STATUS, kind) ?? (Object.hasOwn(ERROR_CODES, kind) ? (kind as ErrorCode) : undefined)
  if (code === undefined) return undefined
  const status = Object.hasOwn(BY_STATUS, kind) ? Number(kind) : ERROR_CODES[code].status
  return new GatewayError(code, `The demo model fails with ${code}, as it was asked to.`, {
    status,
    retryAfter: status === 429 ? 1 : undefined,
  })
}

/** Callers write the name: it may be that of a method which every object has. */
function own<Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

export const FAILURE_STATUSES: readonly string[] = Object.keys(BY_STATUS)
