// Who is let in, and how often: in front of every route.
import { GatewayError } from '../core/error.ts'
import type { Access } from '../policy/access.ts'
import { clientAddress } from '../policy/client-address.ts'
import { exchangeOf, pathOf } from './exchange.ts'
import type { Gateway } from './gateway.ts'

/**
 * Finds out who sent a request that has an exchange, and counts it. Answers at once where nothing is limited.
 * @throws GatewayError `invalid_api_key`, `permission_denied` or `rate_limit_exceeded`
 */
export type Admit = (request: Request) => void | Promise<void>

export function createAdmission(gateway: Gateway, access: Access, isPublic: (request: Request) => boolean): Admit {
  const { rateLimit, config } = gateway

  const identify = (request: Request, path: string): void => {
    if (isPublic(request)) return
    const exchange = exchangeOf(request)
    exchange.caller = access.checkKey(request, path)
    if (exchange.caller.id !== 'anonymous') exchange.record.key = exchange.caller.id
  }

  if (!rateLimit) return (request: Request): void => identify(request, pathOf(request.url))

  return async (request: Request): Promise<void> => {
    const path = pathOf(request.url)
    const exchange = exchangeOf(request)
    const forwarded = request.headers.get('x-forwarded-for')
    const address = clientAddress(exchange.address(), forwarded, config.trustedProxies ?? [])
    try {
      identify(request, path)
    } catch (thrown) {
      if (thrown instanceof GatewayError && thrown.code === 'invalid_api_key') await rateLimit.countFailure(address)
      throw thrown
    }
    const { caller } = exchange
    const identities = caller.id === 'anonymous' ? [address] : [address, caller.id]
    exchange.rate = await rateLimit.count(identities, request.method, path)
  }
}
