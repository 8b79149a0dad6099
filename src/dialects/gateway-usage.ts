// What the gateway knows of a request's cost and the APIs have no place for.
import * as v from 'valibot'
import type { Usage } from '../core/usage.ts'

/** Of requests that may have several answers. */
export const ofSeveral = {
  incomplete: v.pipe(v.optional(v.literal(true)), v.description('Some of the answers came without numbers.')),
}

/**
 * The schema of `x_cligate`.
 * @param api whose it is not
 * @param more what it says for one API alone
 */
export function gatewayUsage<Entries extends v.ObjectEntries>(api: string, more: Entries) {
  return v.pipe(
    v.optional(
      v.object({
        cost_usd: v.pipe(v.optional(v.number()), v.description('What the CLI says the request cost, in US dollars.')),
        estimated: v.pipe(v.optional(v.literal(true)), v.description('The gateway counted, not the provider.')),
        ...more,
      }),
    ),
    v.description(`Not in ${api}’s API. Left out where there is nothing to say.`),
  )
}

type GatewayUsage = { cost_usd?: number; estimated?: true; incomplete?: true }

/** The field `x_cligate`, or none where there is nothing to say. */
export function encodeGatewayUsage({ costUsd, estimated }: Usage, incomplete = false): { x_cligate?: GatewayUsage } {
  const usage: GatewayUsage = {}
  if (costUsd !== undefined) usage.cost_usd = costUsd
  if (estimated) usage.estimated = true
  if (incomplete) usage.incomplete = true
  return Object.keys(usage).length > 0 ? { x_cligate: usage } : {}
}
