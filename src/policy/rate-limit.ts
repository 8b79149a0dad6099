// Limits of requests a minute. Counting is the library's: its Redis back end counts for several gateways the same way.
import type { RateLimiterMemory } from 'rate-limiter-flexible'
import { GatewayError } from '../core/error.ts'
import { ENDPOINT_CLASSES, endpointClass, type EndpointClass } from './endpoint-class.ts'

export type RateLimitOptions = { enabled: boolean; perMinute: Readonly<Record<EndpointClass, number>> }

/** Where a caller stands after a request; `resetSeconds` is when the window is over. */
export type RateState = { limit: number; remaining: number; resetSeconds: number }

export type RateLimit = {
  /**
   * Counts a request of each of these identities (a key, an address); the one nearest to its limit is told.
   * @throws GatewayError `rate_limit_exceeded` with the seconds until the window is over
   */
  count(identities: readonly string[], method: string, path: string): Promise<RateState>
  /**
   * Counts a wrong key of an address, and refuses the address that has tried too many.
   * @throws GatewayError `rate_limit_exceeded`
   */
  countFailure(address: string): Promise<void>
}

const MINUTE = 60

/** What was counted so far, by kind. One that comes later goes on with it, also where it sets other limits. */
export type RateCounters = Map<string, RateLimiterMemory>

/** The limiter, or undefined where nothing is limited. */
export async function createRateLimit(
  options: RateLimitOptions,
  counters: RateCounters = new Map(),
): Promise<RateLimit | undefined> {
  if (!options.enabled) return undefined
  const { RateLimiterMemory, RateLimiterRes } = await import('rate-limiter-flexible')
  const limits = [
    ...ENDPOINT_CLASSES.map((name) => [name, options.perMinute[name]] as const),
    ['failure', options.perMinute.auth] as const,
  ]
  for (const [keyPrefix, points] of limits) {
    const limiter = () => new RateLimiterMemory({ keyPrefix, points, duration: MINUTE })
    counters.getOrInsertComputed(keyPrefix, limiter).points = points
  }
  const consume = async (name: string, identity: string): Promise<RateState> => {
    const limiter = counters.get(name)
    if (!limiter) throw new Error(`There is no limit named ${name}.`)
    try {
      const { remainingPoints, msBeforeNext } = await limiter.consume(identity)
      return { limit: limiter.points, remaining: remainingPoints, resetSeconds: seconds(msBeforeNext) }
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused
      throw exceeded(limiter.points, seconds(refused.msBeforeNext))
    }
  }
  return {
    async count(identities, method, path) {
      const name = endpointClass(method, path)
      const states = await Promise.all(identities.map((identity) => consume(name, identity)))
      return states.reduce((least, state) => (state.remaining < least.remaining ? state : least))
    },
    async countFailure(address) {
      await consume('failure', address)
    },
  }
}

const seconds = (milliseconds: number): number => Math.max(1, Math.ceil(milliseconds / 1000))

function exceeded(limit: number, retryAfter: number): GatewayError {
  return new GatewayError(
    'rate_limit_exceeded',
    `More than ${limit} requests a minute. Try again in ${retryAfter} s.`,
    { retryAfter },
  )
}
