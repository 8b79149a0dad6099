// Which sessions an agent is asked for, from its first turn to its end.
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '../../support/cligate.ts'
import { answerTo, failureOf, request, run, textOf } from '../claude/requests.ts'
import { acpWorld, type World, type WorldOptions } from './world.ts'

setDefaultTimeout(30_000)

const WEATHER = { name: 'get_weather', description: 'd', parameters: { type: 'object' }, strict: false }
const { signal } = new AbortController()
const chat = () => request('Hi', { model: 'default' })
const withFunctions = () => request('Hi', { model: 'default', tools: [WEATHER] })

let folder: string
let log: string
let login: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cligate-test-'))
  log = join(folder, 'agent.log')
  login = join(folder, 'login')
})
afterEach(() => rmSync(folder, { recursive: true }))

const agentWorld = (env: Record<string, string> = {}, changes: WorldOptions = {}): Promise<World> =>
  acpWorld({ args: [join(import.meta.dir, 'session-agent', 'main.ts')], env: { LOG: log, ...env }, ...changes })

/** What the agents were told about sessions, behind the id of the process that was told. */
const lines = (): string[] => (existsSync(log) ? readFileSync(log, 'utf8') : '').split('\n').filter(Boolean)
/** What the n-th of them was told. */
const told = (nth = 0): string[] => {
  const [pid] = [...new Set(lines().map((line) => line.split(' ')[0]))].slice(nth)
  return lines().flatMap((line) => (line.startsWith(`${pid} `) ? [line.slice(line.indexOf(' ') + 1)] : []))
}
const opened = (): string[] => lines().flatMap((line) => /new.*/.exec(line) ?? [])
const eventuallyTold = async (...expected: string[]): Promise<void> => {
  await eventually('it is told', () => told().length >= expected.length)
  await Bun.sleep(50)
  expect(told()).toEqual(expected)
}
/** All that belongs to one session. */
const one = (id: string) => ['new', `prompt ${id}`, `close ${id}`, `delete ${id}`]
const ON_DEMAND = { pool: { warm: 0 } }

describe('an agent that is started when it is needed', () => {
  test('is asked for one session by its first turn, and for the next one ahead', async () => {
    await using world = await agentWorld({}, ON_DEMAND)
    world.driver.start?.()
    expect(textOf(await answerTo(world.driver, chat()))).toBe('in s1')
    await eventuallyTold('new', 'prompt s1', 'new')
    expect(textOf(await answerTo(world.driver, chat()))).toBe('in s2')
    await eventuallyTold('new', 'prompt s1', 'new', 'prompt s2', 'new')
  })

  test('that was asked for its models has its first session by that', async () => {
    await using world = await agentWorld({}, ON_DEMAND)
    await world.driver.models(signal)
    expect(await world.driver.status(signal)).toMatchObject({ state: 'ready' })
    expect(told()).toEqual(['new'])
    expect(textOf(await answerTo(world.driver, chat()))).toBe('in s1')
    await eventuallyTold('new', 'prompt s1', 'new')
  })

  test('turns that wait for a process open what they need themselves', async () => {
    await using world = await agentWorld({ CLOSE: '1' }, { pool: { warm: 0, maxActive: 1 } })
    await Promise.all([chat(), withFunctions(), chat()].map((asked) => answerTo(world.driver, asked)))
    await eventually('it waits', () => world.driver.processes().every(({ state }) => state === 'idle'))
    await Bun.sleep(50)
    expect(opened().slice(0, 3)).toEqual(['new', 'new with functions', 'new'])
  })
})

describe('an agent that is kept warm', () => {
  const pool = { warm: 1, maxWarm: 2 }

  test('that can close sessions opens one at its start', async () => {
    await using world = await agentWorld({ CLOSE: '1' }, { pool })
    world.driver.start?.()
    await eventuallyTold('new')
    expect(await world.driver.status(signal)).toMatchObject({ state: 'ready' })
    expect(textOf(await answerTo(world.driver, chat()))).toBe('in s1')
    await eventuallyTold(...one('s1'), 'new')
    await world.driver.close()
    await eventuallyTold(...one('s1'), 'new', 'close s2', 'delete s2')
  })

  test('that is replaced opens one for a turn like the last one, and what it had is let go of', async () => {
    await using world = await agentWorld({ CLOSE: '1' }, { pool, recycle: { turns: 2 } })
    world.driver.start?.()
    await eventuallyTold('new')
    for (const count of [2, 3]) {
      await answerTo(world.driver, chat())
      await eventually('it is over', () => told().length >= 4 * (count - 1))
      await eventually('others are prepared', () => opened().length === count)
      await Bun.sleep(50)
    }
    expect(told()).toEqual([...one('s1'), ...one('s2')])
    expect(told(1)).toEqual(['new'])
    expect(textOf(await answerTo(world.driver, chat()))).toBe('in s1')
  })

  test('the process whose session fits is taken', async () => {
    await using world = await agentWorld({ CLOSE: '1', SLOW: '300' }, { pool: { warm: 0, maxWarm: 2 } })
    const idle = () => world.driver.processes().every(({ state }) => state === 'idle')
    // Two at once, each for another kind of turn.
    await Promise.all([chat(), withFunctions()].map((asked) => answerTo(world.driver, asked)))
    await eventually('both wait', () => world.driver.processes().length === 2 && idle())
    await eventually('both are prepared', () => opened().length === 4)
    writeFileSync(log, '')
    for (const asked of [chat(), chat(), withFunctions(), chat(), withFunctions()]) {
      await answerTo(world.driver, asked)
      await eventually('it waits', idle)
      await Bun.sleep(30)
    }
    // Nothing was opened in vain: as many sessions as turns, of the same kind each.
    expect(opened()).toEqual(['new', 'new', 'new with functions', 'new', 'new with functions'])
  })
})

describe('an agent that ends when it is asked for a session', () => {
  test('is asked once ahead, and again when a turn was answered', async () => {
    const dies = join(folder, 'dies')
    writeFileSync(dies, '')
    const pool = { warm: 1, maxWarm: 1 }
    await using world = await agentWorld({ CLOSE: '1', DIES: dies }, { pool, recycle: { turns: 1 } })
    world.driver.start?.()
    await eventually('it is asked', () => opened().length === 1)
    await Bun.sleep(1500)
    expect(opened()).toEqual(['new'])
    expect(world.driver.processes()).toMatchObject([{ state: 'idle' }])
    expect(world.logged.filter(({ level }) => level === 'warn')).toMatchObject([
      { message: 'An agent did not open a session ahead. A turn will ask again.' },
    ])
    rmSync(dies)
    expect(textOf(await answerTo(world.driver, chat()))).toBe('in s1')
    await eventually('the next process is asked ahead', () => opened().length === 3)
  })
})

describe('an agent that has no login', () => {
  test('says so to those who ask for its state, and to a turn', async () => {
    await using world = await agentWorld({ LOGIN: login }, { pool: { warm: 1 } })
    world.driver.start?.()
    expect(await world.driver.status(signal)).toMatchObject({ state: 'not-logged-in' })
    expect(await failureOf(world.driver, chat())).toMatchObject({ code: 'provider_login_required', status: 401 })
    writeFileSync(login, '')
    expect(textOf(await answerTo(world.driver, chat()))).toStartWith('in s')
    expect(await world.driver.status(signal)).toMatchObject({ state: 'ready' })
  })

  test('that loses it while a session is opened ahead says so to the next turn', async () => {
    writeFileSync(login, '')
    await using world = await agentWorld({ LOGIN: login, SLOW: '300' }, ON_DEMAND)
    await answerTo(world.driver, chat())
    await eventuallyTold('new', 'prompt s1', 'new')
    rmSync(login)
    expect(await failureOf(world.driver, chat())).toMatchObject({ code: 'provider_login_required' })
    expect(world.logged.map(({ message }) => message)).toContain(
      'An agent did not open a session ahead. A turn will ask again.',
    )
  })
})

describe('who leaves while a session opens', () => {
  /** Asks, and leaves so many milliseconds later. */
  async function leaveAfter(world: World, milliseconds: number): Promise<void> {
    const stop = new AbortController()
    setTimeout(() => stop.abort(new Error('left')), milliseconds)
    const reading = (async () => {
      for await (const _ of run(world.driver, chat(), stop.signal));
    })()
    await expect(reading).rejects.toThrow('left')
  }
  const pids = (world: World) => world.driver.processes().map(({ pid }) => pid)

  test('one that was opened ahead is the next turn’s, in the same process', async () => {
    await using world = await agentWorld({ SLOW: '300' }, ON_DEMAND)
    await answerTo(world.driver, chat())
    await eventuallyTold('new', 'prompt s1', 'new')
    const [pid] = pids(world)
    await leaveAfter(world, 50)
    expect(textOf(await answerTo(world.driver, chat()))).toBe('in s2')
    expect(pids(world)).toEqual([pid!])
  })

  test('one of his own goes with its process', async () => {
    await using world = await agentWorld({ SLOW: '1000' }, ON_DEMAND)
    const leaving = leaveAfter(world, 700)
    await eventually('it is asked for', () => told().length === 1)
    const [pid] = pids(world)
    await leaving
    await eventually('it is gone', () => !pids(world).includes(pid!))
  })
})
