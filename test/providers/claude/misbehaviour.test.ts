// A CLI that crashes, floods or talks nonsense spoils its own turn and nothing else.
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { GatewayError } from '../../../src/core/error.ts'
import { liveChildren } from '../../../src/process/spawn.ts'
import { answerTo, failureOf, request, run, textOf } from './requests.ts'
import { claudeWorld, type World, type WorldOptions } from './world.ts'

setDefaultTimeout(20_000)

const FAKE = join(import.meta.dir, 'fake/main.ts')

let world: World | undefined
async function start(mode: string, options: WorldOptions = {}): Promise<World> {
  world = await claudeWorld({
    executable: FAKE,
    account: { env: { FAKE_MODE: mode } },
    pool: { warm: 0, maxWarm: 0 },
    ...options,
  })
  return world
}

let before = 0
beforeEach(() => {
  before = liveChildren().length
})
afterEach(async () => {
  await world?.[Symbol.asyncDispose]()
  world = undefined
  expect(liveChildren()).toHaveLength(before)
})

async function failure(mode: string): Promise<GatewayError> {
  const { driver } = await start(mode)
  const error = await failureOf(driver, request('hi'))
  expect(error).toBeInstanceOf(GatewayError)
  // Neither what it said on stderr nor a path is anybody's business.
  expect((error as GatewayError).message).not.toMatch(/secret|\/home|panic|Segmentation/)
  return error as GatewayError
}

test('the fake itself answers', async () => {
  const { driver } = await start('answer')
  const answer = await answerTo(driver, request('hi'))
  expect(textOf(answer)).toBe('hello')
  expect(answer.usage?.costUsd).toBe(0.5)
})

describe('before it says anything', () => {
  test.each(['crash-before', 'garbage-before', 'refuses-launch', 'refuses-settings', 'confirms-nothing'])(
    '%s',
    async (mode) => {
      expect(await failure(mode)).toMatchObject({ code: 'provider_error', status: 502 })
    },
  )

  test('a tool in its report', async () => {
    const error = await failure('has-a-tool')
    expect(error).toMatchObject({ code: 'internal_error', status: 500 })
    expect(error.message).toContain('Bash')
  })
})

describe('in the middle of an answer', () => {
  test.each(['crash', 'exit', 'garbage', 'half-line', 'huge-line'])(
    '%s: what was said is passed on, then the error',
    async (mode) => {
      const { driver } = await start(mode)
      let said = ''
      const read = async () => {
        for await (const batch of run(driver, request('hi'))) {
          for (const event of batch) if (event.type === 'text-delta') said += event.text
        }
      }
      const error = await read().catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'provider_error', status: 502 })
      expect(said).toBe('hello')
    },
  )

  test('the way it died is told', async () => {
    const { message } = await failure('crash')
    expect(message).toContain('SIGSEGV')
  })

  test('a flood of lines that say nothing can be cancelled, and takes no memory', async () => {
    const { driver } = await start('flood')
    const stop = new AbortController()
    const memory = process.memoryUsage.rss()
    const read = async () => {
      for await (const batch of run(driver, request('hi'), stop.signal)) {
        if (batch.some((event) => event.type === 'text-delta')) setTimeout(() => stop.abort(new Error('enough')), 300)
      }
    }
    await expect(read()).rejects.toThrow('enough')
    expect(process.memoryUsage.rss() - memory).toBeLessThan(300 * 1024 * 1024)
  })

  test('a flood on stderr disturbs nothing', async () => {
    const { driver } = await start('stderr-flood')
    expect(textOf(await answerTo(driver, request('hi')))).toBe('hello')
  })
})

describe('after its answer', () => {
  test.each(['no-result', 'garbage-result'])('%s: the answer is complete all the same', async (mode) => {
    const { driver } = await start(mode)
    const answer = await answerTo(driver, request('hi'))
    expect(answer).toMatchObject({ finish: 'stop' })
    expect(answer.usage).not.toHaveProperty('costUsd')
  })
})

describe('at its start', () => {
  test('one that does not know its arguments', async () => {
    expect(await failure('dies-at-start')).toMatchObject({ code: 'provider_unavailable', status: 503 })
  })

  test('one that never gets ready is let go with the turn that waits for it', async () => {
    const { driver } = await start('says-nothing')
    const stop = new AbortController()
    const turn = Array.fromAsync(run(driver, request('hi'), stop.signal))
    setTimeout(() => stop.abort(new Error('enough')), 500)
    await expect(turn).rejects.toThrow('enough')
  })

  test('a stock that cannot be filled does not spin', async () => {
    const { driver, logged } = await start('dies-at-start', { pool: { warm: 2, maxWarm: 2 } })
    driver.start?.()
    await failureOf(driver, request('hi'))
    await Bun.sleep(1000)
    expect(logged.filter(({ level }) => level === 'warn').length).toBeLessThan(8)
  })
})

test('one that is missing says how to get it', async () => {
  const { driver } = await start('answer', { executable: '/nowhere/claude', tested: false })
  expect(await failureOf(driver, request('hi'))).toMatchObject({ code: 'provider_unavailable', status: 503 })
  const error = (await failureOf(driver, request('hi'))) as GatewayError
  expect(error.message).toContain('npm install -g @anthropic-ai/claude-code')
  expect(await driver.status(new AbortController().signal)).toMatchObject({ state: 'not-installed' })
  expect(driver.processes()).toEqual([])
})
