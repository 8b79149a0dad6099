import { GatewayError } from '../core/error.ts'
import { openaiChat } from '../dialects/openai-chat/dialect.ts'
import { errorResponse } from './errors.ts'
import type { Sockets } from './exchange.ts'
import { createWebSockets, type SocketData } from './web-socket.ts'

export type ListenOptions = {
  hostname: string
  /** 0 is any free port. */
  port: number
  /** Seconds of silence after which a connection is closed: between requests, and while a request comes in. 1 to 255. */
  idleTimeout?: number
}

export type Listening = {
  url: URL
  port: number
  /**
   * Takes no more connections and waits for running requests. Those that are left after `graceMs` are cut off; `lastCall` comes
   * before that, to end them with an error that they can still send.
   */
  stop(graceMs: number, lastCall?: () => Promise<void>): Promise<void>
}

type Worker = { fetch(request: Request, sockets: Sockets): Response | Promise<Response> }

/**
 * Puts the gateway on a socket.
 * @throws Error with code `EADDRINUSE` when the port is taken
 */
export function serve(app: Worker, options: ListenOptions): Listening {
  const idleTimeout = options.idleTimeout ?? 30
  const webSockets = createWebSockets()
  const sockets: Sockets = {
    hold: (request) => server.timeout(request, 0),
    release: (request) => server.timeout(request, idleTimeout),
    address: (request) => server.requestIP(request)?.address,
    upgrade: (request, handler) => webSockets.upgrade(server, request, handler),
  }
  const server = Bun.serve<SocketData>({
    hostname: options.hostname,
    port: options.port,
    // A second gateway on the same port would silently share the connections.
    reusePort: false,
    // In development Bun answers errors with a page of source code.
    development: false,
    idleTimeout,
    // Bun answers what is larger with an empty 413; `http/body.ts` does it in the shape of the API.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    async fetch(request) {
      const response = await app.fetch(request, sockets)
      return webSockets.has(request) ? undefined : response
    },
    websocket: webSockets.bun,
    error: (thrown) => errorResponse(GatewayError.from(thrown), openaiChat),
  })
  return {
    url: server.url,
    port: server.port ?? options.port,
    async stop(graceMs, lastCall) {
      const stopped = server.stop()
      webSockets.stop()
      const inTime = await within(stopped, graceMs)
      if (!inTime && lastCall) {
        await lastCall()
        await within(stopped, LAST_CALL)
      }
      await server.stop(true)
    },
  }
}

/** Milliseconds that answers have to send their error when the grace is over. */
const LAST_CALL = 500

/** False when `milliseconds` are over first. */
async function within(promise: Promise<void>, milliseconds: number): Promise<boolean> {
  let timer: Timer | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false)
  })
  return await Promise.race([promise.then(() => true), late]).finally(() => clearTimeout(timer))
}
