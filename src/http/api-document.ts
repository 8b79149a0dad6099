// The OpenAPI document of the routes, and the page that shows it, as the swagger plugin writes them.
import { swagger } from '@elysiajs/swagger'
import { type AnyElysia, Elysia } from 'elysia'
import type { Gateway } from './gateway.ts'
import { paths as geminiPaths } from './routes/gemini-paths.ts'
import { paths as modelPaths } from './routes/models.ts'
import { ROUTING } from './routing.ts'

const DESCRIPTION = `One gate to the AI command-line tools of this machine.

Every answer has \`x-request-id\`. Fields that could not be honoured are named in \`x-cligate-ignored\`; with the header
\`x-cligate-strict: 1\` they are a 400 instead.`

/** No fonts, no button and no request that leaves this machine; the colours are Scalar's own. */
const SCALAR = {
  // Else only the first group of operations is to be seen at once.
  defaultOpenAllTags: true,
  withDefaultFonts: false,
  hideClientButton: true,
  telemetry: false,
  customCss: '',
}

/**
 * Serves `/docs` and `/docs/json`. Addresses are relative to the page's own, so that the page also works behind a proxy that adds
 * a path.
 */
export function apiDocument(
  gateway: Gateway,
  schemas: Record<string, object>,
  routes: () => AnyElysia['routes'],
): AnyElysia {
  const { publicUrl, access } = gateway.config
  const isSecured = () =>
    access.keys.length > 0 || Object.keys(access.users ?? {}).length > 0 || access.issued?.guards() === true
  const plugin = swagger({
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
      // The plugin reads it for each document: the first key may be given out any time.
      get security(): Record<string, string[]>[] {
        return isSecured() ? [{ bearer: [] }, { header: [] }] : []
      },
      paths: { ...modelPaths, ...geminiPaths },
      components: {
        schemas,
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer' },
          header: { type: 'apiKey', in: 'header', name: 'x-api-key' },
        },
      },
    },
  })
  // The plugin describes the routes of the server that it is part of; here it has a server of its own.
  return Object.assign(new Elysia(ROUTING).use(plugin), { getGlobalRoutes: routes })
}
