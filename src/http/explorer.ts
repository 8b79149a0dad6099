// The API document at /docs/json, and the explorer at /docs, which needs no network.
import { swagger } from '@elysiajs/swagger'
import { Elysia } from 'elysia'
import script from './explorer/scalar.js.gz' with { type: 'file' }
import type { Gateway } from './gateway.ts'
import { paths as geminiPaths } from './routes/gemini-paths.ts'
import { paths as modelPaths } from './routes/models.ts'

const DESCRIPTION = `One gate to the AI command-line tools of this machine.

Every answer has \`x-request-id\`. Fields that could not be honoured are named in \`x-cligate-ignored\`; with the header
\`x-cligate-strict: 1\` they are a 400 instead.`

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

/** No fonts, no button and no request that leaves this machine; the colours are Scalar's own. */
const SCALAR = {
  // Else only the first group of operations is to be seen at once.
  defaultOpenAllTags: true,
  withDefaultFonts: false,
  hideClientButton: true,
  telemetry: false,
  customCss: '',
}

/** Addresses are relative to the page's own, so that the page also works behind a proxy that adds a path. */
export function explorer(gateway: Gateway, schemas: Record<string, object>) {
  const { publicUrl, access } = gateway.config
  const secured =
    access.keys.length > 0 || Object.keys(access.users ?? {}).length > 0 || access.issued?.guards() === true
  return new Elysia()
    .onAfterHandle(({ path, set }) => {
      if (path === '/docs') Object.assign(set.headers, PAGE_HEADERS)
    })
    .get('/docs/', () => new Response(null, { status: 308, headers: { location: '../docs' } }), {
      detail: { hide: true },
    })
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
      { detail: { hide: true } },
    )
    .use(
      swagger({
        path: '/docs',
        scalarCDN: 'docs/scalar.js',
        scalarConfig: SCALAR,
        documentation: {
          openapi: '3.1.0',
          info: {
            title: 'cligate',
            version: gateway.status().version,
            description: DESCRIPTION,
            license: { name: 'MIT' },
          },
          servers: [{ url: publicUrl ?? '/' }],
          tags: [
            { name: 'OpenAI', description: 'Chat Completions and Models, as the OpenAI SDKs call them.' },
            { name: 'Anthropic', description: 'Messages, as the Anthropic SDKs and Claude Code call them.' },
            { name: 'Gemini', description: 'The Gemini API, as Google’s SDKs and Gemini CLI call it.' },
            { name: 'Gateway', description: 'The gateway itself.' },
          ],
          security: secured ? [{ bearer: [] }, { header: [] }] : [],
          paths: { ...modelPaths, ...geminiPaths },
          components: {
            schemas,
            securitySchemes: {
              bearer: { type: 'http', scheme: 'bearer' },
              header: { type: 'apiKey', in: 'header', name: 'x-api-key' },
            },
          },
        },
      }),
    )
}
