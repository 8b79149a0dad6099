import { GatewayError } from '../core/error.ts'

/** @throws GatewayError `unsupported_parameter`: the request asks for what nothing here can do and no caller can do without */
export function refuse(param: string, message: string): never {
  throw new GatewayError('unsupported_parameter', message, { param })
}

/** @throws GatewayError `invalid_request`: what a schema alone cannot refuse */
export function invalid(param: string, message: string): never {
  throw new GatewayError('invalid_request', message, { param })
}
