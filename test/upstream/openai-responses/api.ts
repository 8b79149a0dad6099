// OpenAI's Responses API over HTTP: its paths, with and without /v1, and which renderer answers.
import type { Exchange } from '../recorded-request.ts'
import { type Answer, type Reply, type Step, answer } from '../reply.ts'
import { cutResponse, pause, streamed, untilLeft } from '../streaming.ts'
import type { SimulatedApi } from '../upstream.ts'
import { errorResponse } from './errors.ts'
import { CODEX_MODELS } from './models.ts'
import { wholeResponse } from './response.ts'
import { responseFrames } from './stream.ts'

const EVENT_STREAM = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' }
const REQUEST_ID = { 'x-request-id': 'req_simulated' }

let answered = 0

const isResponses = (path: string) => path === '/v1/responses' || path === '/responses'

export const openaiResponses: SimulatedApi = {
  isTurn: (method, path) => method === 'POST' && isResponses(path),
  async respond(exchange, takeReply) {
    const { method, path, query } = exchange.record
    if (method === 'POST' && isResponses(path)) return respondTo(exchange, await takeReply())
    // A client that wants a WebSocket and gets this goes on over HTTP.
    if (method === 'GET' && isResponses(path)) return probe(exchange, new Response(null, { status: 426 }))
    // Codex alone says which client asks, and gets a list in a shape of its own.
    const isModels = path === '/v1/models' || path === '/models'
    if (method === 'GET' && isModels && query.includes('client_version=')) {
      return probe(exchange, Response.json({ models: CODEX_MODELS }))
    }
    return undefined
  },
}

function probe(exchange: Exchange, response: Response): Response {
  exchange.close('answered')
  return response
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
  const frames = responseFrames(reply, nextId(), modelOf(exchange.record.json))
  return streamed(exchange, frames, { ...REQUEST_ID, ...reply.headers, ...EVENT_STREAM }, reply.bytesPerWrite)
}

async function jsonAnswer(exchange: Exchange, reply: Answer): Promise<Response> {
  // The generator runs once: its waits are kept, its content is rendered.
  const steps: Step[] = []
  for (const step of reply.steps()) {
    steps.push(step)
    if (step.type === 'wait') await pause(step.milliseconds, exchange.signal)
    if (exchange.signal.aborted) return new Response()
    if (step.type === 'silence') {
      await untilLeft(exchange.signal)
      return new Response()
    }
    if (step.type === 'failure') return probe(exchange, errorResponse(step.failure))
    if (step.type === 'cut' || step.type === 'end') return cutResponse(exchange)
  }
  const whole = wholeResponse(
    answer(() => steps, reply),
    nextId(),
    modelOf(exchange.record.json),
  )
  return probe(exchange, Response.json(whole, { headers: { ...REQUEST_ID, ...reply.headers } }))
}

function nextId(): string {
  answered += 1
  return `simulated_${answered}`
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
