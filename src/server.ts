// The route table: everything the gateway answers, one line a part.
import { Elysia } from 'elysia'
import { GatewayError } from './core/error.ts'
import { schemas as messageSchemas } from './dialects/anthropic-messages/schema.ts'
import { schemas as chatSchemas } from './dialects/openai-chat/schema.ts'
import { crossOrigin } from './http/cross-origin.ts'
import { componentsOf } from './http/documented.ts'
import { errorResponse, shapeOf, toGatewayError } from './http/errors.ts'
import { Exchange, exchangeOf, hasHost, pathOf, type Sockets } from './http/exchange.ts'
import { explorer } from './http/explorer.ts'
import type { Gateway } from './http/gateway.ts'
import { methodTable } from './http/methods.ts'
import { chatCompletions } from './http/routes/chat-completions.ts'
import { health, isHealthPath, schemas as healthSchemas } from './http/routes/health.ts'
import { addRequestId, messages } from './http/routes/messages.ts'
import { models, schemas as modelSchemas } from './http/routes/models.ts'
import { providers, schemas as providerSchemas } from './http/routes/providers.ts'
import { raw, schemas as rawSchemas } from './http/routes/raw.ts'
import { createAccess } from './policy/access.ts'

/** The whole gateway as one function, in the manner of an edge worker. `http/listen.ts` puts it on a socket. */
export type App = { fetch(request: Request, sockets?: Sockets): Response | Promise<Response> }

export function createServer(gateway: Gateway): App {
  const access = createAccess(gateway.config.access)
  const components = componentsOf({
    ...chatSchemas,
    ...messageSchemas,
    ...modelSchemas,
    ...healthSchemas,
    ...providerSchemas,
    ...rawSchemas,
  })
  const isPublic = ({ url }: Request) => isHealthPath(pathOf(url))

  const app = new Elysia({
    strictPath: true,
    precompile: true,
    // Else Elysia looks for the path behind the eleventh character, and host names of one or two letters have none.
    handler: { standardHostname: false },
  })
    .onError(({ request, error }) => refuse(request, error))
    .onRequest(({ request }) => {
      if (!isPublic(request)) access.checkSource(request)
    })
    .use(crossOrigin(gateway.config.access.origins, access))
    .onRequest(({ request }) => {
      if (!isPublic(request)) access.checkKey(request)
    })
    .use(health(gateway))
    .use(models(gateway))
    .use(providers(gateway))
    .use(chatCompletions(gateway, components))
    .use(messages(gateway, components))
    .use(raw(gateway, components))
    .use(explorer(gateway, components))
  const allowedMethods = methodTable(app.routes)

  /** Errors from outside `handle`. */
  const refuse = (request: Request, thrown: unknown): Response => {
    let error = toGatewayError(thrown)
    const headers: Record<string, string> = {}
    const allow = error.code === 'not_found' ? allowedMethods(pathOf(request.url)) : undefined
    // A route of this very method has missed something of its own.
    const isServed = request.method !== 'OPTIONS' && allow?.split(', ').includes(request.method)
    if (allow !== undefined && isServed !== true) {
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
    return errorResponse(error, shapeOf(pathOf(request.url)), headers)
  }

  return {
    fetch(request, sockets) {
      const exchange = new Exchange(request, gateway, sockets)
      const answer = (response: Response) => addRequestId(request, exchange.respond(response))
      if (!hasHost(request.url)) {
        return answer(refuse(request, new GatewayError('host_not_allowed', 'The request names no valid host.')))
      }
      if (gateway.drain.closing() && !isPublic(request)) {
        return answer(refuse(request, new GatewayError('overloaded', 'The gateway is stopping.', { retryAfter: 5 })))
      }
      const response = app.fetch(request)
      return response instanceof Promise ? response.then(answer) : answer(response)
    },
  }
}
