// What a process of Claude Code is warmed up against: a service on the loopback that says one word, at no cost.

import { serviceAnswer } from './service-answer.ts'

/** The name under which it is asked: no credential, and none of anybody's. */
export const WARM_UP_CREDENTIAL = 'warm-up'
/** A model that nobody asks for. */
export const WARM_UP_MODEL = 'claude-warm-up'

/** An address for one process, which nobody else knows. */
export type WarmUpVisit = {
  url: string
  /** How many questions came there. */
  asked(): number
  close(): void
}

export type WarmUpService = {
  /** Undefined once it is given up: for good. */
  open(): WarmUpVisit | undefined
  /** Hears how warming up a process has ended. */
  note(success: boolean): void
  stop(): void
}

/** After so many failures in a row it is given up. */
const PATIENCE = 3

/** `givenUp` hears why, once: a credential came here that is not its own, or warming up has failed too often. */
export function startWarmUpService(givenUp: (reason: string) => void): WarmUpService {
  const visits = new Map<string, number>()
  let failures = 0
  let isOpen = true
  const giveUp = (reason: string) => {
    if (isOpen) givenUp(reason)
    isOpen = false
  }
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    development: false,
    async fetch(request) {
      const [, visit = '', ...rest] = new URL(request.url).pathname.split('/')
      const asked = visits.get(visit)
      // Whoever else is on this machine.
      if (asked === undefined) return new Response(null, { status: 404, headers: LAST })
      if (!CREDENTIALS.every((name) => isOwn(request.headers.get(name)))) giveUp('A process sent its own credential.')
      if (request.method !== 'POST' || rest.at(-1) !== 'messages') {
        return new Response(null, { status: 404, headers: LAST })
      }
      // Nobody looks at what is asked.
      await request.body?.cancel()
      visits.set(visit, asked + 1)
      return new Response(ANSWER, { headers: { ...LAST, 'content-type': 'text/event-stream' } })
    },
  })
  return {
    open() {
      if (!isOpen) return undefined
      const visit = crypto.randomUUID()
      visits.set(visit, 0)
      return {
        url: `http://127.0.0.1:${server.port}/${visit}`,
        asked: () => visits.get(visit) ?? 0,
        close: () => void visits.delete(visit),
      }
    },
    note(success) {
      failures = success ? 0 : failures + 1
      if (failures >= PATIENCE) giveUp('It has failed too often.')
    },
    stop: () => void server.stop(true),
  }
}

const CREDENTIALS = ['x-api-key', 'authorization']
const isOwn = (value: string | null): boolean => value === null || value.replace(/^Bearer /, '') === WARM_UP_CREDENTIAL

/** The process never asks it again. */
const LAST = { connection: 'close' }

/** No tokens, so that the turn that follows has its whole budget. */
const FREE = { input_tokens: 0, output_tokens: 0 }
const ANSWER = serviceAnswer({ model: WARM_UP_MODEL, text: 'warm', usage: FREE })
