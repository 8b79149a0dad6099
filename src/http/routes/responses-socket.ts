// The WebSocket of `/v1/responses`: each `response.create` is answered as a request with `stream: true`, one event a message.
import * as v from 'valibot'
import { GatewayError } from '../../core/error.ts'
import { check } from '../../dialects/check.ts'
import { encodeError } from '../../dialects/openai-responses/errors.ts'
import { ResponsesRequest } from '../../dialects/openai-responses/schema.ts'
import type { Admit } from '../admission.ts'
import { checkJsonShape } from '../json-shape.ts'
import { exchangeOf } from '../exchange.ts'
import type { Gateway } from '../gateway.ts'
import type { Socket, SocketHandler } from '../web-socket.ts'
import { SocketTurns } from './responses-socket-turns.ts'

const Message = v.looseObject({ type: v.string(), stream_id: v.nullish(v.pipe(v.string(), v.maxLength(256))) })
const Create = v.looseObject({ type: v.literal('response.create'), generate: v.nullish(v.boolean()) })

/** RFC 6455: the server goes away. */
const GOING_AWAY = 1001
/** Requests that wait for those before them. */
const MOST_WAITING = 32

/** `GET /v1/responses` with `upgrade: websocket`. Anything else is told so: clients then go on with plain requests. */
export function responsesSocket(gateway: Gateway, admit: Admit) {
  return ({ request }: { request: Request }): Response => {
    if (exchangeOf(request).upgrade(new ResponsesSocket(gateway, request, admit)))
      return new Response(null, { status: 101 })
    throw new GatewayError('invalid_request', 'Send a POST here, or open a WebSocket.', { status: 426 })
  }
}

class ResponsesSocket implements SocketHandler {
  readonly #gateway: Gateway
  readonly #turns: SocketTurns
  readonly #left = new AbortController()
  /** The last request of each lane, which the next one waits for. */
  readonly #lanes = new Map<string, Promise<void>>()
  #socket: Socket | undefined
  #waiting = 0
  #stopping = false

  constructor(gateway: Gateway, request: Request, admit: Admit) {
    this.#gateway = gateway
    this.#turns = new SocketTurns(gateway, request, admit)
  }

  opened(socket: Socket): void {
    this.#socket = socket
    const { retired } = this.#gateway.drain
    retired.addEventListener('abort', () => this.stopping(), { once: true, signal: this.#left.signal })
    if (retired.aborted) this.stopping()
  }

  message(text: string): void {
    let lane: string | undefined
    try {
      const message = this.#read(text)
      lane = message.stream_id ?? undefined
      this.#enqueue(message, lane)
    } catch (thrown) {
      void this.#refuse(GatewayError.from(thrown), lane)
    }
  }

  closed(): void {
    this.#left.abort()
  }

  stopping(): void {
    this.#stopping = true
    if (this.#waiting === 0) this.#socket?.close(GOING_AWAY, 'The gateway is stopping.')
  }

  #read(text: string): v.InferOutput<typeof Message> {
    if (Buffer.byteLength(text) > this.#gateway.config.bodyLimit)
      throw new GatewayError('request_too_large', `The message is larger than ${this.#gateway.config.bodyLimit} bytes.`)
    checkJsonShape(text)
    let message: unknown
    try {
      message = JSON.parse(text)
    } catch {
      throw new GatewayError('invalid_request', 'The message is not valid JSON.')
    }
    return check(Message, message)
  }

  #enqueue(message: v.InferOutput<typeof Message>, lane: string | undefined): void {
    if (message.type !== 'response.create')
      throw new GatewayError('invalid_request', 'Only messages of the type response.create are understood.', {
        param: 'type',
      })
    if (this.#stopping) throw new GatewayError('overloaded', 'The gateway is stopping.')
    if (this.#waiting >= MOST_WAITING)
      throw new GatewayError('queue_full', `${MOST_WAITING} requests are waiting on this socket already.`)
    const { type: _, generate, ...fields } = check(Create, message)
    // How the answer comes is not asked for here, and lanes are the socket's own.
    const { stream_id: _lane, background, ...rest } = fields
    if (background) throw new GatewayError('unsupported_parameter', 'background needs a POST.', { param: 'background' })
    const body = check(ResponsesRequest, { ...rest, stream: true })
    this.#waiting += 1
    const key = lane ?? ''
    const before = this.#lanes.get(key) ?? Promise.resolve()
    const turn = before.then(() => this.#answer(body, generate !== false, lane))
    this.#lanes.set(key, turn)
    void turn.then(() => {
      if (this.#lanes.get(key) === turn) this.#lanes.delete(key)
      this.#waiting -= 1
      if (this.#stopping) this.stopping()
    })
  }

  /** Never rejects. */
  async #answer(body: v.InferOutput<typeof ResponsesRequest>, generate: boolean, lane: string | undefined) {
    if (this.#left.signal.aborted) return
    try {
      for await (const event of this.#turns.run(body, generate, this.#left.signal)) await this.#send(event, lane)
    } catch (thrown) {
      await this.#refuse(GatewayError.from(thrown), lane)
    }
  }

  async #refuse(error: GatewayError, lane: string | undefined): Promise<void> {
    await this.#send(JSON.stringify({ type: 'error', status: error.status, ...encodeError(error) }), lane)
  }

  async #send(event: string, lane: string | undefined): Promise<void> {
    const text = lane === undefined ? event : `{"stream_id":${JSON.stringify(lane)},${event.slice(1)}`
    await this.#socket?.send(text)
  }
}
