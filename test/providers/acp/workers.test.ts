// Workers that are lent again and again, with workers that are nothing but names.
import { beforeEach, describe, expect, test } from 'bun:test'
import { type Worker, type WorkerEvent, Workers, type WorkersOptions } from '../../../src/providers/acp-workers.ts'
import { eventually } from '../../support/cligate.ts'

type Fake = Worker & { die(): void; disposed: boolean }

type Boot = { resolve: (name?: string) => Fake; reject: (error: Error) => void; signal: AbortSignal }

/** `boots` are those under way, where `automatic` is off. */
function world(changes: Partial<WorkersOptions<Fake>> & { automatic?: boolean } = {}) {
  const { automatic = true, ...options } = changes
  const boots: Boot[] = []
  const all: Fake[] = []
  const events: WorkerEvent[] = []
  const make = (): Fake => {
    const listeners: (() => void)[] = []
    let alive = true
    const fake: Fake = {
      id: `w${all.length}`,
      get alive() {
        return alive && !fake.disposed
      },
      disposed: false,
      onExit: (listener) => void listeners.push(listener),
      async dispose() {
        fake.disposed = true
      },
      die() {
        alive = false
        for (const listener of listeners) listener()
      },
    }
    all.push(fake)
    return fake
  }
  const workers = new Workers<Fake>({
    warm: 1,
    maxWarm: 2,
    maxActive: 4,
    maxQueue: 4,
    queueTimeout: 0,
    idleTimeout: 0,
    boot(signal) {
      if (automatic) return Promise.resolve(make())
      const { promise, resolve, reject } = Promise.withResolvers<Fake>()
      signal.addEventListener('abort', () => reject(signal.reason))
      boots.push({
        resolve: () => {
          const fake = make()
          resolve(fake)
          return fake
        },
        reject,
        signal,
      })
      return promise
    },
    log: (event) => void events.push(event),
    ...options,
  })
  return { workers, boots, all, events }
}

const never = new AbortController().signal
const idle = (workers: Workers<Fake>) => workers.snapshot().workers.filter(({ state }) => state === 'idle').length
const failureOf = async (action: Promise<unknown>) =>
  await action.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('lending', () => {
  test('the same worker serves one turn after the other', async () => {
    const { workers, all } = world({ warm: 0 })
    const ids: string[] = []
    for (let turn = 0; turn < 3; turn += 1) {
      const lease = await workers.claim(never)
      ids.push(lease.worker.id)
      lease.release(true)
    }
    expect(ids).toEqual(['w0', 'w0', 'w0'])
    expect(all).toHaveLength(1)
  })

  test('one that was used goes before one that has started since', async () => {
    const { workers, boots } = world({ automatic: false })
    workers.start()
    boots[0]!.resolve()
    await eventually('one is idle', () => idle(workers) === 1)
    const first = await workers.claim(never)
    first.markResponding()
    first.release(true)
    boots[1]!.resolve()
    await eventually('two are idle', () => idle(workers) === 2)
    const second = await workers.claim(never)
    expect(second.worker.id).toBe(first.worker.id)
    second.release(true)
    await workers.close()
  })

  test('nobody else gets it meanwhile', async () => {
    const { workers } = world()
    const [one, other] = await Promise.all([workers.claim(never), workers.claim(never)])
    expect(one.worker).not.toBe(other.worker)
  })

  test('one that is not to be used again is stopped', async () => {
    const { workers, all } = world({ warm: 0 })
    const lease = await workers.claim(never)
    lease.release(false)
    expect(all[0]?.disposed).toBe(true)
    expect((await workers.claim(never)).worker.id).toBe('w1')
  })

  test('giving back twice counts once', async () => {
    const { workers, all } = world({ warm: 0 })
    const lease = await workers.claim(never)
    lease.release(true)
    lease.release(false)
    expect(all[0]?.disposed).toBe(false)
    expect(idle(workers)).toBe(1)
  })

  test('one that died in its turn is not lent again', async () => {
    const { workers } = world({ warm: 0 })
    const lease = await workers.claim(never)
    lease.worker.die()
    lease.release(true)
    expect((await workers.claim(never)).worker.id).toBe('w1')
  })

  test('one that comes back serves who waits before one that starts', async () => {
    const { workers, boots } = world({ automatic: false, warm: 0, maxWarm: 1 })
    const first = workers.claim(never)
    await eventually('it boots', () => boots.length === 1)
    const worker = boots[0]!.resolve()
    const lease = await first
    const second = workers.claim(never)
    await eventually('another boots', () => boots.length === 2)
    lease.release(true)
    expect((await second).worker).toBe(worker)
    // The other one is kept for the next.
    boots[1]!.resolve()
    await eventually('it waits', () => idle(workers) === 1)
  })
})

test('for one that is as good as back, none is started', async () => {
  const { workers, boots } = world({ automatic: false, warm: 0 })
  const first = workers.claim(never)
  await eventually('it boots', () => boots.length === 1)
  const worker = boots[0]!.resolve()
  const lease = await first
  lease.comesBack()
  const second = workers.claim(never)
  const third = workers.claim(never)
  await eventually('one boots, for the third', () => boots.length === 2)
  lease.release(true)
  expect((await second).worker).toBe(worker)
  boots[1]!.resolve()
  await third
  // It did not come back after all: then another one is started.
  const broken = await second
  broken.comesBack()
  const fourth = workers.claim(never)
  await Bun.sleep(5)
  expect(boots).toHaveLength(2)
  broken.release(false)
  expect(boots).toHaveLength(3)
  boots[2]!.resolve()
  await fourth
})

describe('lending to who needs a certain one', () => {
  const only = (id: string) => (worker: Fake) => worker.id === id

  /** Three that wait: `w0` was used, then `w1`, then `w2`. */
  async function three(changes: Parameters<typeof world>[0] = {}) {
    const made = world({ warm: 0, maxWarm: 3, ...changes })
    const leases = await Promise.all([1, 2, 3].map(() => made.workers.claim(never)))
    for (const lease of leases) lease.release(true)
    return made
  }

  test('it is picked, and the others stay as they are', async () => {
    const { workers, all } = await three()
    expect((await workers.claim(never, only('w0'))).worker.id).toBe('w0')
    expect(all.map(({ disposed }) => disposed)).toEqual([false, false, false])
    expect((await workers.claim(never, ({ id }) => id !== 'w2')).worker.id).toBe('w1')
  })

  test('where none fits one is started, and takes the place of one', async () => {
    const { workers, all } = await three()
    const lease = await workers.claim(never, only('w3'))
    expect(lease.worker.id).toBe('w3')
    lease.release(true)
    expect(all.map(({ id, disposed }) => (disposed ? `${id} is gone` : id))).toEqual(['w0 is gone', 'w1', 'w2', 'w3'])
    expect((await workers.claim(never, only('w3'))).worker).toBe(lease.worker)
  })

  test('where there is room it takes no place', async () => {
    const { workers, all } = await three({ maxWarm: 4 })
    const lease = await workers.claim(never, only('w3'))
    lease.release(true)
    expect(all.filter(({ disposed }) => disposed)).toEqual([])
  })

  test('who goes before it is over costs nobody anything', async () => {
    const { workers, boots, all } = world({ automatic: false, warm: 0, maxWarm: 1 })
    const first = workers.claim(never)
    await eventually('it boots', () => boots.length === 1)
    boots[0]!.resolve()
    const lease = await first
    lease.release(true)
    const stop = new AbortController()
    const left = failureOf(workers.claim(stop.signal, only('w9')))
    await eventually('another boots', () => boots.length === 2)
    stop.abort(new Error('left'))
    expect(await left).toEqual(new Error('left'))
    const late = boots[1]!.resolve()
    await eventually('it is stopped', () => late.disposed)
    expect(all[0]?.disposed).toBe(false)
  })

  test('one that starts and does not fit goes to the next in line, or waits, and another starts', async () => {
    const { workers, boots } = world({ automatic: false, warm: 0 })
    const picky = workers.claim(never, only('w2'))
    const anyone = workers.claim(never)
    await eventually('two boot', () => boots.length === 2)
    const one = boots[0]!.resolve()
    expect((await anyone).worker).toBe(one)
    boots[1]!.resolve()
    await eventually('a third boots', () => boots.length === 3)
    expect(idle(workers)).toBe(1)
    boots[2]!.resolve()
    expect((await picky).worker.id).toBe('w2')
  })

  test('one that comes back goes to the first in line that it fits', async () => {
    const { workers, boots } = world({ automatic: false, warm: 0 })
    const first = workers.claim(never)
    await eventually('it boots', () => boots.length === 1)
    boots[0]!.resolve()
    const lease = await first
    const picky = workers.claim(never, only('w1'))
    const anyone = workers.claim(never)
    await eventually('two boot', () => boots.length === 3)
    lease.release(true)
    expect((await anyone).worker).toBe(lease.worker)
    boots[1]!.resolve()
    expect((await picky).worker.id).toBe('w1')
  })
})

describe('one that must not be lent any more', () => {
  const stale = new Set<string>()
  const isStale = ({ id }: Fake) => stale.has(id)
  beforeEach(() => stale.clear())

  test('is stopped instead, and the next one is lent', async () => {
    const { workers, all } = world({ warm: 0, isStale })
    const leases = await Promise.all([1, 2].map(() => workers.claim(never)))
    for (const lease of leases) lease.release(true)
    stale.add('w1')
    expect((await workers.claim(never)).worker.id).toBe('w0')
    expect(all.map(({ disposed }) => disposed)).toEqual([false, true])
    stale.add('w0')
    expect((await workers.claim(never)).worker.id).toBe('w2')
  })

  test('is not given to who waits, whether it comes back or has just started', async () => {
    const { workers, boots, all } = world({ automatic: false, warm: 0, isStale })
    const first = workers.claim(never)
    await eventually('it boots', () => boots.length === 1)
    boots[0]!.resolve()
    const lease = await first
    const second = workers.claim(never)
    await eventually('another boots', () => boots.length === 2)
    stale.add('w0')
    lease.release(true)
    stale.add('w1')
    boots[1]!.resolve()
    await eventually('a third boots', () => boots.length === 3)
    boots[2]!.resolve()
    expect((await second).worker.id).toBe('w2')
    expect(all.map(({ disposed }) => disposed)).toEqual([true, true, false])
  })
})

describe('the line', () => {
  test('is first come, first served, and refuses who comes too late', async () => {
    const { workers } = world({ maxActive: 1, maxQueue: 1 })
    const lease = await workers.claim(never)
    const second = workers.claim(never)
    expect(await failureOf(workers.claim(never))).toMatchObject({ code: 'queue_full', retryAfter: expect.any(Number) })
    lease.release(true)
    expect((await second).worker).toBe(lease.worker)
  })

  test('who leaves while a worker boots gets none; it goes to the next', async () => {
    const { workers, boots } = world({ automatic: false, warm: 0 })
    const stop = new AbortController()
    const left = failureOf(workers.claim(stop.signal))
    await eventually('it boots', () => boots.length === 1)
    stop.abort(new Error('left'))
    expect(await left).toEqual(new Error('left'))
    const worker = boots[0]!.resolve()
    await eventually('it waits', () => idle(workers) === 1)
    expect((await workers.claim(never)).worker).toBe(worker)
  })

  test('a slot is free again when a claim fails', async () => {
    const { workers, boots } = world({ automatic: false, warm: 0, maxActive: 1, maxQueue: 0 })
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const failed = failureOf(workers.claim(never))
      await eventually('it boots', () => boots.length === attempt + 1)
      boots[attempt]!.reject(new Error('no'))
      expect(await failed).toEqual(new Error('no'))
    }
  })
})

describe('the stock', () => {
  test('is filled when it starts, and again when one is lent', async () => {
    const { workers, all } = world({ warm: 2 })
    workers.start()
    await eventually('two wait', () => idle(workers) === 2)
    const lease = await workers.claim(never)
    lease.markResponding()
    await eventually('two wait again', () => idle(workers) === 2)
    lease.release(true)
    expect(all).toHaveLength(3)
  })

  test('waits for the first token of a turn', async () => {
    const { workers, boots } = world({ automatic: false })
    workers.start()
    boots[0]!.resolve()
    await eventually('one waits', () => idle(workers) === 1)
    const lease = await workers.claim(never)
    await Bun.sleep(20)
    expect(boots).toHaveLength(1)
    lease.markResponding()
    expect(boots).toHaveLength(2)
  })

  test('keeps no more than it may', async () => {
    const { workers, all } = world({ warm: 0, maxWarm: 2 })
    const leases = await Promise.all([1, 2, 3, 4].map(() => workers.claim(never)))
    for (const lease of leases) lease.release(true)
    expect(idle(workers)).toBe(2)
    expect(all.filter(({ disposed }) => disposed)).toHaveLength(2)
  })

  test('that is full keeps one that was used, and not one that never was', async () => {
    const { workers, all } = world({ warm: 1, maxWarm: 1 })
    workers.start()
    await eventually('one waits', () => idle(workers) === 1)
    const lease = await workers.claim(never)
    lease.markResponding()
    await eventually('another waits', () => idle(workers) === 1)
    lease.release(true)
    expect(all.map(({ disposed }) => disposed)).toEqual([false, true])
    expect((await workers.claim(never)).worker).toBe(lease.worker)
    await workers.close()
  })

  test('shrinks to one after a time without turns', async () => {
    const { workers } = world({ warm: 2, maxWarm: 4, idleTimeout: 40 })
    workers.start()
    const leases = await Promise.all([1, 2, 3].map(() => workers.claim(never)))
    for (const lease of leases) lease.release(true)
    expect(idle(workers)).toBeGreaterThan(1)
    await eventually('one is left', () => idle(workers) === 1)
    await Bun.sleep(60)
    expect(idle(workers)).toBe(1)
  })

  test('one that dies while it waits is replaced, after a while', async () => {
    const { workers, all, events } = world()
    workers.start()
    await eventually('one waits', () => idle(workers) === 1)
    all[0]!.die()
    expect(idle(workers)).toBe(0)
    await eventually('another waits', () => idle(workers) === 1)
    expect(events).toContainEqual({ type: 'exited', id: 'w0', retryIn: 250 })
  })

  test('a start that fails is tried again, later and later', async () => {
    const { workers, boots, events } = world({ automatic: false })
    workers.start()
    boots[0]!.reject(new Error('no'))
    await eventually('it is tried again', () => boots.length === 2)
    boots[1]!.reject(new Error('no'))
    await eventually('both are told', () => events.length === 2)
    expect(events.map((event) => event.type === 'boot-failed' && event.retryIn)).toEqual([250, 500])
    await workers.close()
  })
})

describe('the end', () => {
  test('stops all, lent ones too, and refuses who waits', async () => {
    const { workers, all } = world({ warm: 1, maxActive: 1 })
    workers.start()
    const lease = await workers.claim(never)
    lease.markResponding()
    await eventually('one waits', () => idle(workers) === 1)
    const waiting = failureOf(workers.claim(never))
    await workers.close()
    expect(all.every(({ disposed }) => disposed)).toBe(true)
    expect(await waiting).toMatchObject({ code: 'provider_unavailable' })
    expect(await failureOf(workers.claim(never))).toMatchObject({ code: 'provider_unavailable' })
    lease.release(true)
    expect(idle(workers)).toBe(0)
  })

  test('what still boots is told, and waited for', async () => {
    const { workers, boots } = world({ automatic: false })
    workers.start()
    await workers.close()
    expect(boots[0]?.signal.aborted).toBe(true)
    expect(workers.snapshot()).toMatchObject({ workers: [], booting: 0 })
  })
})
