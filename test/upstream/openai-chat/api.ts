// OpenAI's Chat Completions API as it and many others serve it: its paths, and which renderer answers.
import { errorResponse } from '../openai-responses/errors.ts'
import type { Exchange } from '../recorded-request.ts'
import type { Answer, Reply, Step } from '../reply.ts'
import { cutResponse, pause, streamed, untilLeft } from '../streaming.ts'
import type { SimulatedApi } from '../upstream.ts'
import { wholeCompletion } from './completion.ts'
import { MODELS } from './models.ts'
import { completionFrames } from './stream.ts'

const EVENT_STREAM = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' }
const REQUEST_ID = { 'x-request-id': 'req_simulated' }

let answered = 0

/** The base URL may have any path: `/v1`, `/compatible-mode/v1`, none. */
const isCompletions = (path: string) => path.endsWith('/chat/completions')

export const openaiChat: SimulatedApi = {
  isTurn: (method, path) => method === 'POST' && isCompletions(path),
  async respond(exchange, takeReply) {
    const { method, path, headers } = exchange.record
    if (method === 'POST' && isCompletions(path)) return respondTo(exchange, await takeReply())
    // Anthropic's list has the same path, but another way to say who asks.
    const isOpenai = headers['authorization'] !== undefined && headers['anthropic-version'] === undefined
    if (method === 'GET' && path.endsWith('/models') && isOpenai) {
      return over(exchange, Response.json({ object: 'list', data: MODELS }))
    }
    return undefined
  },
}

function over(exchange: Exchange, response: Response): Response {
  exchange.close('answered')
  return response
}

async function respondTo(exchange: Exchange, reply: Reply): Promise<Response> {
  switch (reply.type) {
    case 'answer':
      await pause(reply.before, exchange.signal)
      return fieldOf(exchange.record.json, 'stream') === true
        ? streamAnswer(exchange, reply)
        : jsonAnswer(exchange, reply)
    case 'failure':
      return over(exchange, errorResponse(reply))
    case 'cut':
      return cutResponse(exchange)
    case 'hang':
      await untilLeft(exchange.signal)
      return new Response()
    case 'bytes':
      return over(exchange, new Response(reply.bytes, { headers: EVENT_STREAM }))
    default:
      return reply satisfies never
  }
}

function streamAnswer(exchange: Exchange, reply: Answer): Response {
  const { json } = exchange.record
  const includeUsage = fieldOf(fieldOf(json, 'stream_options'), 'include_usage') === true
  const frames = completionFrames(reply, { id: nextId(), model: modelOf(json), includeUsage })
  return streamed(exchange, frames, { ...REQUEST_ID, ...reply.headers, ...EVENT_STREAM }, reply.bytesPerWrite)
}

async function jsonAnswer(exchange: Exchange, reply: Answer): Promise<Response> {
  // The generator runs once: its waits are kept, its content is rendered.
  const steps: Step[] = []
  for (const step of reply.steps()) {
    steps.push(step)
    if (step.type === 'wait') await pause(step.milliseconds, exchange.signal)
    if (exchange.signal.aborted) return new Response()
  }
  const { completion, broken } = wholeCompletion(reply, steps, nextId(), modelOf(exchange.record.json))
  switch (broken?.type) {
    case undefined:
      return over(exchange, Response.json(completion, { headers: { ...REQUEST_ID, ...reply.headers } }))
    case 'failure':
      return over(exchange, errorResponse(broken.failure))
    case 'silence':
      await untilLeft(exchange.signal)
      return new Response()
    case 'end':
    case 'cut':
      return cutResponse(exchange)
    default:
      return broken satisfies never
  }
}

function nextId(): string {
  answered += 1
  return `chatcmpl-simulated-${answered}`
}

function modelOf(json: unknown): string {
  const model = fieldOf(json, 'model')
  return typeof model === 'string' ? model : 'unknown'
}

function fieldOf(json: unknown, name: string): unknown {
  return typeof json === 'object' && json !== null ? Reflect.get(json, name) : undefined
}
