// Nothing is left behind: not after a client that vanishes, not after SIGTERM, not after SIGKILL of cligate itself.
import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { CLAUDE, type RunningCligate, eventually, startCligate } from '../support/cligate.ts'
import { type Upstream, startUpstream } from '../upstream/upstream.ts'
import { ticks } from '../upstream/replies/text.ts'

let upstream: Upstream
beforeAll(async () => {
  upstream = await startUpstream()
})
afterAll(() => upstream?.stop())
beforeEach(() => upstream.reset())

const start = () =>
  startCligate({
    upstreamUrl: upstream.url,
    config: { providers: { claude: { path: CLAUDE, warm: { size: 1, max: 1 } } } },
  })

/** Processes whose working folder lies below `folder`, or that were started with this home. */
function processesOf(home: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`).startsWith(join(home, 'state'))
      } catch {
        return false
      }
    })
}

const runFolders = (home: string) => {
  const run = join(home, 'state', 'run')
  return existsSync(run) ? readdirSync(run) : []
}

/** A client process that streams an answer and prints a line as soon as it has the first byte of text. */
function streamingClient(url: string) {
  const code = `
    const answer = await fetch('${url}/v1/chat/completions', { method: 'POST', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'claude-haiku-4-5', stream: true, messages: [{ role: 'user', content: 'count' }] }) })
    let seen = ''
    for await (const chunk of answer.body) { seen += new TextDecoder().decode(chunk); if (seen.includes('tick')) { console.log('streaming'); seen = '' } }`
  return Bun.spawn(['bun', '-e', code], { stdout: 'pipe' })
}

async function untilStreaming(client: ReturnType<typeof streamingClient>): Promise<void> {
  const reader = client.stdout.getReader()
  await reader.read()
  reader.releaseLock()
}

test('kill -9 of the client: the model API sees its connection close in under 200 ms', async () => {
  upstream.default = ticks({ between: 30 })
  const gate = await start()
  try {
    const client = streamingClient(gate.url)
    await untilStreaming(client)
    const turn = await upstream.turn(0)
    const killedAt = performance.now()
    client.kill('SIGKILL')
    await turn.closed
    expect(turn.outcome).toBe('dropped')
    expect(performance.now() - killedAt).toBeLessThan(200)
  } finally {
    await gate.stop()
  }
}, 60_000)

test('SIGTERM drains: the answer under way is finished, then no process and no folder is left', async () => {
  upstream.default = ticks({ between: 20, count: 30 })
  const gate = await start()
  const client = streamingClient(gate.url)
  await untilStreaming(client)
  gate.kill('SIGTERM')
  expect(await client.exited).toBe(0)
  expect(await gate.exited).toBe(0)
  expect((await upstream.turn(0)).outcome).toBe('answered')
  expect(processesOf(gate.home)).toEqual([])
  expect(runFolders(gate.home)).toEqual([])
  await gate.stop()
}, 60_000)

test('kill -9 of cligate: the next start finds and removes what is left', async () => {
  upstream.default = ticks({ between: 30 })
  const gate: RunningCligate = await start()
  const client = streamingClient(gate.url)
  await untilStreaming(client)
  expect(processesOf(gate.home).length).toBeGreaterThan(0)
  const [oldFolder] = runFolders(gate.home)
  gate.kill('SIGKILL')
  await client.exited
  const again = await gate.restart()
  try {
    await eventually('the old processes and folder are gone', () => !runFolders(again.home).includes(oldFolder!))
    await (
      await upstream.turn(0)
    ).closed
    const own = processesOf(again.home)
    for (const pid of own) expect(readlinkSync(`/proc/${pid}/cwd`)).not.toContain(oldFolder!)
  } finally {
    await again.stop()
  }
  expect(processesOf(again.home)).toEqual([])
}, 60_000)

test('answers that outlive the grace period end with an error that says so, not with a cut connection', async () => {
  const gate = await startCligate({
    config: { timeouts: { shutdown: 0.5 }, providers: { claude: { enabled: false } } },
  })
  const ask = (stream: boolean) =>
    fetch(`${gate.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'demo/hang', stream, messages: [{ role: 'user', content: 'x' }] }),
    })
  const whole = ask(false)
  // Its head comes after a second at the latest.
  const streamed = await ask(true)
  gate.kill('SIGTERM')
  expect(await streamed.text()).toContain('"error":{')
  const answer = await whole
  expect(answer.status).toBe(503)
  expect(await answer.json()).toMatchObject({ error: { code: 'provider_unavailable' } })
  expect(await gate.exited).toBe(0)
  await gate.stop()
}, 30_000)
