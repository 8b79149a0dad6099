// A tiny stand-in for a model service on loopback, for the self-tests: it keeps what it was asked, and answers at once.
import { asFields, type Fields } from './fields.ts'

export type StandIn = {
  /** Without a path. */
  url: string
  /** The bodies of all requests for an answer. */
  asked: Fields[]
  stop(): void
}

/** What it says in each answer. */
export const STAND_IN_ANSWER = 'pong'

/**
 * @param path what the paths of requests for an answer end with; others are a 404
 * @param answer the stream of events
 */
export function startStandIn(path: string, answer: (body: Fields) => string): StandIn {
  const asked: Fields[] = []
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    development: false,
    async fetch(request) {
      if (request.method !== 'POST' || !new URL(request.url).pathname.endsWith(path)) {
        return new Response(null, { status: 404 })
      }
      const body = asFields(await request.json().catch(() => undefined)) ?? {}
      asked.push(body)
      return new Response(answer(body), { headers: { 'content-type': 'text/event-stream' } })
    },
  })
  return { url: `http://127.0.0.1:${server.port}`, asked, stop: () => void server.stop(true) }
}
