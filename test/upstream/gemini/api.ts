// The Gemini API (generativelanguage, and the same paths below a Vertex project): its paths, and which renderer answers.
import type { Exchange } from '../recorded-request.ts'
import { type Answer, type Reply, answer, type Step } from '../reply.ts'
import { cutResponse, pause, streamed, untilLeft } from '../streaming.ts'
import type { SimulatedApi } from '../upstream.ts'
import { answerChunks } from './chunks.ts'
import { errorObject, errorResponse } from './errors.ts'
import { MODELS } from './models.ts'
import { streamFrames } from './stream.ts'
import { wholeAnswer } from './whole.ts'

const EVENT_STREAM = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' }
const CALL = /\/models\/([^/:]+):(streamGenerateContent|generateContent|countTokens)$/

let answered = 0

export const gemini: SimulatedApi = {
  isTurn: (method, path) => method === 'POST' && /:(stream)?[gG]enerateContent$/.test(path),
  async respond(exchange, takeReply) {
    const { method, path, body } = exchange.record
    const [, model, call] = CALL.exec(path) ?? []
    if (method === 'POST' && model !== undefined) {
      if (call === 'countTokens') return probe(exchange, Response.json({ totalTokens: Math.ceil(body.length / 4) }))
      return respondTo(exchange, await takeReply(), model, call === 'streamGenerateContent')
    }
    if (method !== 'GET') return undefined
    if (path === '/v1beta/models') return probe(exchange, Response.json({ models: MODELS }))
    const known = MODELS.find(({ name }) => path === `/v1beta/${name}`)
    return known && probe(exchange, Response.json(known))
  },
}

function probe(exchange: Exchange, response: Response): Response {
  exchange.close('answered')
  return response
}

async function respondTo(exchange: Exchange, reply: Reply, model: string, stream: boolean): Promise<Response> {
  switch (reply.type) {
    case 'answer':
      await pause(reply.before, exchange.signal)
      return stream ? streamAnswer(exchange, reply, model) : wholeResponse(exchange, reply, model)
    case 'failure':
      return probe(exchange, errorResponse(reply))
    case 'cut':
      return cutResponse(exchange)
    case 'hang':
      await untilLeft(exchange.signal)
      return new Response()
    case 'bytes':
      return probe(exchange, new Response(reply.bytes, { headers: EVENT_STREAM }))
    default:
      return reply satisfies never
  }
}

function streamAnswer(exchange: Exchange, reply: Answer, model: string): Response {
  const headers = { ...reply.headers, ...EVENT_STREAM }
  return streamed(exchange, streamFrames(reply, nextId(), model), headers, reply.bytesPerWrite)
}

async function wholeResponse(exchange: Exchange, reply: Answer, model: string): Promise<Response> {
  // The generator runs once: its waits are kept, its content is rendered.
  const steps: Step[] = []
  for (const step of reply.steps()) {
    steps.push(step)
    if (step.type === 'wait') await pause(step.milliseconds, exchange.signal)
    if (step.type === 'silence') await untilLeft(exchange.signal)
    if (exchange.signal.aborted) return new Response()
    if (step.type === 'failure') {
      return probe(exchange, Response.json(errorObject(step.failure), { status: step.failure.status }))
    }
  }
  const source = answer(() => steps, reply)
  const whole = wholeAnswer(answerChunks(source, nextId(), model))
  return whole ? probe(exchange, Response.json(whole, { headers: reply.headers })) : cutResponse(exchange)
}

function nextId(): string {
  answered += 1
  return `simulated_${answered}`
}
