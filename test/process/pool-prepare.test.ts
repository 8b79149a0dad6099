// What the pool has done to a process that nobody waits for, before it is in the stock.
import { afterEach, describe, expect, test } from 'bun:test'
import { type FakeProcess, poolWorld, settle } from './pool-world.ts'

type Preparation = { process: FakeProcess; launchState: string | undefined } & PromiseWithResolvers<void>

/** A pool of one whose preparations end when the test says so. */
function world(warm = 1) {
  const preparations: Preparation[] = []
  const made = poolWorld({
    warm,
    maxWarm: warm,
    auto: true,
    tuning: { backoff: 10 },
    prepare: (process, launchState, signal) => {
      const waiting = Promise.withResolvers<void>()
      signal.addEventListener('abort', () => waiting.reject(signal.reason), { once: true })
      preparations.push({ process, launchState, ...waiting })
      return waiting.promise
    },
  })
  opened.push(made)
  return { ...made, preparations }
}

const opened: ReturnType<typeof poolWorld>[] = []
afterEach(async () => {
  for (const { pool } of opened.splice(0)) await pool.close()
})

describe('a process in the background', () => {
  test('is idle only when it is prepared', async () => {
    const { pool, preparations, until } = world()
    pool.start()
    await until(() => preparations.length === 1)
    await settle()
    expect(pool.snapshot()).toMatchObject({ idle: 0, booting: 1 })
    preparations[0]!.resolve()
    await until(() => pool.snapshot().idle === 1)
  })

  test('is disposed where that fails, and another one is started', async () => {
    const { pool, preparations, until, events } = world()
    pool.start()
    await until(() => preparations.length === 1)
    preparations[0]!.reject(new Error('not prepared'))
    await until(() => preparations.length === 2)
    expect(preparations[0]!.process.disposals).toBe(1)
    expect(events).toContainEqual(expect.objectContaining({ type: 'boot-failed', background: true }))
    preparations[1]!.resolve()
    await until(() => pool.snapshot().idle === 1)
  })

  test('goes to the claim that came meanwhile', async () => {
    const { pool, preparations, until, claim } = world()
    pool.start()
    await until(() => preparations.length === 1)
    const lease = claim()
    await settle()
    preparations[0]!.resolve()
    expect((await lease).process).toBe(preparations[0]!.process)
  })

  test('leaves that claim to a start of its own where it cannot be prepared', async () => {
    const { pool, preparations, until, claim } = world()
    pool.start()
    await until(() => preparations.length === 1)
    const lease = claim()
    await settle()
    preparations[0]!.reject(new Error('not prepared'))
    const { process } = await lease
    expect(process).not.toBe(preparations[0]!.process)
    expect(process.alive).toBe(true)
  })

  test('is gone when the pool has closed', async () => {
    const { pool, preparations, until } = world()
    pool.start()
    await until(() => preparations.length === 1)
    await pool.close()
    expect(preparations[0]!.process.disposals).toBe(1)
  })
})

test('a process that a claim waits for is not prepared', async () => {
  const { preparations, claim } = world(0)
  await claim('some state')
  expect(preparations).toEqual([])
})
