// A tiny stand-in for the model service on loopback: it keeps what it was asked, answers one word, and calls a function.
import { asFields, type Fields } from '../fields.ts'

export type StandIn = {
  /** The base URL. */
  url: string
  /** The bodies of all requests. */
  asked: Fields[]
  stop(): void
}

export const STAND_IN_ANSWER = 'pong'
/** Called in each answer. */
export const STAND_IN_CALL = 'cligate_self_test'

export function startStandIn(): StandIn {
  const asked: Fields[] = []
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    development: false,
    async fetch(request) {
      const body = asFields(await request.json().catch(() => undefined)) ?? {}
      asked.push(body)
      return new Response(answer(String(body['model'])), { headers: { 'content-type': 'text/event-stream' } })
    },
  })
  return { url: `http://127.0.0.1:${server.port}/v1`, asked, stop: () => void server.stop(true) }
}

function answer(model: string): string {
  const head = { id: 'chatcmpl-self-test', object: 'chat.completion.chunk', created: 0, model }
  const choice = (delta: object, reason: string | null) => [{ index: 0, delta, finish_reason: reason }]
  const call = { index: 0, id: 'call_1', type: 'function', function: { name: STAND_IN_CALL, arguments: '{}' } }
  const chunks = [
    { ...head, choices: choice({ role: 'assistant', content: STAND_IN_ANSWER }, null) },
    { ...head, choices: choice({ tool_calls: [call] }, null) },
    { ...head, choices: choice({}, 'tool_calls') },
    { ...head, choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } },
  ]
  return [...chunks.map((chunk) => JSON.stringify(chunk)), '[DONE]'].map((data) => `data: ${data}\n\n`).join('')
}
