// The API document at /docs/json, and the explorer at /docs, which needs no network.
import { type AnyElysia, Elysia } from 'elysia'
import script from './explorer/scalar.js.gz' with { type: 'file' }
import type { Gateway } from './gateway.ts'

/**
 * The page may run its own script and talk to its own origin, nothing else. Scalar writes style elements as it renders,
 * so styles cannot be kept out; fonts and images of the script are data URLs.
 */
const PAGE_HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    // The hash is that of the white space between the tags of the plugin's script element, which holds only attributes.
    "script-src 'self' 'sha256-TcUB1mzXiQO4GxpTRZ0EMpOXKMU3u+n/q1WrgVIcs1I='",
    "style-src 'unsafe-inline'",
    "img-src 'self' data:",
    'font-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

/**
 * What it takes to write the document is loaded when somebody asks for it: most starts of the gateway never need it.
 * @param routes all that the document describes
 */
export function explorer(gateway: Gateway, schemas: Record<string, object>, routes: () => AnyElysia['routes']) {
  let loading: Promise<{ fetch(request: Request): Response | Promise<Response> }> | undefined
  const load = async () => {
    try {
      const { apiDocument } = await import('./api-document.ts')
      return apiDocument(gateway, schemas, routes)
    } catch (error) {
      // Whoever looks next tries again.
      loading = undefined
      throw error
    }
  }
  const document = async ({ request }: { request: Request }) => (await (loading ??= load())).fetch(request)
  const hidden = { detail: { hide: true } }
  return new Elysia()
    .get('/docs/', () => new Response(null, { status: 308, headers: { location: '../docs' } }), hidden)
    .get(
      '/docs',
      async (context) => {
        const page = await document(context)
        return new Response(page.body, { headers: { ...Object.fromEntries(page.headers), ...PAGE_HEADERS } })
      },
      hidden,
    )
    .get('/docs/json', document, hidden)
    .get(
      '/docs/scalar.js',
      () =>
        new Response(Bun.file(script), {
          headers: {
            'content-type': 'text/javascript; charset=utf-8',
            'content-encoding': 'gzip',
            'cache-control': 'private, max-age=86400',
            'x-content-type-options': 'nosniff',
          },
        }),
      hidden,
    )
}
