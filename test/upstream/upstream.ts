// The simulated model API: a server on loopback that records each request and answers what the test told it to.
import { anthropic } from './anthropic/api.ts'
import { gemini } from './gemini/api.ts'
import { openaiChat } from './openai-chat/api.ts'
import { openaiResponses } from './openai-responses/api.ts'
import { type Exchange, type RecordedRequest, recordExchange } from './recorded-request.ts'
import { text } from './replies/text.ts'
import type { Reply, ReplySource } from './reply.ts'

/** One API of the simulator. A folder beside this file implements it. */
export type SimulatedApi = {
  /** The response, or undefined where the path is not this API's. `takeReply` uses up one queued reply. */
  respond(exchange: Exchange, takeReply: () => Promise<Reply>): Response | undefined | Promise<Response | undefined>
  /** Whether a request asks the model for an answer: what tests count. */
  isTurn(method: string, path: string): boolean
}

export type Upstream = {
  /** `http://127.0.0.1:PORT`, without a path. */
  url: string
  port: number
  /** Every request, probes included, in order of arrival. */
  requests: RecordedRequest[]
  /** Those that asked the model for an answer. */
  readonly turns: RecordedRequest[]
  /** Queues the reply to the next turn that has none yet. */
  next(...replies: ReplySource[]): void
  /** Answers turns when the queue is empty. */
  default: ReplySource
  /** Resolves with the turn of this position, counted from 0, once it has come in. */
  turn(position: number): Promise<RecordedRequest>
  /** Forgets requests and queue; the default reply is the first one again. */
  reset(): void
  /** Drops every connection. */
  stop(): Promise<void>
}

const APIS: SimulatedApi[] = [openaiResponses, openaiChat, anthropic, gemini]
const FIRST_DEFAULT: ReplySource = text('Hello from the simulated model.')

export type UpstreamOptions = {
  port?: number
  default?: ReplySource
  /** How many requests to keep; the oldest go first. For long benches. All of them where left out. */
  keep?: number
}

/** Starts a simulator on a free port of 127.0.0.1 (or on `port`). */
export async function startUpstream(options: UpstreamOptions = {}): Promise<Upstream> {
  const keep = options.keep ?? Infinity
  const firstDefault = options.default ?? FIRST_DEFAULT
  const queue: ReplySource[] = []
  const waiting: { position: number; arrived: (record: RecordedRequest) => void }[] = []
  const isTurn = (record: RecordedRequest) => APIS.some((api) => api.isTurn(record.method, record.path))

  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: options.port ?? 0,
    idleTimeout: 0,
    development: false,
    maxRequestBodySize: 1024 ** 3,
    async fetch(request) {
      const exchange = await recordExchange(request)
      upstream.requests.push(exchange.record)
      if (isTurn(exchange.record)) announce()
      while (upstream.requests.length > keep) upstream.requests.shift()
      const takeReply = async () => {
        const source = queue.shift() ?? upstream.default
        return typeof source === 'function' ? source(exchange.record) : source
      }
      for (const api of APIS) {
        const response = await api.respond(exchange, takeReply)
        if (response) return response
      }
      exchange.close('answered')
      return new Response(null, { status: exchange.record.method === 'HEAD' ? 200 : 404 })
    },
    error(thrown) {
      // A test's reply function threw: say so where the test can see it.
      return new Response(`simulator: ${thrown.message}`, { status: 599 })
    },
  })

  const announce = () => {
    const turns = upstream.turns
    for (const waiter of waiting.splice(0)) {
      const record = turns[waiter.position]
      if (record) waiter.arrived(record)
      else waiting.push(waiter)
    }
  }

  const upstream: Upstream = {
    url: `http://127.0.0.1:${server.port}`,
    port: server.port ?? 0,
    requests: [],
    get turns() {
      return upstream.requests.filter(isTurn)
    },
    next: (...replies) => void queue.push(...replies),
    default: firstDefault,
    turn(position) {
      const { promise, resolve } = Promise.withResolvers<RecordedRequest>()
      waiting.push({ position, arrived: resolve })
      announce()
      return promise
    },
    reset() {
      upstream.requests.length = 0
      queue.length = 0
      upstream.default = firstDefault
    },
    stop: () => server.stop(true),
  }
  return upstream
}
