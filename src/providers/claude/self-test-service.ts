// A tiny stand-in for the model service on loopback: it keeps what it was asked, and answers one word.
import { asFields, type Fields } from '../acp-fields.ts'

export type StandIn = {
  url: string
  /** The bodies of all requests for an answer. */
  asked: Fields[]
  stop(): void
}

export const STAND_IN_ANSWER = 'pong'

export function startStandIn(): StandIn {
  const asked: Fields[] = []
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    development: false,
    async fetch(request) {
      if (request.method !== 'POST' || !new URL(request.url).pathname.endsWith('/messages')) {
        return new Response(null, { status: 404 })
      }
      const body = asFields(await request.json().catch(() => undefined)) ?? {}
      asked.push(body)
      return new Response(answer(String(body['model'])), { headers: { 'content-type': 'text/event-stream' } })
    },
  })
  return { url: `http://127.0.0.1:${server.port}`, asked, stop: () => void server.stop(true) }
}

function answer(model: string): string {
  const usage = { input_tokens: 1, output_tokens: 1 }
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model, content: [], stop_reason: null, usage }
  const events = [
    { type: 'message_start', message },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: STAND_IN_ANSWER } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage },
    { type: 'message_stop' },
  ]
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
}
