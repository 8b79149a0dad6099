// A gateway made of fakes, in process or on a socket, for the tests of the HTTP layer.
import type { Batch, ChatEvent } from '../../src/core/event.ts'
import type { Plan } from '../../src/core/run.ts'
import type { RunTurn } from '../../src/core/turn.ts'
import { createDrain } from '../../src/http/drain.ts'
import { createStatistics } from '../../src/observe/statistics.ts'
import type { Gateway, HttpOptions } from '../../src/http/gateway.ts'
import { type Listening, serve } from '../../src/http/listen.ts'
import type { RequestRecord } from '../../src/observe/log.ts'
import { type App, createServer } from '../../src/server.ts'
import { IN_MEMORY } from '../../src/store/database.ts'
import { createResponseStore } from '../../src/store/responses.ts'

type LogLine = RequestRecord & { aborted?: boolean }

export type WorldOptions = Partial<HttpOptions> & {
  run?: RunTurn
  plan?: Partial<Plan>
  prepare?: Gateway['prepare']
  models?: Gateway['models']
  /** That of `models` with this id, if left out. */
  model?: Gateway['model']
  /** In memory, if left out. */
  responses?: Gateway['responses']
  running?: Gateway['running']
  raw?: Gateway['raw']
  idleTimeout?: number
  rateLimit?: Gateway['rateLimit']
}

export type World = {
  app: App
  gateway: Gateway
  /** One line a finished request. */
  lines: LogLine[]
  /** What was logged beside the requests. */
  failures: object[]
  /** Resolves with the next line. */
  nextLine(): Promise<LogLine>
}

/** What a small demo model says: hello, in two deltas. */
export async function* hello(): AsyncGenerator<Batch> {
  yield opening()
  yield [{ type: 'text-delta', block: 0, text: 'Hello' }]
  yield [{ type: 'text-delta', block: 0, text: ' there' }, ...ending()]
}

export const opening = (): ChatEvent[] => [
  { type: 'stream-start', model: 'demo-1', created: 0 },
  { type: 'text-start', block: 0 },
]

export const delta = (text: string): ChatEvent[] => [{ type: 'text-delta', block: 0, text }]

export const ending = (): ChatEvent[] => [
  { type: 'text-end', block: 0 },
  {
    type: 'usage',
    usage: { input: 7, output: 2, cachedRead: 1, cacheWrite: 0, reasoning: 0, costUsd: 0.001 },
  },
  { type: 'finish', reason: 'stop' },
]

/** A provider that gives no event: it does `action` and is over. */
export function silent(action: (signal: AbortSignal) => Promise<void>): RunTurn {
  return (_, signal) => ({
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        await action(signal)
        return { done: true, value: undefined }
      },
    }),
  })
}

const demoModels: Gateway['models'] = async () => [
  { id: 'demo/chat', displayName: 'Demo', ownedBy: 'cligate', created: 1_700_000_000_000 },
]

export function world(options: WorldOptions = {}): World {
  const lines: LogLine[] = []
  const failures: object[] = []
  const waiting: ((line: LogLine) => void)[] = []
  const {
    run = hello,
    plan,
    prepare,
    models = demoModels,
    model,
    responses,
    running,
    raw,
    idleTimeout: _,
    rateLimit,
    ...config
  } = options
  const gateway: Gateway = {
    config: {
      access: { keys: [], hosts: [], origins: [] },
      strict: false,
      bodyLimit: 32 * 2 ** 20,
      keepAliveMs: 30_000,
      headAfterMs: 1000,
      ...config,
    },
    plan: (request) => ({
      run,
      provider: 'demo',
      model: 'demo-1',
      filters: [],
      timeouts: { firstEvent: 0, betweenEvents: 0, total: 0 },
      ignored: request.unsupported,
      ...plan,
    }),
    prepare: prepare ?? ((request) => Promise.resolve(request)),
    models,
    model: model ?? (async (id) => (await models()).find((entry) => entry.id === id)),
    status: () => ({ version: '1.2.3', startedAt: Date.now() - 5000, providers: { demo: 'ready' } }),
    providers: () => Promise.resolve([{ provider: 'demo', state: 'ready', notes: [] }]),
    processes: () => [],
    ...(rateLimit ? { rateLimit } : {}),
    responses: responses ?? createResponseStore({ path: IN_MEMORY, maxAgeMs: 1e9, maxBytes: 1e9 }),
    ...(running ? { running } : {}),
    raw: raw ?? {
      start: () => Promise.reject(new Error('There are no raw processes in this world.')),
      stop: () => Promise.resolve(false),
    },
    statistics: createStatistics(Date.now()),
    log: {
      request: (line) => {
        lines.push(line)
        waiting.shift()?.(line)
      },
      warn: (fields) => void failures.push(fields),
      error: (fields) => void failures.push(fields),
    },
    drain: createDrain(),
  }
  return {
    app: createServer(gateway),
    gateway,
    lines,
    failures,
    nextLine: () => new Promise((resolve) => waiting.push(resolve)),
  }
}

export type SocketWorld = World & Listening & AsyncDisposable

/** The same behind a real socket, for as long as the variable lives. */
export function listening(options: WorldOptions = {}): SocketWorld {
  const made = world(options)
  const server = serve(made.app, { hostname: '127.0.0.1', port: 0, idleTimeout: options.idleTimeout ?? 30 })
  return { ...made, ...server, [Symbol.asyncDispose]: () => server.stop(0) }
}

export const CHAT = { model: 'demo/chat', messages: [{ role: 'user', content: 'Hello?' }] }

/** A chat request that never was on a socket. */
export function chatRequest(body: unknown = CHAT, headers: Record<string, string> = {}): Request {
  return new Request('http://localhost/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}
