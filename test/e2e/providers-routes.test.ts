// What the owner of a gateway looks at: who is installed and logged in, and which processes run.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { CLAUDE, type RunningCligate, eventually, startCligate } from '../support/cligate.ts'
import { type Upstream, startUpstream } from '../upstream/upstream.ts'
import { ticks } from '../upstream/replies/text.ts'

type Status = { providers: { provider: string; state: string; version?: string; auth_method?: string }[] }
type Child = { pid: number; provider: string; state: string; age_seconds: number; memory_bytes: number; turn?: string }

let upstream: Upstream
let gate: RunningCligate
beforeAll(async () => {
  upstream = await startUpstream()
  gate = await startCligate({
    upstreamUrl: upstream.url,
    config: { providers: { claude: { path: CLAUDE, warm: { size: 1, max: 1 } } } },
  })
}, 60_000)
afterAll(async () => {
  await gate?.stop()
  await upstream?.stop()
})

const get = async <T>(path: string) => (await (await fetch(gate.url + path)).json()) as T
const children = async () => (await get<{ data: Child[] }>('/processes')).data

test('GET /v1/auth/status says who is there and how it is logged in, and calls no model', async () => {
  const { providers } = await get<Status>('/v1/auth/status')
  expect(providers.find(({ provider }) => provider === 'claude')).toMatchObject({
    state: 'ready',
    version: '2.1.329',
    auth_method: 'api_key',
  })
  expect(providers.find(({ provider }) => provider === 'demo')).toMatchObject({ state: 'ready' })
  expect(JSON.stringify(providers)).not.toContain('sk-dummy')
  expect(upstream.turns).toHaveLength(0)
})

test('GET /processes shows idle and busy children with age and memory', async () => {
  const idle = await eventually('an idle process', async () => (await children()).find(({ state }) => state === 'idle'))
  expect(idle.provider).toBe('claude')
  expect(idle.age_seconds).toBeGreaterThanOrEqual(0)
  expect(idle.memory_bytes).toBeGreaterThan(20 * 2 ** 20)

  upstream.next(ticks({ between: 30 }))
  const cut = new AbortController()
  const answer = await fetch(`${gate.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'claude-haiku-4-5', stream: true, messages: [{ role: 'user', content: 'x' }] }),
    signal: cut.signal,
  })
  const id = answer.headers.get('x-request-id')
  const busy = await eventually('a busy process', async () => (await children()).find(({ state }) => state === 'busy'))
  expect(busy.turn).toBeDefined()
  expect(id).toBeTruthy()
  cut.abort()
  await eventually('no busy process', async () => !(await children()).some(({ state }) => state === 'busy'))
})
