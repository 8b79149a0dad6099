// What a turn of the real Gemini CLI takes with it when it goes, and what it may never have had.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  answerTo,
  assistant,
  failureOf,
  request as anyRequest,
  run,
  textOf,
  user,
} from '../providers/claude/requests.ts'
import { WEATHER } from '../providers/gemini/functions.ts'
import { geminiWorld, MODEL, type World } from '../providers/gemini/world.ts'
import { eventually } from '../support/cligate.ts'
import { echo } from '../upstream/replies/echo.ts'
import { failure } from '../upstream/replies/failures.ts'
import { hang } from '../upstream/replies/faults.ts'
import { text, ticks } from '../upstream/replies/text.ts'
import { processesUnder } from './harness/processes.ts'

setDefaultTimeout(60_000)

/** Milliseconds: 5 to 30 on an idle machine. */
const SOON = 600

const request: typeof anyRequest = (messages, changes) => anyRequest(messages, { model: MODEL, ...changes })
const idle = (at: World) => () => at.driver.processes().every(({ state }) => state === 'idle')

/** Shared, since each start of the CLI takes a second. */
let world: World
beforeAll(async () => {
  world = await geminiWorld({ pool: { warm: 0 } })
})
beforeEach(() => world.upstream.reset())
afterAll(() => world[Symbol.asyncDispose]())

describe('cancelling', () => {
  const ways: [string, (stop: AbortController, iterator: AsyncIterator<unknown>) => unknown][] = [
    ['by the signal', (stop) => stop.abort()],
    ['by leaving', (_, iterator) => iterator.return?.()],
  ]
  test.each(ways)('%s, in the middle of an answer: the process goes on with the next turn', async (_, cancel) => {
    await answerTo(world.driver, request('hi'))
    await eventually('the process waits', idle(world))
    const before = world.driver.processes()
    world.upstream.reset()
    world.upstream.next(ticks())
    const stop = new AbortController()
    const iterator = run(world.driver, request('hi'), stop.signal)[Symbol.asyncIterator]()
    for (let count = 0; count < 3; count += 1) await iterator.next()
    // The reader waits for the next words meanwhile, as it does in life.
    const waiting = iterator.next().catch(() => {})
    const since = performance.now()
    cancel(stop, iterator)
    const turn = await world.upstream.turn(0)
    await turn.closed
    expect(performance.now() - since).toBeLessThan(SOON)
    expect(turn.outcome).toBe('dropped')
    await waiting
    world.upstream.next(text('next'))
    expect(textOf(await answerTo(world.driver, request('hi')))).toBe('next')
    expect(world.driver.processes().map(({ pid }) => pid)).toEqual(before.map(({ pid }) => pid))
    expect(world.upstream.turns).toHaveLength(2)
  })

  test('while the service is silent', async () => {
    world.upstream.default = hang()
    const stop = new AbortController()
    const turn = Array.fromAsync(run(world.driver, request('hi'), stop.signal)).catch((error: unknown) => error)
    const asked = await world.upstream.turn(0)
    const since = performance.now()
    stop.abort(new Error('left'))
    await asked.closed
    expect(performance.now() - since).toBeLessThan(SOON)
    expect(await turn).toEqual(new Error('left'))
  })

  test('before a process is there: nobody is asked, and the process is kept for another', async () => {
    await using world = await geminiWorld()
    const stop = new AbortController()
    const turn = Array.fromAsync(run(world.driver, request('hi'), stop.signal)).catch((error: unknown) => error)
    setTimeout(() => stop.abort(new Error('left')), 50)
    expect(await turn).toEqual(new Error('left'))
    await eventually('the process waits', () => world.driver.processes().length === 1)
    expect(world.upstream.requests).toEqual([])
  })
})

test('nothing of the user is in a turn', async () => {
  const settings = {
    security: { auth: { selectedType: 'gemini-api-key' } },
    mcpServers: { canary: { command: 'canary' } },
    tools: { core: ['run_shell_command'] },
    general: { defaultApprovalMode: 'yolo' },
    model: { name: 'gemini-2.5-flash' },
    hooksConfig: { enabled: true },
    hooks: { BeforeModel: [{ hooks: [{ type: 'command', command: 'touch canary' }] }] },
  }
  await using world = await geminiWorld({
    user: { 'settings.json': JSON.stringify(settings), 'GEMINI.md': 'canary', '.env': 'GEMINI_MODEL=canary\n' },
    environment: { GEMINI_MODEL: 'canary', GEMINI_CLI_CUSTOM_HEADERS: 'x-canary: canary', CANARY: 'canary' },
  })
  mkdirSync(join(world.home, '.gemini/skills/canary'), { recursive: true })
  writeFileSync(
    join(world.home, '.gemini/skills/canary/SKILL.md'),
    '---\nname: canary\ndescription: canary\n---\ncanary',
  )
  writeFileSync(join(world.home, 'GEMINI.md'), 'canary')
  const before = readdirSync(join(world.home, '.gemini'), { recursive: true }).toSorted()
  await answerTo(world.driver, request('hi'))
  const [turn] = world.upstream.turns
  expect(turn?.path).toBe(`/v1beta/models/${MODEL}:streamGenerateContent`)
  expect(turn?.body).not.toContain('canary')
  expect(JSON.stringify(turn?.headers)).not.toContain('canary')
  expect(world.strangers).toEqual([])
  await world.driver.close()
  expect(readdirSync(join(world.home, '.gemini'), { recursive: true }).toSorted()).toEqual(before)
})

test('another login is used at once, also where a process waits with the old one', async () => {
  const environment = { GEMINI_API_KEY: undefined }
  await using world = await geminiWorld({ user: { '.env': 'GEMINI_API_KEY=old\n' }, environment })
  await answerTo(world.driver, request('hi'))
  await eventually('the process waits', idle(world))
  writeFileSync(join(world.home, '.gemini/.env'), 'GEMINI_API_KEY=new\n')
  await answerTo(world.driver, request('hi'))
  expect(world.upstream.turns.map(({ headers }) => headers['x-goog-api-key'])).toEqual(['old', 'new'])
})

test('a process whose login was refused is not used again', async () => {
  await answerTo(world.driver, request('hi'))
  await eventually('the process waits', idle(world))
  const before = world.driver.processes().map(({ pid }) => pid)
  world.upstream.next(failure(401))
  await failureOf(world.driver, request('hi'))
  await eventually('it is gone', () => world.driver.processes().length === before.length - 1)
  await answerTo(world.driver, request('hi'))
})

describe('what is left', () => {
  test('behind a turn no word of it, on disk; what stands in for the next one says nothing', async () => {
    const said = [user('canary-one'), assistant('canary-two'), user('canary-three')]
    await answerTo(world.driver, request(said))
    world.upstream.next(failure(400))
    await failureOf(world.driver, request(said))
    await eventually('the process waits', idle(world))
    const kept = world.files().filter((name) => /chats|gemini-\w+\/tmp\//.test(name))
    // The one that stands in, and, when the CLI has come so far, its own of the session that it has begun.
    const sessions = kept.map((name) => /\/chats\/session-[\dT-]+-(\w{8})\.jsonl$/.exec(name)?.[1])
    expect(sessions.every((session) => session !== undefined && session === sessions[0])).toBe(true)
    expect(kept.filter((name) => name.includes('session-2000-01-01'))).toHaveLength(1)
    expect(kept.length).toBeLessThanOrEqual(2)
    for (const name of world.files().filter((file) => !file.endsWith('.owner.json'))) {
      expect(await Bun.file(join(world.home, 'run', name)).text()).not.toContain('canary')
    }
  })

  test('at the end no process and no folder', async () => {
    await using world = await geminiWorld({ pool: { warm: 2 } })
    world.driver.start?.()
    await answerTo(world.driver, request('hi'))
    expect(processesUnder(world.home).length).toBeGreaterThan(0)
    await world.driver.close()
    // What a killed process had started itself takes a moment to go.
    await eventually('nothing runs', () => processesUnder(world.home).length === 0, 2000)
    expect(world.files().filter((name) => name.includes('gemini'))).toEqual([])
  })

  test('a process that dies in mid-answer fails its turn, and only that', async () => {
    world.upstream.next(ticks())
    const iterator = run(world.driver, request('hi'))[Symbol.asyncIterator]()
    await iterator.next()
    const process_ = world.driver.processes().find(({ state }) => state === 'busy')
    process.kill(process_!.pid, 'SIGKILL')
    const drain = async () => {
      while (!(await iterator.next()).done);
    }
    expect(await drain().catch((error: unknown) => error)).toMatchObject({ code: 'provider_error', status: 502 })
    expect(textOf(await answerTo(world.driver, request('hi')))).toBe('Hello from the simulated model.')
    expect(world.driver.processes().map(({ pid }) => pid)).not.toContain(process_!.pid)
  })

  test('a process is replaced after so many turns', async () => {
    await using world = await geminiWorld({ recycle: { turns: 3 } })
    const pids = new Set<number>()
    for (let count = 0; count < 4; count += 1) {
      await answerTo(world.driver, request('hi'))
      for (const { pid } of world.driver.processes()) pids.add(pid)
    }
    expect(pids.size).toBe(2)
    await eventually('the old one is gone', () => [...pids].filter((pid) => existsSync(`/proc/${pid}/cwd`)).length <= 1)
  })
})

test('four conversations at once do not mix', async () => {
  await using world = await geminiWorld({ pool: { warm: 2, maxActive: 4 } })
  world.upstream.default = echo()
  const rounds = 3
  for (let round = 0; round < rounds; round += 1) {
    const answers = await Promise.all(
      Array.from({ length: 4 }, async (_, index) => {
        const canary = `canary-${round}x${index}x${crypto.randomUUID().slice(0, 8)}`
        const messages = [user(`I am ${canary}.`), assistant(`Hello ${canary}.`), user('Who am I?')]
        const answer = await answerTo(world.driver, request(messages, { system: `You know ${canary}.` }))
        return { canary, said: textOf(answer) }
      }),
    )
    for (const { canary, said } of answers) expect(JSON.parse(said).canaries).toEqual([canary])
  }
  expect(world.upstream.turns).toHaveLength(4 * rounds)
})

test('a full house refuses with the time to come again', async () => {
  await using world = await geminiWorld({ pool: { maxActive: 1, maxQueue: 1 } })
  world.upstream.default = hang()
  const stop = new AbortController()
  const held = [1, 2].map(() => Array.fromAsync(run(world.driver, request('hi'), stop.signal)).catch(() => {}))
  await world.upstream.turn(0)
  const error = await failureOf(world.driver, request('hi'))
  expect(error).toMatchObject({ code: 'queue_full', status: 429, retryAfter: expect.any(Number) })
  stop.abort()
  await Promise.all(held)
})

test('a model that nobody knew leaves the processes that wait to the others', async () => {
  await using world = await geminiWorld({ pool: { warm: 3, maxWarm: 3 } })
  world.driver.start?.()
  await eventually('three wait', () => world.driver.processes().length === 3, 30_000)
  const before = new Set(world.driver.processes().map(({ pid }) => pid))
  const ask = (model: string) => answerTo(world.driver, request('hi', { model, tools: [WEATHER] }))
  expect((await ask('unheard-of')).finish).toBe('stop')
  await eventually('the process waits', idle(world))
  const after = world.driver.processes().map(({ pid }) => pid)
  expect(after.filter((pid) => before.has(pid))).toHaveLength(2)
  expect(after).toHaveLength(3)
  // It is kept: the name costs a start once.
  const lent = () => world.logged.flatMap(({ fields }) => ('cold' in fields ? [fields.cold] : []))
  await ask('unheard-of')
  expect(lent()).toEqual([true, false])
})

test('names of models that nobody knows start no more processes than there may be', async () => {
  await using world = await geminiWorld({ pool: { warm: 1, maxWarm: 2, maxActive: 2, maxQueue: 40 } })
  world.driver.start?.()
  let most = 0
  const looking = setInterval(() => (most = Math.max(most, world.driver.processes().length)), 20)
  const ask = (model: string) => answerTo(world.driver, request('hi', { model, tools: [WEATHER] }))
  const names = Array.from({ length: 8 }, (_, index) => `unheard-of-${index}`)
  // One after the other, each for a process that does not know it; then all at once.
  for (const model of names.slice(0, 2)) expect((await ask(model)).finish).toBe('stop')
  await Promise.all(names.map(ask))
  clearInterval(looking)
  expect(world.upstream.turns.map(({ path }) => /unheard-of-\d+/.exec(path)?.[0]).toSorted()).toEqual(
    [...names.slice(0, 2), ...names].toSorted(),
  )
  // Those that wait for a turn, and those that run one.
  expect(most).toBeLessThanOrEqual(4)
  await eventually('only those are left that may wait', () => processesUnder(world.home).length <= 2, 10_000)
  expect(world.driver.processes().length).toBeLessThanOrEqual(2)
  // By then, one process knows them all.
  const before = world.logged.filter(({ fields }) => 'type' in fields && fields.type === 'booted').length
  await Promise.all(names.slice(0, 2).map(ask))
  for (const model of names) await ask(model)
  expect(
    world.logged.filter(({ fields }) => 'type' in fields && fields.type === 'booted').length - before,
  ).toBeLessThanOrEqual(2)
})

test('what can be asked without a model', async () => {
  await using world = await geminiWorld()
  const { signal } = new AbortController()
  world.driver.start?.()
  expect(await world.driver.status(signal)).toMatchObject({
    provider: 'gemini',
    state: 'ready',
    version: '0.61.0',
    authMethod: 'gemini-api-key',
    notes: [],
  })
  const models = await world.driver.models(signal)
  expect(models.map(({ id }) => id)).toContain(MODEL)
  expect(models.map(({ id }) => id).filter((id) => id.startsWith('auto'))).toEqual([])
  expect(models.flatMap(({ aliases }) => aliases).toSorted()).toEqual(['flash', 'flash-lite', 'pro'])
  expect(world.upstream.requests).toEqual([])
  const idleProcess = await eventually('a process waits', () =>
    world.driver.processes().find(({ state }) => state === 'idle'),
  )
  expect(idleProcess).toMatchObject({ provider: 'gemini', state: 'idle' })
})

test('a group of models is no model', async () => {
  await using world = await geminiWorld()
  expect(await failureOf(world.driver, request('hi', { model: 'auto' }))).toMatchObject({ code: 'model_not_found' })
  expect(world.upstream.requests).toEqual([])
})

test('it runs under Bun as well', async () => {
  await using world = await geminiWorld({ runtime: 'bun', runtimePath: process.execPath })
  const sampling = { temperature: 0.25 }
  const answer = await answerTo(world.driver, request([user('a'), assistant('b'), user('c')], { sampling }))
  expect(textOf(answer)).toBe('Hello from the simulated model.')
  expect(world.upstream.turns[0]?.json).toMatchObject({ generationConfig: { temperature: 0.25 } })
})
