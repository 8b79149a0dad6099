// Mixed traffic while children are killed and halted, the model service breaks in every way it can, and clients leave: each request
// is answered or fails cleanly, nothing is left behind, and the next one works. CLIGATE_CHAOS_SECONDS makes it longer; CLIGATE_SEED
// makes the same choices again.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { CLAUDE, eventually, residentMemory, type RunningCligate, startCligate } from '../support/cligate.ts'
import {
  cut,
  cutAfter,
  failsAfter,
  garbage,
  garbageAfter,
  hang,
  silentAfter,
  truncatedAfter,
} from '../upstream/replies/faults.ts'
import { failure, overloaded, rateLimited } from '../upstream/replies/failures.ts'
import { text, ticks } from '../upstream/replies/text.ts'
import type { Reply } from '../upstream/reply.ts'
import { startUpstream, type Upstream } from '../upstream/upstream.ts'
import { childrenOf, descriptorsOf, foldersOf } from './family.ts'
import { type Api, APIS } from './hostile-world.ts'
import { announcedSeed } from './mutations.ts'

const SECONDS = Number(process.env['CLIGATE_CHAOS_SECONDS'] ?? 25)
const MEGABYTE = 2 ** 20
const FAKE = join(import.meta.dir, '../fake-cli/fake-cli.ts')
const CLAUDE_MODEL = 'claude-haiku-4-5'

const seed = announcedSeed('chaos')
let state = seed
/** A number from 0 to below 1, the same ones for the same seed (mulberry32). */
function random(): number {
  state = (state + 0x6d2b79f5) | 0
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}
const below = (limit: number) => Math.floor(random() * limit)
const oneOf = <Item>(items: readonly Item[]): Item => items[below(items.length)]!

/** What the model service does; more than half of it is right. */
function reply(): Reply {
  const words = Array.from({ length: 1 + below(20) }, (_, at) => `word ${at} `)
  const right = [text(words), text(words, { between: 20 }), ticks({ between: 5, count: 40 })]
  const wrong = [
    cut(),
    cutAfter(words),
    truncatedAfter(words),
    failsAfter(words),
    garbage(),
    garbageAfter(words),
    failure(500),
    failure(400, { message: 'no' }),
    overloaded(),
    rateLimited(1),
    hang(),
    silentAfter(words),
  ]
  return random() < 0.6 ? oneOf(right) : oneOf(wrong)
}

let upstream: Upstream
let gate: RunningCligate
beforeAll(async () => {
  upstream = await startUpstream({ default: text('calm'), keep: 50 })
  const off = { enabled: false }
  const rude = (...mode: string[]) => ({
    kind: 'acp',
    command: process.execPath,
    args: [FAKE, ...mode],
    models: ['one'],
  })
  gate = await startCligate({
    upstreamUrl: upstream.url,
    config: {
      timeouts: { first_event: 6, between_events: 4, total: 30 },
      providers: {
        claude: { path: CLAUDE, warm: { size: 2, max: 3, max_active: 4, max_queue: 16, queue_timeout: 10 } },
        codex: off,
        gemini: off,
        qwen: off,
        crashing: rude('crash', '7', '3'),
        garbling: rude('garbage'),
      },
    },
  })
}, 60_000)
afterAll(async () => {
  await gate?.stop()
  await upstream?.stop()
})

const MODELS = [
  'demo/echo',
  'demo/echo',
  'demo/error-mid-stream',
  'demo/error-529',
  CLAUDE_MODEL,
  CLAUDE_MODEL,
  CLAUDE_MODEL,
  'crashing/one',
  'garbling/one',
]

type Asked = { api: Api; model: string; stream: boolean }

function send({ api, model, stream }: Asked, words: string, signal?: AbortSignal): Promise<Response> {
  const gemini = api.name === 'gemini'
  const path = gemini && stream ? `/v1beta/models/${model}:streamGenerateContent?alt=sse` : api.path(model)
  const body = gemini ? api.body(words) : api.body(words, stream ? { stream: true } : {}, model)
  const headers = { 'content-type': 'application/json' }
  return fetch(gate.url + path, { method: 'POST', headers, body: JSON.stringify(body), ...(signal ? { signal } : {}) })
}

/** How a whole stream ends, well or with its error. */
const ENDS: Record<string, RegExp> = {
  'openai-chat': /data: \[DONE\]\n\n$|data: \{"error":\{.*\}\n\n$/,
  'openai-completions': /data: \[DONE\]\n\n$|data: \{"error":\{.*\}\n\n$/,
  'anthropic-messages': /event: message_stop\ndata: .*\n\n$|event: error\ndata: .*\n\n$/,
  'openai-responses': /event: (?:response\.(?:completed|incomplete|failed)|error)\ndata: .*\n\n$/,
  gemini: /data: .*("finishReason":|"error":\{).*\n\n$/,
}

/** How often each kind of end was met. */
const ends = new Map<string, number>()
const count = (end: string) => void ends.set(end, (ends.get(end) ?? 0) + 1)

/** One request of somebody who waits for the answer. */
async function patient(asked: Asked): Promise<void> {
  const response = await send(asked, `please /${below(1000)}`)
  const body = await response.text()
  const type = response.headers.get('content-type') ?? ''
  if (response.status === 200 && type.startsWith('text/event-stream')) {
    expect(body).toMatch(ENDS[asked.api.name]!)
    return count(/"error":\{|event: (?:error|response\.failed)/.test(body) ? 'stream with an error' : 'stream')
  }
  expect(type).toStartWith('application/json')
  const json: unknown = JSON.parse(body)
  if (response.status === 200) {
    asked.api.said(json)
    return count('answer')
  }
  const code = asked.api.codeOf(json)
  expect([code, response.status]).not.toEqual(['internal_error', response.status])
  expect([400, 401, 402, 403, 413, 429, 502, 503, 504, 529]).toContain(response.status)
  count(`${response.status} ${code}`)
}

/** One of somebody who does not. */
async function hasty(asked: Asked): Promise<void> {
  const leave = new AbortController()
  setTimeout(() => leave.abort(), below(400))
  try {
    await (await send(asked, '/delay 5 /tokens 1000', leave.signal)).text()
  } catch (thrown) {
    if (!leave.signal.aborted) throw thrown
  }
  count('left')
}

type Listed = { data: { pid: number; state: string }[] }
const processes = async () => ((await (await fetch(`${gate.url}/processes`)).json()) as Listed).data

async function harm(until: number): Promise<void> {
  while (Date.now() < until) {
    await Bun.sleep(300 + below(900))
    const listed = await processes()
    if (listed.length === 0) continue
    const signal = random() < 0.6 ? 'SIGKILL' : 'SIGSTOP'
    const { pid } = oneOf(listed)
    try {
      // Numbers of processes come back: nobody else's may be hit.
      if (!childrenOf(gate).includes(pid)) continue
      process.kill(pid, signal)
      count(signal)
    } catch {
      // It has ended by itself.
    }
  }
}

/** Nothing runs but what waits for the next request. */
const settled = async () => {
  const listed = await processes()
  return listed.length > 0 && listed.every(({ state: now }) => now === 'idle') ? listed : undefined
}

const calm = async (model: string): Promise<boolean> => {
  const [chat] = APIS as [Api]
  return (await send({ api: chat, model, stream: false }, 'hello')).status === 200
}

test(
  `${SECONDS} seconds`,
  async () => {
    await eventually('Claude answers', () => calm(CLAUDE_MODEL), 120_000)
    await eventually('its stock is full', settled, 120_000)
    const before = {
      descriptors: descriptorsOf(gate),
      memory: await residentMemory(gate.pid),
      folders: foldersOf(gate).length,
    }

    upstream.default = reply
    const until = Date.now() + SECONDS * 1000
    const worker = async () => {
      while (Date.now() < until) {
        const asked = { api: oneOf(APIS), model: oneOf(MODELS), stream: random() < 0.6 }
        await (random() < 0.2 ? hasty(asked) : patient(asked))
      }
    }
    await Promise.all([harm(until), ...Array.from({ length: 8 }, worker)])
    console.log(`chaos: ${JSON.stringify(Object.fromEntries([...ends].toSorted(([a], [b]) => a.localeCompare(b))))}`)

    upstream.default = text('calm')
    await eventually('the demo model answers', () => calm('demo/echo'))
    // Halted ones may still be in the stock: each costs one request, which ends in time.
    await eventually('Claude answers again', () => calm(CLAUDE_MODEL), 90_000)
    await eventually(
      'no process is left over',
      async () => {
        const listed = await settled()
        if (!listed) return false
        const known = new Set(listed.map(({ pid }) => pid))
        return childrenOf(gate).every((pid) => known.has(pid))
      },
      60_000,
    )
    await eventually('no folder is left over', () => foldersOf(gate).length <= before.folders + 2, 30_000)
    await eventually('no descriptor is left over', () => descriptorsOf(gate) <= before.descriptors + 12, 30_000)
    expect((await residentMemory(gate.pid)) - before.memory).toBeLessThan(80 * MEGABYTE)
    expect(gate.log()).not.toContain('"level":"error"')

    // It was chaos indeed.
    for (const end of ['answer', 'stream', 'stream with an error', 'left', 'SIGKILL'])
      expect([end, (ends.get(end) ?? 0) > 0]).toEqual([end, true])

    gate.kill('SIGTERM')
    expect(await gate.exited).toBe(0)
    expect([childrenOf(gate), foldersOf(gate)]).toEqual([[], []])
  },
  SECONDS * 1000 + 420_000,
)
