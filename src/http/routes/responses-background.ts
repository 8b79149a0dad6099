// Responses that run in the background: started, found, and cancelled by their id.
import { GatewayError } from '../../core/error.ts'
import type { AnswerContext } from '../../dialects/dialect.ts'
import { openaiResponses } from '../../dialects/openai-responses/dialect.ts'
import { responseId } from '../../dialects/openai-responses/envelope.ts'
import type { History } from '../../dialects/openai-responses/history.ts'
import { presented } from '../../dialects/openai-responses/items.ts'
import { keptInput } from '../../dialects/openai-responses/kept.ts'
import type { ResponsesRequest } from '../../dialects/openai-responses/schema.ts'
import { errorResponse } from '../errors.ts'
import { Exchange, exchangeOf } from '../exchange.ts'
import type { Gateway } from '../gateway.ts'
import { decodeTurn, planTurn, runTurns } from '../handle.ts'
import { framesResponse } from './responses-frames.ts'
import { ResponseRun } from './responses-run.ts'

/** Each holds its events in memory and has a turn of its own; more than so many is no use but a mistake. */
const MOST_RUNNING = 100

export class BackgroundResponses {
  readonly #gateway: Gateway
  readonly #running = new Map<string, ResponseRun>()

  constructor(gateway: Gateway) {
    this.#gateway = gateway
  }

  find(owner: string, id: string): ResponseRun | undefined {
    const run = this.#running.get(id)
    return run?.owner === owner ? run : undefined
  }

  /** Forgets a response, and ends the work on it. */
  drop(owner: string, id: string): boolean {
    const run = this.find(owner, id)
    if (!run) return false
    this.#running.delete(id)
    run.cancel()
    return true
  }

  /** Answers with a queued response, or with the stream of it. Never rejects. */
  async start(request: Request, body: ResponsesRequest, history: History): Promise<Response> {
    const dialect = openaiResponses({ history })
    const exchange = exchangeOf(request)
    try {
      this.#admit()
      const chat = decodeTurn(dialect, exchange, body)
      const plan = await planTurn(this.#gateway, exchange, chat, request.headers)
      const work = this.#exchangeFor(request, exchange)
      const context: AnswerContext = { id: work.id, model: chat.model, created: Date.now() }
      const run = new ResponseRun(exchange.caller.id, dialect.stream(chat, context), work)
      const keep = this.#keeper(run, context, body, keptInput(dialect.input(), responseId(context)))
      const queued = presented(run.snapshot(), false)
      this.#running.set(queued.id, run)
      keep(process.pid)
      void run.work(runTurns(this.#gateway, plan, chat, work)).then(() => {
        // Not for one that was dropped meanwhile.
        if (this.#running.delete(queued.id)) keep()
      })
      if (!body.stream) return Response.json(queued)
      return await framesResponse(run.read(0), exchange, this.#gateway.config)
    } catch (thrown) {
      const error = GatewayError.from(thrown)
      exchange.fail(error)
      return errorResponse(error, dialect)
    }
  }

  #admit(): void {
    if (!this.#gateway.responses.enabled)
      throw new GatewayError('unsupported_parameter', 'background needs stored responses, which are turned off here.', {
        param: 'background',
      })
    if (this.#running.size >= MOST_RUNNING)
      throw new GatewayError('queue_full', `${MOST_RUNNING} responses are running in the background already.`, {
        retryAfter: 10,
      })
  }

  /** The work outlives the request that asks for it, and is logged as one of its own with the same id. */
  #exchangeFor({ url }: Request, { record, caller }: Exchange): Exchange {
    const headers = { 'x-request-id': record.requestId }
    const work = new Exchange(new Request(url, { method: 'POST', headers }), this.#gateway, undefined)
    work.caller = caller
    const { dialect, model, provider, stream } = record
    Object.assign(work.record, { dialect, model, provider, stream })
    work.follow()
    work.begin()
    return work
  }

  #keeper(run: ResponseRun, { created }: AnswerContext, body: ResponsesRequest, input: object[]) {
    return (runner?: number) => {
      const response = run.snapshot()
      this.#gateway.responses.save({
        id: response.id,
        owner: run.owner,
        status: response.status,
        createdAt: created,
        response,
        input,
        ...(body.previous_response_id ? { previous: body.previous_response_id } : {}),
        ...(runner === undefined ? { frames: run.text() } : { runner }),
      })
    }
  }
}
