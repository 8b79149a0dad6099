import { cors } from '@elysiajs/cors'
import { Elysia } from 'elysia'
import type { Access } from '../policy/access.ts'

/** What a page may read of an answer, beside its body. */
const EXPOSED = [
  'x-request-id',
  'request-id',
  'x-cligate-ignored',
  'x-cligate-provider',
  'x-cligate-estimate',
  'x-cligate-process-id',
  'server-timing',
  'retry-after',
]

/** Lets pages of configured origins read answers. Without such origins nothing is added: CORS stays off. */
export function crossOrigin(origins: readonly string[], access: Access) {
  if (origins.length === 0) return new Elysia()
  return cors({
    // A function: the plugin's own list also matches an origin's bare host, of whatever scheme.
    origin: ({ headers }) => access.allowsOrigin(headers.get('origin') ?? ''),
    methods: ['GET', 'HEAD', 'POST', 'DELETE'],
    exposeHeaders: EXPOSED,
    // Keys come in headers; cookies have no meaning here.
    credentials: false,
    maxAge: 600,
  })
}
