// WebSockets as the routes see them, apart from how Bun serves them.
import type { Server, ServerWebSocket, WebSocketHandler } from 'bun'

export type Socket = {
  /** Sends one text. Resolves when the client has room for more, or is gone. */
  send(text: string): Promise<void>
  /** @param code RFC 6455, section 7.4 */
  close(code: number, reason: string): void
}

/** What happens on one socket. */
export type SocketHandler = {
  opened(socket: Socket): void
  message(text: string): void
  /** Called once, whoever closed it. */
  closed(): void
  /** The gateway is about to stop: nothing new is begun, and the socket is closed when what runs is over. */
  stopping(): void
}

/** What Bun keeps for each socket. */
export type SocketData = { handler: SocketHandler; wake: () => void; room: Promise<void> | undefined }

/** Largest message, in bytes; the limit of the configuration is looked at where it is read. */
const LARGEST_MESSAGE = 256 * 2 ** 20
/** Seconds without a sign of life, pings included, after which a client counts as gone. */
const IDLE_TIMEOUT = 120
/** Not understood: a text was expected. */
const UNSUPPORTED_DATA = 1003

export type WebSockets = {
  /** Bun's side of it. */
  bun: WebSocketHandler<SocketData>
  /** Makes a WebSocket of a request that asks for one; false for one that does not. */
  upgrade(server: Server<SocketData>, request: Request, handler: SocketHandler): boolean
  /** Whether a request has become a socket: it gets no response any more. */
  has(request: Request): boolean
  /** Tells all sockets that the gateway is about to stop. */
  stop(): void
}

export function createWebSockets(): WebSockets {
  const upgraded = new WeakSet<Request>()
  const open = new Set<SocketHandler>()
  return {
    bun: {
      maxPayloadLength: LARGEST_MESSAGE,
      idleTimeout: IDLE_TIMEOUT,
      open(socket) {
        open.add(socket.data.handler)
        socket.data.handler.opened(wrapped(socket))
      },
      message(socket, message) {
        if (typeof message === 'string') socket.data.handler.message(message)
        else socket.close(UNSUPPORTED_DATA, 'Messages must be texts.')
      },
      drain: ({ data }) => data.wake(),
      close({ data }) {
        open.delete(data.handler)
        data.wake()
        data.handler.closed()
      },
    },
    upgrade(server, request, handler) {
      if (!server.upgrade(request, { data: { handler, wake: () => {}, room: undefined } })) return false
      upgraded.add(request)
      return true
    },
    has: (request) => upgraded.has(request),
    stop() {
      for (const handler of open) handler.stopping()
    },
  }
}

function wrapped(socket: ServerWebSocket<SocketData>): Socket {
  const { data } = socket
  return {
    async send(text) {
      if (socket.readyState !== WebSocket.OPEN) return
      // -1: it is sent, but the client is behind.
      if (socket.send(text) !== -1) return
      data.room ??= new Promise<void>((resolve) => {
        data.wake = () => {
          data.room = undefined
          data.wake = () => {}
          resolve()
        }
      })
      await data.room
    },
    close: (code, reason) => socket.close(code, reason),
  }
}
