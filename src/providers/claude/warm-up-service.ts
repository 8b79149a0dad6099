// What a process of Claude Code is warmed up against: a service on the loopback that says one word, at no cost.

/** The name under which it is asked: no credential, and none of anybody's. */
export const WARM_UP_CREDENTIAL = 'warm-up'

export type WarmUpService = {
  /** Where it is. Undefined once it was sent a credential, or warming up has failed too often: then nothing asks it any more. */
  url(): string | undefined
  /** How many requests it has answered. */
  answered(): number
  /** Hears how warming up has ended. */
  note(success: boolean): void
  stop(): void
}

/** After so many failures in a row it is given up. */
const PATIENCE = 3

export function startWarmUpService(): WarmUpService {
  let [answered, failures] = [0, 0]
  let exposed = false
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    development: false,
    async fetch(request) {
      exposed ||= !CREDENTIALS.every((name) => isOwn(request.headers.get(name)))
      if (request.method !== 'POST' || !new URL(request.url).pathname.endsWith('/messages')) {
        return new Response(null, { status: 404, headers: LAST })
      }
      // Nobody looks at what is asked.
      await request.body?.cancel()
      answered += 1
      return new Response(ANSWER, { headers: { ...LAST, 'content-type': 'text/event-stream' } })
    },
  })
  return {
    url: () => (exposed || failures >= PATIENCE ? undefined : `http://127.0.0.1:${server.port}`),
    answered: () => answered,
    note(success) {
      failures = success ? 0 : failures + 1
    },
    stop: () => void server.stop(true),
  }
}

const CREDENTIALS = ['x-api-key', 'authorization']
const isOwn = (value: string | null): boolean => value === null || /^(Bearer )?warm-up$/.test(value)

/** The process never asks it again. */
const LAST = { connection: 'close' }

/** No tokens, so that the turn that follows has its whole budget. */
const FREE = { input_tokens: 0, output_tokens: 0 }

const MESSAGE = {
  id: 'msg_warm_up',
  type: 'message',
  role: 'assistant',
  model: 'claude-warm-up',
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: FREE,
}

const ANSWER = [
  { type: 'message_start', message: MESSAGE },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'warm' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: FREE },
  { type: 'message_stop' },
]
  .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  .join('')
