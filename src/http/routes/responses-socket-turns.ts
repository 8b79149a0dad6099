import type { Batch } from '../../core/event.ts'
import { GatewayError } from '../../core/error.ts'
import type { Plan } from '../../core/run.ts'
import { openaiResponses } from '../../dialects/openai-responses/dialect.ts'
import type { ResponsesRequest } from '../../dialects/openai-responses/schema.ts'
import type { Admit } from '../admission.ts'
import { errorResponse } from '../errors.ts'
import { Exchange, exchangeOf, type Sockets } from '../exchange.ts'
import type { Gateway } from '../gateway.ts'
import { handle } from '../handle.ts'
import { historyOf, keep } from './responses-history.ts'
import { ResponseMemory } from './responses-memory.ts'

/** The requests of one socket: each takes the way of any other, is let in like any other, and is logged as one. */
export class SocketTurns {
  readonly #gateway: Gateway
  readonly #admit: Admit
  readonly #memory: ResponseMemory
  readonly #url: string
  readonly #headers: Headers
  readonly #provider: string | undefined
  readonly #sockets: Sockets

  /** @param request the handshake: what it said of its sender, and what it asked for, holds for each turn */
  constructor(gateway: Gateway, request: Request, admit: Admit) {
    const exchange = exchangeOf(request)
    // Not to be found out any more when it has become a socket.
    const address = exchange.address()
    this.#gateway = gateway
    this.#admit = admit
    this.#memory = new ResponseMemory(historyOf(gateway.responses, exchange.caller.id))
    this.#url = request.url
    this.#headers = new Headers(request.headers)
    // Of the handshake alone: each turn has one of its own.
    this.#headers.delete('x-request-id')
    this.#provider = exchange.provider
    this.#sockets = { hold: () => {}, release: () => {}, address: () => address, upgrade: () => false }
  }

  /**
   * The events of one answer, as JSON texts. Whoever stops reading, or whose signal aborts, cancels the turn.
   * @param generate false only takes note of the request, so that the next one can go on from it
   */
  async *run(body: ResponsesRequest, generate: boolean, signal: AbortSignal): AsyncGenerator<string> {
    const request = new Request(this.#url, { method: 'POST', headers: this.#headers })
    const exchange = new Exchange(request, this.#gateway, this.#sockets)
    exchange.provider = this.#provider
    const dialect = openaiResponses({
      history: this.#memory,
      stores: this.#gateway.responses.enabled,
      finished: (finished) => {
        this.#memory.add(finished)
        keep(this.#gateway.responses, finished, exchange.caller.id)
      },
    })
    const answer = async () => {
      try {
        // The socket may be older than what is known of its key by now.
        await this.#admit(request)
      } catch (thrown) {
        const error = GatewayError.from(thrown)
        exchange.fail(error)
        return errorResponse(error, dialect)
      }
      return await handle(generate ? this.#gateway : saysNothing(this.#gateway), dialect, request, body)
    }
    signal.addEventListener('abort', exchange.leave, { once: true })
    try {
      yield* eventsOf(exchange.respond(await answer()))
    } finally {
      signal.removeEventListener('abort', exchange.leave)
    }
  }
}

/** The same gateway with a provider that is not asked. */
function saysNothing(gateway: Gateway): Gateway {
  return {
    ...gateway,
    plan: async (chat): Promise<Plan> => ({ ...(await gateway.plan(chat)), run: nothing, filters: [] }),
  }
}

async function* nothing(): AsyncGenerator<Batch> {
  yield [
    { type: 'stream-start', model: '', created: Date.now() },
    { type: 'finish', reason: 'stop' },
  ]
}

/** The data of the events of a stream; an error is one event, with the status that it would have had. */
async function* eventsOf(response: Response): AsyncGenerator<string> {
  if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true || !response.body) {
    const body: unknown = await response.json()
    yield JSON.stringify({ type: 'error', status: response.status, ...Object(body) })
    return
  }
  let text = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const frames = (text + chunk).split('\n\n')
    text = frames.pop() ?? ''
    for (const frame of frames) {
      // Comments, which keep an HTTP connection open, are of no use here.
      const data = /^data: (.*)$/m.exec(frame)?.[1]
      if (data !== undefined) yield data
    }
  }
}
