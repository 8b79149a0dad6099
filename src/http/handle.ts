// The way of a request, for every API: decode, plan, run, and answer in whole or as a stream.
import { collect } from '../core/collect.ts'
import { GatewayError } from '../core/error.ts'
import type { ChoiceBatch } from '../core/event.ts'
import type { ChatRequest } from '../core/request.ts'
import { type Plan, run } from '../core/run.ts'
import type { AnswerContext, Dialect } from '../dialects/dialect.ts'
import { withMessageMode } from '../policy/message-mode.ts'
import { errorResponse } from './errors.ts'
import { eventStream } from './event-stream.ts'
import { type Exchange, exchangeOf } from './exchange.ts'
import type { Gateway } from './gateway.ts'

/** A caller may send thousands of unknown fields; so many are named. */
const MOST_IGNORED = 100

/** Answers a request whose body has been read and checked. Never rejects: failures are responses of the dialect. */
export async function handle<Body>(
  gateway: Gateway,
  dialect: Dialect<Body>,
  request: Request,
  body: Body,
): Promise<Response> {
  const exchange = exchangeOf(request)
  exchange.holdOpen()
  try {
    return await answer(gateway, dialect, exchange, body, request.headers)
  } catch (thrown) {
    if (exchange.signal.aborted) exchange.leave()
    const error = GatewayError.from(thrown)
    exchange.fail(error)
    return errorResponse(error, dialect, {}, exchange.record.requestId)
  }
}

async function answer<Body>(
  gateway: Gateway,
  dialect: Dialect<Body>,
  exchange: Exchange,
  body: Body,
  headers: Headers,
): Promise<Response> {
  const chat = decodeTurn(dialect, exchange, body)
  if (chat.stream) exchange.follow()
  const plan = await planTurn(gateway, exchange, chat, headers)
  const context: AnswerContext = {
    id: exchange.id,
    model: chat.model,
    created: Date.now(),
    requestId: exchange.record.requestId,
  }
  const batches = runTurns(gateway, plan, chat, exchange)
  if (!chat.stream) {
    const answers = await collect(batches)
    if (exchange.signal.aborted) throw new GatewayError('client_closed_request', 'The client left.')
    return Response.json(dialect.answer(answers, chat, context))
  }
  return await eventStream(batches, dialect.stream(chat, context), exchange, gateway.config)
}

/** Whether a caller wants to be refused rather than ignored. */
function isStrict(headers: Headers): boolean {
  return /^(?:1|true)$/i.test(headers.get('x-cligate-strict') ?? '')
}

/** @throws GatewayError whatever is wrong with the body */
export function decodeTurn<Body>(dialect: Dialect<Body>, exchange: Exchange, body: Body): ChatRequest {
  const { record } = exchange
  record.dialect = dialect.name
  const chat = exchange.within(dialect.decode(body))
  record.model = chat.model
  record.stream = chat.stream
  return chat
}

/** @throws GatewayError when nobody can answer, and in strict mode for what nobody honours */
export async function planTurn(
  gateway: Gateway,
  { record }: Exchange,
  chat: ChatRequest,
  headers: Headers,
): Promise<Plan> {
  const plan = withMessageMode(await gateway.plan(chat), headers, gateway.config.messageMode)
  record.provider = plan.provider
  if (plan.ignored.length > 0) record.ignored = plan.ignored.slice(0, MOST_IGNORED)
  if (isStrict(headers) || gateway.config.strict) refuseIgnored(plan, chat)
  return plan
}

/**
 * The rule that functions have: SDKs write `strict: true` by themselves, so that it is named, but refuses no request.
 * @throws GatewayError in strict mode, for the first field that nobody honours
 */
function refuseIgnored({ ignored }: Plan, { given }: ChatRequest): void {
  const param = ignored.find((name) => name !== given.strictTools)
  if (param === undefined) return
  throw new GatewayError('unsupported_parameter', `${param} is not supported for this model, and strict mode is on.`, {
    param,
  })
}

/** Images are fetched here and not before, so that the head of a stream need not wait for them. */
export async function* runTurns(
  gateway: Gateway,
  plan: Plan,
  chat: ChatRequest,
  exchange: Exchange,
): AsyncGenerator<ChoiceBatch> {
  const prepared = await gateway.prepare(chat, exchange.signal)
  exchange.ready()
  for await (const batch of run(plan, prepared, exchange.id, exchange.signal)) {
    exchange.observe(batch)
    yield batch
  }
}
