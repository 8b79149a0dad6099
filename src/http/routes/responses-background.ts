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
import { RunningResponses } from '../running-responses.ts'
import { framesResponse } from './responses-frames.ts'
import { ResponseRun } from './responses-run.ts'

export class BackgroundResponses {
  readonly #gateway: Gateway
  readonly #running: RunningResponses

  constructor(gateway: Gateway) {
    this.#gateway = gateway
    this.#running = gateway.running ?? new RunningResponses()
  }

  find(owner: string, id: string): ResponseRun | undefined {
    return this.#running.find(owner, id)
  }

  /** Forgets a response, and ends the work on it. */
  drop(owner: string, id: string): boolean {
    const run = this.find(owner, id)
    if (!run) return false
    this.#running.remove(id)
    run.cancel()
    return true
  }

  /** Answers with a queued response, or with the stream of it. Never rejects. */
  async start(request: Request, body: ResponsesRequest, history: History): Promise<Response> {
    const dialect = openaiResponses({ history })
    const exchange = exchangeOf(request)
    try {
      this.#admit(exchange.caller.id)
      const chat = decodeTurn(dialect, exchange, body)
      const plan = await planTurn(this.#gateway, exchange, chat, request.headers)
      const work = this.#exchangeFor(request, exchange)
      const context: AnswerContext = { id: work.id, model: chat.model, created: Date.now() }
      const run = new ResponseRun(exchange.caller.id, dialect.stream(chat, context), work)
      const keep = this.#keeper(run, context, body, keptInput(dialect.input(), responseId(context)))
      const queued = presented(run.snapshot(), false)
      this.#running.add(queued.id, run)
      keep(process.pid)
      void run.work(runTurns(this.#gateway, plan, chat, work)).then(() => {
        // Not for one that was dropped meanwhile.
        if (this.#running.remove(queued.id)) keep()
      })
      if (!body.stream) return Response.json(queued)
      return await framesResponse(run.read(0), exchange, this.#gateway.config)
    } catch (thrown) {
      const error = GatewayError.from(thrown)
      exchange.fail(error)
      return errorResponse(error, dialect)
    }
  }

  #admit(owner: string): void {
    if (!this.#gateway.responses.enabled)
      throw new GatewayError('unsupported_parameter', 'background needs stored responses, which are turned off here.', {
        param: 'background',
      })
    this.#running.admit(owner)
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
      // The gateway that is asked for it may be another one by now, with a store of its own on the same file.
      this.#gateway.responses.flush()
    }
  }
}
