// The Responses API over a WebSocket, as Codex's own provider speaks it: one frame asks, one frame is one event.
import type { Server } from 'bun'
import type { Answer } from '../reply.ts'
import { text } from '../replies/text.ts'
import { type ResponseEvent, responseEvents } from './events.ts'

/** A request to answer, or to get ready for one (`generate: false`). */
export type SocketRequest = { generate: boolean; input: unknown[]; tools: unknown[]; headers: Record<string, string> }

export type SocketUpstream = {
  /** `http://127.0.0.1:PORT/v1`. */
  url: string
  /** In order of arrival. */
  requests: SocketRequest[]
  /** Sockets that are open. */
  readonly open: number
  /** What the next ones are answered. */
  reply: Answer
  /** Set: every handshake is refused with this status. */
  refuse: number | undefined
  /** Whoever asks over plain HTTP. */
  readonly plain: string[]
  stop(): Promise<void>
}

type Connection = { headers: Record<string, string> }

export function startSocketUpstream(): SocketUpstream {
  let open = 0
  const server: Server<Connection> = Bun.serve<Connection>({
    hostname: '127.0.0.1',
    port: 0,
    fetch(request, self) {
      const headers = Object.fromEntries(request.headers)
      if (upstream.refuse !== undefined) return new Response(null, { status: upstream.refuse })
      if (self.upgrade(request, { data: { headers } })) return undefined
      upstream.plain.push(`${request.method} ${new URL(request.url).pathname}`)
      return new Response(null, { status: 404 })
    },
    websocket: {
      open: () => void (open += 1),
      close: () => void (open -= 1),
      async message(socket, frame) {
        const { generate = true, input, tools = [] } = JSON.parse(String(frame)) as Partial<SocketRequest>
        upstream.requests.push({ generate, input: input ?? [], tools, headers: socket.data.headers })
        const answer = generate ? upstream.reply : text([])
        for (const step of responseEvents(answer, 'socket', 'gpt-5.5')) {
          if (socket.readyState !== WebSocket.OPEN) return
          if ('event' in step) socket.send(JSON.stringify(step.event satisfies ResponseEvent))
          else if (step.step.type === 'wait') await Bun.sleep(step.step.milliseconds)
          else return
        }
      },
    },
  })
  const upstream: SocketUpstream = {
    url: `http://127.0.0.1:${server.port}/v1`,
    requests: [],
    plain: [],
    get open() {
      return open
    },
    reply: text('Hello from the socket.'),
    refuse: undefined,
    stop: () => server.stop(true),
  }
  return upstream
}
