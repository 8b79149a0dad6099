// Anthropic's Messages API: its paths, and which renderer answers.
import type { Exchange } from '../recorded-request.ts'
import { type Answer, type Reply, type Step, answer } from '../reply.ts'
import { cutResponse, pause, streamed, untilLeft } from '../streaming.ts'
import type { SimulatedApi } from '../upstream.ts'
import { errorResponse } from './errors.ts'
import { wholeMessage } from './message.ts'
import { MODELS } from './models.ts'
import { messageFrames } from './stream.ts'

const EVENT_STREAM = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' }

let answered = 0

export const anthropic: SimulatedApi = {
  isTurn: (method, path) => method === 'POST' && path === '/v1/messages',
  async respond(exchange, takeReply) {
    const { method, path } = exchange.record
    if (method === 'POST' && path === '/v1/messages') return respondTo(exchange, await takeReply())
    const body = probeAnswer(method, path, exchange.record.body)
    if (!body) return undefined
    exchange.close('answered')
    return Response.json(body)
  },
}

function probeAnswer(method: string, path: string, body: string): unknown {
  if (method === 'POST' && path === '/v1/messages/count_tokens') return { input_tokens: Math.ceil(body.length / 4) }
  if (method !== 'GET') return undefined
  if (path === '/v1/models') {
    return { data: MODELS, has_more: false, first_id: MODELS[0]?.id ?? null, last_id: MODELS.at(-1)?.id ?? null }
  }
  return MODELS.find((model) => path === `/v1/models/${model.id}`)
}

async function respondTo(exchange: Exchange, reply: Reply): Promise<Response> {
  switch (reply.type) {
    case 'answer':
      await pause(reply.before, exchange.signal)
      return wantsStream(exchange.record.json) ? streamAnswer(exchange, reply) : jsonAnswer(exchange, reply)
    case 'failure':
      exchange.close('answered')
      return errorResponse(reply)
    case 'cut':
      return cutResponse(exchange)
    case 'hang':
      await untilLeft(exchange.signal)
      return new Response()
    case 'bytes':
      exchange.close('answered')
      return new Response(reply.bytes, { headers: EVENT_STREAM })
    default:
      return reply satisfies never
  }
}

function streamAnswer(exchange: Exchange, reply: Answer): Response {
  const frames = messageFrames(reply, nextId(), modelOf(exchange.record.json))
  return streamed(exchange, frames, { ...usualHeaders(reply), ...EVENT_STREAM }, reply.bytesPerWrite)
}

async function jsonAnswer(exchange: Exchange, reply: Answer): Promise<Response> {
  // The generator runs once: its waits are kept, its content is rendered.
  const steps: Step[] = []
  for (const step of reply.steps()) {
    steps.push(step)
    if (step.type === 'wait') await pause(step.milliseconds, exchange.signal)
    if (exchange.signal.aborted) return new Response()
  }
  const { message, broken } = wholeMessage(
    answer(() => steps, reply),
    nextId(),
    modelOf(exchange.record.json),
  )
  if (broken?.type === 'silence') {
    await untilLeft(exchange.signal)
    return new Response()
  }
  if (broken?.type === 'failure') {
    exchange.close('answered')
    return errorResponse(broken.failure)
  }
  if (broken) return cutResponse(exchange)
  exchange.close('answered')
  return Response.json(message, { headers: usualHeaders(reply) })
}

function usualHeaders(reply: Answer): Record<string, string> {
  return { 'request-id': 'req_simulated', ...reply.headers }
}

function nextId(): string {
  answered += 1
  return `msg_simulated_${answered}`
}

function wantsStream(json: unknown): boolean {
  return fieldOf(json, 'stream') === true
}

function modelOf(json: unknown): string {
  const model = fieldOf(json, 'model')
  return typeof model === 'string' ? model : 'unknown'
}

function fieldOf(json: unknown, name: string): unknown {
  return typeof json === 'object' && json !== null ? Reflect.get(json, name) : undefined
}
