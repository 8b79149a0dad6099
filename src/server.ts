// The route table: everything the gateway answers, one line a part.
import { type AnyElysia, Elysia, NotFoundError } from 'elysia'
import { GatewayError } from './core/error.ts'
import { schemas as messageSchemas } from './dialects/anthropic-messages/schema.ts'
import { schemas as completionSchemas } from './dialects/openai-completions/schema.ts'
import { schemas as geminiSchemas } from './dialects/gemini/schema.ts'
import { schemas as chatSchemas } from './dialects/openai-chat/schema.ts'
import { createAdmission } from './http/admission.ts'
import { schemas as responseSchemas } from './dialects/openai-responses/schema.ts'
import { crossOrigin } from './http/cross-origin.ts'
import { componentsOf } from './http/documented.ts'
import { errorResponse, shapeOf, toGatewayError } from './http/errors.ts'
import { Exchange, exchangeOf, hasHost, pathOf, type Sockets } from './http/exchange.ts'
import { explorer } from './http/explorer.ts'
import type { Gateway } from './http/gateway.ts'
import { createScopes, withPath } from './http/scope.ts'
import { methodTable } from './http/methods.ts'
import { chatCompletions } from './http/routes/chat-completions.ts'
import { capabilities, schemas as capabilitySchemas } from './http/routes/capabilities.ts'
import { completions } from './http/routes/completions.ts'
import { generateContent } from './http/routes/gemini.ts'
import { schemas as geminiModelSchemas } from './http/routes/gemini-models.ts'
import { health, isHealthPath, schemas as healthSchemas } from './http/routes/health.ts'
import { addRequestId, messages } from './http/routes/messages.ts'
import { models, schemas as modelSchemas } from './http/routes/models.ts'
import { providers, schemas as providerSchemas } from './http/routes/providers.ts'
import { responses } from './http/routes/responses.ts'
import { ROUTING } from './http/routing.ts'
import { raw, schemas as rawSchemas } from './http/routes/raw.ts'
import { schemas as statisticsSchemas, statistics } from './http/routes/statistics.ts'
import { createAccess } from './policy/access.ts'

/** The whole gateway as one function, in the manner of an edge worker. `http/listen.ts` puts it on a socket. */
export type App = { fetch(request: Request, sockets?: Sockets): Response | Promise<Response> }

export function createServer(gateway: Gateway): App {
  const access = createAccess(gateway.config.access)
  const components = componentsOf({
    ...chatSchemas,
    ...responseSchemas,
    ...messageSchemas,
    ...completionSchemas,
    ...capabilitySchemas,
    ...geminiSchemas,
    ...geminiModelSchemas,
    ...modelSchemas,
    ...healthSchemas,
    ...providerSchemas,
    ...statisticsSchemas,
    ...rawSchemas,
  })
  const isPublic = ({ url }: Request) => isHealthPath(pathOf(url))
  const admit = createAdmission(gateway, access, isPublic)
  const routes = (): AnyElysia['routes'] => app.routes

  const app = new Elysia(ROUTING)
    .onError(({ request, error }) => refuse(request, error))
    .onRequest(({ request }) => {
      if (!isPublic(request)) access.checkSource(request)
    })
    .use(crossOrigin(gateway.config.access.origins, access))
    .onRequest(({ request }) => admit(request))
    .use(health(gateway))
    .use(models(gateway))
    .use(providers(gateway))
    .use(statistics(gateway))
    .use(chatCompletions(gateway, components))
    .use(responses(gateway, components, admit))
    .use(messages(gateway, components))
    .use(completions(gateway, components))
    .use(capabilities(gateway, components))
    .use(generateContent(gateway))
    .use(raw(gateway, components))
    .use(explorer(gateway, components, routes))
  const allowedMethods = methodTable(app.routes)
  const scopeOf = createScopes({
    serves: (path) => allowedMethods(path) !== undefined,
    routes: app.routes.map(({ path }) => path),
    providers: () => Object.keys(gateway.status().providers),
  })

  /** Errors from outside `handle`. */
  const refuse = (request: Request, thrown: unknown): Response => {
    let error = toGatewayError(thrown)
    const headers: Record<string, string> = {}
    // Not what a route says of a thing that it does not find.
    const allow = thrown instanceof NotFoundError ? allowedMethods(pathOf(request.url)) : undefined
    if (allow !== undefined) {
      headers['allow'] = allow
      if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers })
      error = new GatewayError('invalid_request', `This path does not know the method ${request.method}.`, {
        status: 405,
      })
    }
    // A browser that opens the explorer asks its person for the key.
    if (error.code === 'invalid_api_key' && pathOf(request.url) === '/docs') {
      headers['www-authenticate'] = 'Basic realm="cligate"'
    }
    exchangeOf(request).fail(error)
    return errorResponse(error, shapeOf(request), headers, exchangeOf(request).record.requestId)
  }

  /** The request as the router knows it. */
  const inner = (request: Request, exchange: Exchange): Request => {
    const written = pathOf(request.url)
    const { path, provider } = scopeOf(written)
    if (path === written) return request
    const scoped = withPath(request, written, path)
    exchange.enter(scoped, provider)
    return scoped
  }

  return {
    fetch(outer, sockets) {
      const exchange = new Exchange(outer, gateway, sockets)
      let request = outer
      const answer = (response: Response) => addRequestId(request, exchange.respond(response))
      if (!hasHost(request.url)) {
        return answer(refuse(request, new GatewayError('host_not_allowed', 'The request names no valid host.')))
      }
      if (gateway.drain.closing() && !isPublic(request)) {
        return answer(refuse(request, new GatewayError('overloaded', 'The gateway is stopping.', { retryAfter: 5 })))
      }
      try {
        request = inner(outer, exchange)
      } catch (thrown) {
        return answer(refuse(request, thrown))
      }
      const response = app.fetch(request)
      return response instanceof Promise ? response.then(answer) : answer(response)
    },
  }
}
