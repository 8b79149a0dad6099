// A child process that is none: a test says what it writes, and sees what it is told.
import type { Child, ChildExit } from '../../../src/process/spawn.ts'

export type Sent = { id?: number; method?: string; params?: Record<string, unknown>; result?: unknown; error?: unknown }

export type FakeChild = Child & {
  /** All it was told. */
  told: Sent[]
  /** Writes these messages in one go: one read gives them all. */
  say(...messages: (object | string)[]): void
  /** Ends it, with all that it has said. */
  end(exit?: Partial<ChildExit>): void
  /** What its lines throw, from now on. */
  breakWith(error: Error): void
  /** Resolves with the first message that was told, and has this method. */
  hears(method: string): Promise<Sent>
}

/** `onMessage` answers what the child is told, by `say`. */
export function fakeChild(onMessage: (message: Sent, child: FakeChild) => void = () => {}): FakeChild {
  const exited = Promise.withResolvers<ChildExit>()
  const reads: string[][] = []
  const waiting: { method: string; resolve: (message: Sent) => void }[] = []
  let broken: Error | undefined
  let over = false
  let wake = () => {}

  async function* lines(): AsyncGenerator<string[]> {
    while (true) {
      const read = reads.shift()
      if (read) yield read
      else if (broken) throw broken
      else if (over) return
      else await new Promise<void>((resolve) => (wake = resolve))
    }
  }

  const child: FakeChild = {
    pid: 0,
    startedAt: Date.now(),
    lines: lines(),
    told: [],
    say(...messages) {
      reads.push(messages.map((message) => (typeof message === 'string' ? message : JSON.stringify(message))))
      wake()
    },
    end({ code = 0, signal = null } = {}) {
      over = true
      exited.resolve({ code, signal })
      wake()
    },
    breakWith(error) {
      broken = error
      wake()
    },
    hears(method) {
      const heard = child.told.find((message) => message.method === method)
      if (heard) return Promise.resolve(heard)
      return new Promise((resolve) => waiting.push({ method, resolve }))
    },
    write(text) {
      if (over) return false
      for (const line of text.split('\n').filter(Boolean)) {
        const message = JSON.parse(line) as Sent
        child.told.push(message)
        for (const waiter of waiting) if (waiter.method === message.method) waiter.resolve(message)
        onMessage(message, child)
      }
      return true
    },
    endInput() {},
    stderrTail: () => 'the last words',
    exited: exited.promise,
    kill: () => child.end({ code: null, signal: 'SIGKILL' }),
    async stop() {
      child.end({ code: null, signal: 'SIGTERM' })
      return await exited.promise
    },
  }
  return child
}

export const answer = (id: unknown, result: unknown) => ({ jsonrpc: '2.0', id, result })
export const failure = (id: unknown, code: number, message: string, data?: unknown) => ({
  jsonrpc: '2.0',
  id,
  error: { code, message, data },
})
export const update = (sessionId: string, fields: object) => ({
  jsonrpc: '2.0',
  method: 'session/update',
  params: { sessionId, update: fields },
})
export const says = (sessionId: string, text: string) =>
  update(sessionId, { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } })
