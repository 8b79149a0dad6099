// A Model Context Protocol server on loopback, which shows an agent the caller's functions: one secret path a turn. Written by hand
// against the specification (2025-11-25, streamable HTTP): few of its methods are needed, and the official library brings a web framework.
import { GatewayError } from '../core/error.ts'
import { newId } from '../core/ids.ts'
import type { ToolResultPart } from '../core/request.ts'
import { callResponse } from './mcp-call.ts'
import { answerFailure, answerResult, type McpTool, readMessage, RPC_ERROR, toCallResult } from './mcp-messages.ts'
import { toInputSchema } from './mcp-schema.ts'

/** A call that an agent makes. `signal` aborts when the agent drops it or the offer is closed: nobody waits for the answer then. */
export type McpCall = { name: string; arguments: Record<string, unknown>; signal: AbortSignal }
export type McpAnswer = { content: ToolResultPart['content']; isError: boolean }

export interface McpOffer {
  /** For the agent's settings. */
  url: string
  /** Resolves when a client has been told the functions for the first time. */
  listed: Promise<void>
  close(): void
}

export interface McpServer {
  /**
   * Shows `tools` under a path of their own until `close`, which also drops the calls that wait. What `call` throws is told to
   * the agent without its words. @throws GatewayError `provider_unavailable` behind the end of the server
   */
  offer(tools: readonly McpTool[], call: (call: McpCall) => Promise<McpAnswer>): McpOffer
  /** Ends it with all its calls. Idempotent. */
  close(): Promise<void>
}

export type McpServerOptions = {
  /** Milliseconds a call may take before the head of its answer is sent ahead, so that clients hold on. */
  headAfterMs?: number
  /** Milliseconds between signs of life from then on. */
  keepAliveMs?: number
  /** Most bytes of a message. */
  maxBody?: number
}

type Offer = {
  tools: readonly McpTool[]
  call: (call: McpCall) => Promise<McpAnswer>
  list: () => void
  /** The calls that wait, by the agent's own ids. */
  pending: Map<unknown, AbortController>
}

/** The server starts when something is first offered, on a free port. It holds no process open. */
export function createMcpServer(options: McpServerOptions = {}): McpServer {
  const { headAfterMs = 2_000, keepAliveMs = 10_000, maxBody = 32 * 1024 * 1024 } = options
  const offers = new Map<string, Offer>()
  let server: Bun.Server<undefined> | undefined
  let closed = false

  function started(): Bun.Server<undefined> {
    server ??= Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      development: false,
      maxRequestBodySize: maxBody,
      // Calls may wait for as long as a person takes.
      idleTimeout: 0,
      fetch: (request) => respond(request),
      error: () => new Response(null, { status: 500 }),
    })
    server.unref()
    return server
  }

  async function respond(request: Request): Promise<Response> {
    const { pathname, host, hostname } = new URL(request.url)
    // Against pages of a browser that reach loopback under a name of their own.
    const isOwn = (hostname === '127.0.0.1' || hostname === 'localhost') && request.headers.get('host') === host
    if (!isOwn || request.headers.has('origin')) return new Response(null, { status: 403 })
    const offer = offers.get(pathname)
    if (!offer) return new Response(null, { status: 404 })
    // There are no sessions to end.
    if (request.method === 'DELETE') return new Response(null, { status: 204 })
    if (request.method !== 'POST') return new Response(null, { status: 405, headers: { allow: 'POST, DELETE' } })
    const message = readMessage(await request.json().catch(() => undefined))
    switch (message.type) {
      case 'invalid':
        return Response.json(message.answer, { status: 400 })
      case 'notification':
        if (message.cancels !== undefined) offer.pending.get(message.cancels)?.abort()
        return new Response(null, { status: 202 })
      case 'answered':
        return Response.json(message.answer)
      case 'list': {
        offer.list()
        const tools = offer.tools.map(({ name, description, parameters }) => ({
          name,
          description,
          inputSchema: toInputSchema(parameters),
        }))
        return Response.json(answerResult(message.id, { tools }))
      }
      case 'call':
        return run(offer, message, request)
      default:
        return message satisfies never
    }
  }

  function run(offer: Offer, message: Extract<ReturnType<typeof readMessage>, { type: 'call' }>, request: Request) {
    const { id, name, arguments: args, progressToken } = message
    if (!offer.tools.some((tool) => tool.name === name)) {
      return Response.json(answerFailure(id, RPC_ERROR.invalidParams, `Unknown tool: ${name}`))
    }
    const dropped = new AbortController()
    const drop = () => dropped.abort()
    offer.pending.set(id, dropped)
    // A client that is gone cannot come back for the answer: there is no session to find it in.
    request.signal.addEventListener('abort', drop, { once: true })
    const answer = settle(offer, { name, arguments: args, signal: dropped.signal }, id).finally(() => {
      if (offer.pending.get(id) === dropped) offer.pending.delete(id)
      request.signal.removeEventListener('abort', drop)
    })
    const streams = /text\/event-stream|\*\/\*/.test(request.headers.get('accept') ?? '*/*')
    return callResponse(answer, { headAfterMs: streams ? headAfterMs : Infinity, keepAliveMs, progressToken, drop })
  }

  return {
    offer(tools, call) {
      if (closed) throw new GatewayError('provider_unavailable', 'The gateway is shutting down.')
      const path = `/mcp/${newId('', 32)}`
      const { promise: listed, resolve: list } = Promise.withResolvers<void>()
      const offer: Offer = { tools, call, list, pending: new Map() }
      const { port } = started()
      offers.set(path, offer)
      return {
        url: `http://127.0.0.1:${port}${path}`,
        listed,
        close() {
          offers.delete(path)
          for (const waiting of offer.pending.values()) waiting.abort()
        },
      }
    },
    async close() {
      closed = true
      for (const { pending } of offers.values()) for (const waiting of pending.values()) waiting.abort()
      offers.clear()
      await server?.stop(true)
    },
  }
}

/** The answer to a call, as a message; also where it fails, and as soon as it is dropped. Never rejects. */
async function settle(offer: Offer, call: McpCall, id: string | number): Promise<object> {
  const { promise: over, resolve } = Promise.withResolvers<object>()
  const stop = () => resolve(answerFailure(id, RPC_ERROR.cancelled, 'The call was dropped.'))
  if (call.signal.aborted) stop()
  call.signal.addEventListener('abort', stop, { once: true })
  try {
    const answer = offer.call(call).then(({ content, isError }) => answerResult(id, toCallResult(content, isError)))
    return await Promise.race([answer, over])
  } catch {
    return answerFailure(id, RPC_ERROR.internal, 'The call failed.')
  } finally {
    call.signal.removeEventListener('abort', stop)
  }
}
