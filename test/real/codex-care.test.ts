// The process of the real Codex: shared, cancelled, killed, replaced, and gone without a trace.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { GatewayError } from '../../src/core/error.ts'
import { assign } from '../../src/providers/codex/assign.ts'
import { readCatalog } from '../../src/providers/codex/catalog.ts'
import { findCodex } from '../../src/providers/codex/executable.ts'
import { toItems } from '../../src/providers/codex/history.ts'
import { resolveParameters } from '../../src/providers/codex/parameters.ts'
import { CodexWorkers } from '../../src/providers/codex/workers.ts'
import { offerTools } from '../../src/providers/codex/tools.ts'
import { runTurn } from '../../src/providers/codex/turn.ts'
import {
  answerTo,
  assistant,
  failureOf,
  request as requestOf,
  run,
  system,
  textOf,
  user,
} from '../providers/claude/requests.ts'
import { chatgptLogin, codexWorld, MODEL, type World } from '../providers/codex/world.ts'
import { echo, echoOf } from '../upstream/replies/echo.ts'
import { hang, silentAfter } from '../upstream/replies/faults.ts'
import { ticks } from '../upstream/replies/text.ts'
import { descendants, processesUnder } from './harness/processes.ts'

setDefaultTimeout(60_000)

const request = (text = 'hi') => requestOf(text, { model: MODEL })
const signal = new AbortController().signal
const pidOf = (world: World) => world.driver.processes()[0]!.pid

/** Waits for what somebody else brings about. */
async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 10_000; !condition(); await Bun.sleep(5)) {
    if (Date.now() > deadline) throw new Error('It did not come about.')
  }
}

describe('cancelling', () => {
  test.each([
    ['while words come', ticks({ between: 10 }), 'text-delta'],
    ['in the silence after some', silentAfter(['One']), 'text-delta'],
  ])('%s: the service is let go in under 200 ms', async (_, reply, at) => {
    await using world = await codexWorld()
    world.upstream.default = reply
    const caller = new AbortController()
    let left = 0
    const read = async () => {
      for await (const batch of run(world.driver, request(), caller.signal)) {
        if (!left && batch.some((event) => event.type === at)) {
          left = performance.now()
          caller.abort()
        }
      }
    }
    const error = await read().catch((thrown: unknown) => thrown)
    expect(error).toBe(caller.signal.reason)
    const turn = await world.upstream.turn(0)
    await turn.closed
    expect(turn.outcome).toBe('dropped')
    expect(turn.closedAt! - left).toBeLessThan(200)
    expect(world.driver.processes()[0]?.state).toBe('idle')
    expect(world.upstream.requests).toHaveLength(1)
  })

  test('before the first word, by a reader that leaves', async () => {
    await using world = await codexWorld()
    world.upstream.default = hang()
    const reading = run(world.driver, request())[Symbol.asyncIterator]()
    const next = reading.next()
    next.catch(() => {})
    const turn = await world.upstream.turn(0)
    const left = performance.now()
    await reading.return?.()
    await turn.closed
    expect(turn.closedAt! - left).toBeLessThan(200)
    expect(await Promise.allSettled([next])).toHaveLength(1)
  })

  test('at any moment: nothing runs on, and the next one is answered', async () => {
    await using world = await codexWorld()
    await answerTo(world.driver, request())
    world.upstream.default = ticks({ between: 5 })
    for (let after = 0; after < 30; after += 2) {
      const caller = new AbortController()
      setTimeout(() => caller.abort(), after)
      await failureOf({ ...world.driver, run: (turn) => world.driver.run(turn, caller.signal) }, request())
    }
    await until(() => world.upstream.turns.every(({ outcome }) => outcome === 'dropped' || outcome === 'answered'))
    world.upstream.reset()
    expect(textOf(await answerTo(world.driver, request()))).toBe('Hello from the simulated model.')
    expect(world.driver.processes()).toHaveLength(1)
  })

  test('a process that does not react holds nobody up', async () => {
    await using world = await codexWorld()
    await answerTo(world.driver, request())
    process.kill(pidOf(world), 'SIGSTOP')
    const caller = new AbortController()
    setTimeout(() => caller.abort(), 50)
    const begun = performance.now()
    await failureOf({ ...world.driver, run: (turn) => world.driver.run(turn, caller.signal) }, request())
    expect(performance.now() - begun).toBeLessThan(250)
    process.kill(pidOf(world), 'SIGCONT')
  })
})

describe('many at once', () => {
  test('8 side by side, again and again: nobody’s words get to somebody else, one process, one request each', async () => {
    await using world = await codexWorld()
    world.upstream.default = echo({ between: 1 })
    const asked: string[] = []
    const worker = async (name: string) => {
      for (let round = 0; round < 12; round += 1) {
        const canary = (part: string) =>
          `canary-${name}-${round}-${part}`.replaceAll('-', '_').replace('canary_', 'canary-')
        asked.push(name)
        const messages = [user(canary('a')), assistant(canary('b')), system(canary('c')), user(canary('d'))]
        const answer = textOf(await answerTo(world.driver, requestOf(messages, { model: MODEL, system: canary('s') })))
        expect(JSON.parse(answer).canaries).toEqual(['s', 'a', 'b', 'c', 'd'].map(canary))
      }
    }
    await Promise.all(['m', 'n', 'o', 'p', 'q', 'r', 't', 'u'].map(worker))
    expect(world.upstream.requests).toHaveLength(asked.length)
    for (const turn of world.upstream.turns) expect(echoOf(turn).canaries).toHaveLength(5)
    expect(world.driver.processes()).toHaveLength(1)
    expect(world.strangers).toEqual([])
  })

  test('more than may run wait in line, and more than may wait are refused', async () => {
    await using world = await codexWorld({ maxActive: 1, maxQueue: 1 })
    world.upstream.default = ticks({ between: 20, count: 10 })
    const results = await Promise.allSettled([1, 2, 3].map(() => answerTo(world.driver, request())))
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
    expect((results[2] as PromiseRejectedResult).reason).toMatchObject({
      code: 'queue_full',
      retryAfter: expect.any(Number),
    })
  })
})

describe('a process that ends', () => {
  test('fails the turns that run in it, and the next turn has another one', async () => {
    await using world = await codexWorld()
    world.upstream.default = ticks({ between: 10 })
    const running = [1, 2, 3].map(() => failureOf(world.driver, request()))
    await world.upstream.turn(2)
    const first = pidOf(world)
    process.kill(first, 'SIGKILL')
    for (const error of await Promise.all(running)) {
      expect((error as GatewayError).code).toBe('provider_error')
      expect((error as GatewayError).message).toContain('SIGKILL')
    }
    world.upstream.reset()
    await answerTo(world.driver, request())
    expect(pidOf(world)).not.toBe(first)
    expect(world.logged.filter(({ level }) => level === 'warn')).toHaveLength(1)
  })

  test('is started again where it is kept warm', async () => {
    await using world = await codexWorld({ warm: true })
    world.driver.start?.()
    await until(() => world.driver.processes().length === 1)
    expect(world.driver.processes()[0]).toMatchObject({ provider: 'codex', state: 'idle' })
    const first = pidOf(world)
    process.kill(first, 'SIGKILL')
    await until(() => world.driver.processes().length === 1 && pidOf(world) !== first)
    await answerTo(world.driver, request())
    expect(world.upstream.requests).toHaveLength(1)
  })

  test('again and again is not started faster and faster', async () => {
    await using world = await codexWorld()
    for (let round = 0; round < 5; round += 1) {
      const error = await answerTo(world.driver, request()).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      if (error) {
        expect(error).toMatchObject({ code: 'provider_unavailable', retryAfter: expect.any(Number) })
        return
      }
      // It never gets to prove itself: what it has answered is forgotten.
      const { pid } = world.driver.processes()[0]!
      process.kill(pid, 'SIGKILL')
      await until(() => world.driver.processes().length === 0)
    }
  })

  test('is replaced by a fresh one after so many turns, with nobody waiting', async () => {
    await using world = await codexWorld({ recycle: { turns: 3 } })
    await answerTo(world.driver, request())
    const first = pidOf(world)
    let turns = 1
    for (; world.driver.processes().some(({ pid }) => pid === first); turns += 1) {
      await answerTo(world.driver, request())
      if (turns > 1000) throw new Error('It was never replaced.')
    }
    expect(turns).toBeGreaterThanOrEqual(3)
    expect(world.upstream.requests).toHaveLength(turns)
  })
})

test('a turn that still runs when its process is replaced is answered to its end', async () => {
  await using world = await codexWorld({ recycle: { turns: 2 } })
  world.upstream.next(ticks({ between: 20, count: 40 }))
  const long = answerTo(world.driver, request())
  await world.upstream.turn(0)
  const first = pidOf(world)
  await answerTo(world.driver, request())
  await until(() => world.driver.processes().length === 2)
  await answerTo(world.driver, request())
  expect(textOf(await long)).toBe('tick '.repeat(40))
  await until(() => world.driver.processes().every(({ pid }) => pid !== first))
})

test('no thread stays in the process after its turn, however it ended, but the one for the next turn', async () => {
  await using world = await codexWorld()
  const servers = new CodexWorkers(world.options)
  const server = await servers.acquire('test', signal)
  const turn = (abort: AbortController) => {
    const asked = request()
    const facts = {
      model: MODEL,
      items: toItems(asked, (name) => name),
      offered: offerTools(asked),
      parameters: resolveParameters(asked, undefined),
      login: server.login,
    }
    return runTurn(
      server,
      assign(world.options, { ...facts, catalog: undefined, limits: () => [], now: 0 }),
      abort.signal,
    )
  }
  for await (const batch of turn(new AbortController())) void batch
  world.upstream.default = ticks({ between: 5 })
  for await (const batch of turn(new AbortController())) if (batch.some(({ type }) => type === 'text-delta')) break
  const abort = new AbortController()
  const aborted = (async () => {
    for await (const batch of turn(abort)) if (batch.length > 0) abort.abort()
  })()
  await aborted.catch(() => {})
  const loaded = async () => ((await server.rpc.call('thread/loaded/list', {}))['data'] as unknown[]).length
  let left = await loaded()
  for (let look = 0; look < 100 && left > 1; look += 1) {
    await Bun.sleep(20)
    left = await loaded()
  }
  expect(left).toBe(1)
  await servers.close()
})

test('models of the account replace those of the CLI, in a fresh process', async () => {
  await using world = await codexWorld()
  const asked: string[] = []
  const program = findCodex({ configured: world.options.executable, path: undefined })!
  const [known] = (await readCatalog(world.options, program, 'bundled', signal)).models
  const own = {
    slug: 'gpt-account',
    display_name: 'Account',
    visibility: 'list',
    supported_reasoning_levels: [{ effort: 'high', description: '' }],
  }
  const service = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(incoming) {
      const { pathname, search } = new URL(incoming.url)
      asked.push(`${incoming.method} ${pathname}`)
      if (incoming.method !== 'GET')
        return fetch(`${world.upstream.url}${pathname}`, { method: 'POST', body: await incoming.text() })
      return search.includes('client_version') ? Response.json({ models: [{ ...known, ...own }] }) : new Response()
    },
  })
  // For an API key, Codex keeps to its own list.
  const login = { auth: chatgptLogin(), provider: 'custom', prompt: 'none' } as const
  await using other = await codexWorld({ ...login, baseUrl: `http://127.0.0.1:${service.port}/v1` })
  await answerTo(other.driver, request())
  const first = pidOf(other)
  const models = await other.driver.models(signal)
  expect(models).toEqual([expect.objectContaining({ id: 'gpt-account', displayName: 'Account', efforts: ['high'] })])
  await until(() => other.driver.processes().length === 1 && pidOf(other) !== first)
  await answerTo(other.driver, requestOf('hi', { model: 'gpt-account', reasoning: { effort: 'low' } }))
  expect(world.upstream.turns.at(-1)?.json).toMatchObject({ model: 'gpt-account', reasoning: { effort: 'high' } })
  expect(asked).toContain('GET /v1/models')
  await service.stop(true)
})

test('nothing is left: no process, no file, nothing in the folder of the user', async () => {
  const world = await codexWorld()
  world.upstream.default = ticks({ between: 10 })
  const running = failureOf(world.driver, request())
  await world.upstream.turn(0)
  const pid = pidOf(world)
  expect(processesUnder(world.home)).toContain(pid)
  await world.driver.models(signal)
  await world.driver.close()
  expect(await running).toMatchObject({ code: expect.stringMatching(/provider_/) })
  expect(processesUnder(world.home)).toEqual([])
  expect(descendants(process.pid)).not.toContain(pid)
  const [instance] = readdirSync(join(world.home, 'run'))
  expect(readdirSync(join(world.home, 'run', instance!)).filter((name) => !name.startsWith('.'))).toEqual([])
  expect(readdirSync(join(world.home, '.codex'))).toEqual(['auth.json'])
  expect(readdirSync(world.home).toSorted()).toEqual(['.codex', 'run'])
  expect(await failureOf(world.driver, request())).toMatchObject({ code: 'provider_unavailable' })
  expect(world.strangers).toEqual([])
  await world[Symbol.asyncDispose]()
})
