// What callers do with responses that are there already: fetch, stream again, list their input, cancel, delete.
import { GatewayError } from '../../core/error.ts'
import { splitFrames } from '../../dialects/openai-responses/frames.ts'
import { presented, presentedItem } from '../../dialects/openai-responses/items.ts'
import { abandoned, readResponse } from '../../dialects/openai-responses/kept.ts'
import { replayFrames } from '../../dialects/openai-responses/replay.ts'
import type { ResponsesOutputItem, ResponsesResponse } from '../../dialects/openai-responses/schema-answer.ts'
import { ENCRYPTED_REASONING } from '../../dialects/openai-responses/unsupported.ts'
import type { StoredResponse } from '../../store/stored-response.ts'
import { exchangeOf } from '../exchange.ts'
import type { Gateway } from '../gateway.ts'
import type { BackgroundResponses } from './responses-background.ts'
import { framesResponse } from './responses-frames.ts'
import { inputOf } from './responses-history.ts'

/** What a request on a stored response has. */
type Call = { request: Request; params: { id: string } }

const LONGEST_PAGE = 100
const USUAL_PAGE = 20

export function storedResponses(gateway: Gateway, background: BackgroundResponses) {
  const { responses: store } = gateway

  const find = (owner: string, id: string): { stored: StoredResponse; response: ResponsesResponse } => {
    const stored = store.get(owner, id)
    const response = stored && readResponse(stored.response)
    if (!stored || !response) throw notFound(id)
    const isRunning = response.status === 'queued' || response.status === 'in_progress'
    // Whoever worked on it is gone, without a word.
    return { stored, response: isRunning && !isAlive(stored.runner) ? abandoned(response) : response }
  }

  return {
    async get({ request, params: { id } }: Call): Promise<Response> {
      const exchange = exchangeOf(request)
      const query = queryOf(request)
      const encrypted = includesEncrypted(query)
      const first = firstEvent(query)
      const run = background.find(exchange.caller.id, id)
      if (first === undefined) {
        return Response.json(presented(run?.snapshot() ?? find(exchange.caller.id, id).response, encrypted))
      }
      const frames = run ? run.read(first) : framesFrom(find(exchange.caller.id, id), first, encrypted)
      exchange.record.stream = true
      return await framesResponse(frames, exchange, gateway.config)
    },

    delete({ request, params: { id } }: Call): Response {
      const caller = exchangeOf(request).caller.id
      const wasRunning = background.drop(caller, id)
      if (!store.delete(caller, id) && !wasRunning) throw notFound(id)
      return Response.json({ id, object: 'response', deleted: true })
    },

    async cancel({ request, params: { id } }: Call): Promise<Response> {
      const caller = exchangeOf(request).caller.id
      const run = background.find(caller, id)
      if (run) {
        run.cancel()
        await run.ended
        return Response.json(presented(run.snapshot(), false))
      }
      const { response } = find(caller, id)
      if (!response.background)
        throw new GatewayError('invalid_request', 'Only a response that runs in the background can be cancelled.')
      return Response.json(presented(response, false))
    },

    inputItems({ request, params: { id } }: Call): Response {
      const caller = exchangeOf(request).caller.id
      const query = queryOf(request)
      find(caller, id)
      const items = inputOf(store.chain(caller, id) ?? []) as { id: string }[]
      const encrypted = includesEncrypted(query)
      return Response.json(
        page(
          items.map((item) => presentedItem(item as ResponsesOutputItem, encrypted)),
          query,
        ),
      )
    },
  }
}

function notFound(id: string): GatewayError {
  return new GatewayError('not_found', `Response with id ${JSON.stringify(id)} not found.`)
}

function isAlive(runner: number | undefined): boolean {
  // What this process works on is not asked for here.
  if (runner === undefined || runner === process.pid) return false
  try {
    return process.kill(runner, 0)
  } catch {
    return false
  }
}

const queryOf = ({ url }: Request) => new URL(url).searchParams

/** Lists come as `include=a`, `include[]=a` or `include[0]=a`. */
function includesEncrypted(query: URLSearchParams): boolean {
  return [...query].some(([name, value]) => /^include(\[\d*\])?$/.test(name) && value === ENCRYPTED_REASONING)
}

/** The number of the first event that is wanted; undefined for a response that shall not be streamed. */
function firstEvent(query: URLSearchParams): number | undefined {
  const after = query.get('starting_after')
  if (query.get('stream') !== 'true') {
    if (after !== null) throw wrong('starting_after', 'starting_after is only allowed together with stream=true.')
    return undefined
  }
  if (after === null) return 0
  if (!/^\d{1,15}$/.test(after)) throw wrong('starting_after', 'starting_after must be the number of an event.')
  return Number(after) + 1
}

async function* framesFrom(
  { stored, response }: { stored: StoredResponse; response: ResponsesResponse },
  first: number,
  encrypted: boolean,
): AsyncGenerator<string> {
  const frames = splitFrames(stored.frames ?? replayFrames(response, encrypted)).slice(first)
  if (frames.length > 0) yield frames.join('')
}

function page(items: readonly { id: string }[], query: URLSearchParams): object {
  const limit = limitOf(query)
  const order = query.get('order') ?? 'desc'
  if (order !== 'asc' && order !== 'desc') throw wrong('order', 'order must be asc or desc.')
  const ordered = order === 'asc' ? items : items.toReversed()
  const after = query.get('after')
  const start = after === null ? 0 : ordered.findIndex(({ id }) => id === after) + 1
  if (after !== null && start === 0) throw wrong('after', 'after is the id of none of the items.')
  const data = ordered.slice(start, start + limit)
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: start + limit < ordered.length,
  }
}

function limitOf(query: URLSearchParams): number {
  const limit = query.get('limit')
  if (limit === null) return USUAL_PAGE
  if (/^\d{1,3}$/.test(limit) && Number(limit) >= 1 && Number(limit) <= LONGEST_PAGE) return Number(limit)
  throw wrong('limit', `limit must be a whole number from 1 to ${LONGEST_PAGE}.`)
}

function wrong(param: string, message: string): GatewayError {
  return new GatewayError('invalid_request', message, { param })
}
