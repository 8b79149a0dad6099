import type { Caller } from '../../policy/caller.ts'
import type { Batch } from '../../core/event.ts'
import type { Plan } from '../../core/run.ts'
import { openaiResponses } from '../../dialects/openai-responses/dialect.ts'
import type { ResponsesRequest } from '../../dialects/openai-responses/schema.ts'
import { Exchange } from '../exchange.ts'
import type { Gateway } from '../gateway.ts'
import { handle } from '../handle.ts'
import { keep } from './responses-history.ts'
import type { ResponseMemory } from './responses-memory.ts'

/** The requests of one socket: each takes the way of any other, and is logged as one. */
export class SocketTurns {
  readonly #gateway: Gateway
  readonly #request: Request
  readonly #caller: Caller
  readonly #memory: ResponseMemory

  constructor(gateway: Gateway, request: Request, caller: Caller, memory: ResponseMemory) {
    this.#gateway = gateway
    this.#request = request
    this.#caller = caller
    this.#memory = memory
  }

  /**
   * The events of one answer, as JSON texts. Whoever stops reading, or whose signal aborts, cancels the turn.
   * @param generate false only takes note of the request, so that the next one can go on from it
   */
  async *run(body: ResponsesRequest, generate: boolean, signal: AbortSignal): AsyncGenerator<string> {
    const strict = this.#request.headers.get('x-cligate-strict')
    const headers = strict === null ? undefined : { 'x-cligate-strict': strict }
    const request = new Request(this.#request.url, { method: 'POST', headers })
    const exchange = new Exchange(request, this.#gateway, undefined)
    exchange.caller = this.#caller
    const dialect = openaiResponses({
      history: this.#memory,
      stores: this.#gateway.responses.enabled,
      finished: (finished) => {
        this.#memory.add(finished)
        keep(this.#gateway.responses, finished, this.#caller.id)
      },
    })
    signal.addEventListener('abort', exchange.leave, { once: true })
    try {
      const gateway = generate ? this.#gateway : saysNothing(this.#gateway)
      yield* eventsOf(exchange.respond(await handle(gateway, dialect, request, body)))
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
