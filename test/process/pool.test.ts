import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../src/core/error.ts'
import { poolWorld, settle } from './pool-world.ts'

const rejection = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('the stock', () => {
  test('is filled in the background, one boot at a time, and only after start()', async () => {
    const world = poolWorld({ warm: 2, maxWarm: 2 })
    await settle()
    expect(world.boots).toHaveLength(0)
    world.pool.start()
    world.pool.start()
    const first = await world.nextBoot()
    await settle()
    expect(world.pool.snapshot()).toMatchObject({ idle: 0, booting: 1 })
    expect(world.boots).toHaveLength(0)
    first.succeed()
    const second = await world.nextBoot()
    second.succeed()
    await world.until(() => world.pool.snapshot().idle === 2)
    await settle()
    expect(world.boots).toHaveLength(0)
    await world.pool.close()
  })

  test('boots side by side, as many as allowed', async () => {
    const world = poolWorld({ warm: 5, maxWarm: 5, maxBoots: 3 })
    world.pool.start()
    await world.until(() => world.boots.length === 3)
    await settle()
    expect(world.boots).toHaveLength(3)
    await world.pool.close()
  })

  test('a claim takes an idle process without a wait, and the next one is booted', async () => {
    const world = poolWorld({ warm: 1, maxWarm: 1 })
    world.pool.start()
    const process = (await world.nextBoot()).succeed()
    await world.until(() => world.pool.snapshot().idle === 1)
    const lease = await world.claim('a')
    expect(lease.process).toBe(process)
    expect(lease.cold).toBe(false)
    expect(world.pool.snapshot()).toMatchObject({ idle: 0, active: 1 })
    lease.markResponding()
    const next = await world.nextBoot()
    expect(next.signal.aborted).toBe(false)
    await lease.release()
    expect(process.disposals).toBe(1)
    expect(world.pool.snapshot()).toMatchObject({ active: 0 })
    await world.pool.close()
  })

  test('warm 0 boots nothing in the background, and each claim boots its own with its launch state', async () => {
    const world = poolWorld({ warm: 0, maxWarm: 8 })
    world.pool.start()
    const claim = world.claim('state')
    const boot = await world.nextBoot()
    expect(boot.launchState).toBe('state')
    const process = boot.succeed()
    const lease = await claim
    expect(lease.cold).toBe(true)
    expect(lease.process).toBe(process)
    await lease.release()
    await settle()
    expect(world.boots).toHaveLength(0)
    expect(world.pool.snapshot()).toEqual({ idle: 0, booting: 0, active: 0, waiting: 0, processes: [] })
  })

  test('release is idempotent: the slot is freed once and the process disposed once', async () => {
    const world = poolWorld({ auto: true, maxActive: 1 })
    const lease = await world.claim()
    await Promise.all([lease.release(), lease.release()])
    await lease.release()
    expect(world.pool.snapshot().active).toBe(0)
    expect(world.processes[0]!.disposals).toBe(1)
    const second = await world.claim()
    expect(world.pool.snapshot().active).toBe(1)
    await second.release()
  })

  test('a dispose that fails is logged, and release does not reject', async () => {
    const world = poolWorld({ auto: true })
    const lease = await world.claim()
    lease.process.dispose = () => Promise.reject(new Error('stuck'))
    await lease.release()
    expect(world.events).toContainEqual({ type: 'dispose-failed', id: 'p1', error: new Error('stuck') })
  })

  test('a dispose that hangs does not hold the slot', async () => {
    const world = poolWorld({ auto: true, maxActive: 1, tuning: { closeTimeout: 10 } })
    const lease = await world.claim()
    lease.process.dispose = () => new Promise(() => {})
    void lease.release()
    const next = await world.claim()
    expect(next.process).not.toBe(lease.process)
    await world.pool.close()
  })

  test('grows to the peak of concurrent claims up to maxWarm, and shrinks when the peak is old', async () => {
    const world = poolWorld({ auto: true, warm: 1, maxWarm: 3, tuning: { holdBoots: 0, peakWindow: 150 } })
    world.pool.start()
    const leases = await Promise.all([1, 2, 3, 4, 5].map(() => world.claim()))
    await world.until(() => world.pool.snapshot().idle === 3)
    await Promise.all(leases.map((lease) => lease.release()))
    await world.until(() => world.pool.snapshot().idle === 1, 'the stock shrinks')
    expect(world.events.filter((event) => event.type === 'discarded')).toHaveLength(2)
    await world.pool.close()
    expect(world.processes.every((process) => process.disposals === 1)).toBe(true)
  })

  test('rests at one after the idle time, and fills up again with the next claim', async () => {
    const world = poolWorld({ auto: true, warm: 3, maxWarm: 3, idleTimeout: 60 })
    world.pool.start()
    await world.until(() => world.pool.snapshot().idle === 3)
    await world.until(() => world.pool.snapshot().idle === 1, 'the stock shrinks')
    const lease = await world.claim()
    expect(lease.cold).toBe(false)
    await lease.release()
    await world.until(() => world.pool.snapshot().idle === 3, 'the stock fills up')
    await world.pool.close()
  })
})

test('a boot that ends when the stock has gone to rest is not kept', async () => {
  const world = poolWorld({ warm: 2, maxWarm: 2, idleTimeout: 40 })
  world.pool.start()
  ;(await world.nextBoot()).succeed()
  const late = await world.nextBoot()
  await Bun.sleep(80)
  const process = late.succeed()
  await world.until(() => world.pool.snapshot().booting === 0)
  await settle()
  expect(process.disposals).toBe(1)
  expect(world.pool.snapshot().idle).toBe(1)
  await world.pool.close()
})

describe('launch states', () => {
  test('the best match is taken: the same state, then a plain process, then any', async () => {
    const world = poolWorld({ warm: 4, maxWarm: 4, tuning: { holdBoots: 0 } })
    // Two claims make 'a' worth a place in the stock.
    for (const _ of [1, 2]) {
      const claim = world.claim('a')
      ;(await world.nextBoot()).succeed()
      await (await claim).release()
    }
    world.pool.start()
    const states: (string | undefined)[] = []
    for (let count = 0; count < 4; count++) {
      const boot = await world.nextBoot()
      states.push(boot.launchState)
      boot.succeed()
    }
    await world.until(() => world.pool.snapshot().idle === 4)
    expect(states).toEqual(['a', 'a', undefined, undefined])
    const taken = async (state?: string) => (await world.claim(state)).process.launchState
    expect(await taken('b')).toBeUndefined()
    expect(await taken('a')).toBe('a')
    expect(await taken()).toBeUndefined()
    expect(await taken()).toBe('a')
    expect(world.events.flatMap((event) => (event.type === 'claimed' ? [event.match] : [])).slice(2)).toEqual([
      'plain',
      'same',
      'same',
      'other',
    ])
    await world.pool.close()
  })

  test('at most half of the stock is primed, at least one, and none where the stock is one', async () => {
    for (const [warm, primed] of [
      [1, 0],
      [2, 1],
      [3, 1],
      [5, 2],
    ] as const) {
      const world = poolWorld({ auto: true, warm, maxWarm: warm, tuning: { holdBoots: 0 } })
      for (let count = 0; count < 3; count++) await (await world.claim('a')).release()
      world.pool.start()
      await world.until(() => world.pool.snapshot().idle === warm)
      const states = world.pool.snapshot().processes.map(({ process }) => process.launchState)
      expect(states.filter((state) => state === 'a')).toHaveLength(primed)
      await world.pool.close()
    }
  })

  test('a state that cannot be booted loses its place, so that the stock is filled all the same', async () => {
    const world = poolWorld({ warm: 2, maxWarm: 2, tuning: { backoff: 5, holdBoots: 0 } })
    for (const _ of [1, 2]) {
      const claim = world.claim('bad')
      ;(await world.nextBoot()).succeed()
      await (await claim).release()
    }
    world.pool.start()
    const primed = await world.nextBoot()
    expect(primed.launchState).toBe('bad')
    primed.fail()
    for (const _ of [1, 2]) {
      const boot = await world.nextBoot()
      expect(boot.launchState).toBeUndefined()
      boot.succeed()
    }
    await world.pool.close()
  })
})

describe('turns before boots', () => {
  test('a boot waits until the claim responds', async () => {
    const world = poolWorld({ warm: 1, maxWarm: 1 })
    world.pool.start()
    ;(await world.nextBoot()).succeed()
    await world.until(() => world.pool.snapshot().idle === 1)
    const lease = await world.claim()
    await Bun.sleep(60)
    expect(world.boots).toHaveLength(0)
    lease.markResponding()
    lease.markResponding()
    await world.nextBoot()
    await world.pool.close()
  })

  test('a boot waits until the claim is released', async () => {
    const world = poolWorld({ warm: 1, maxWarm: 1 })
    world.pool.start()
    ;(await world.nextBoot()).succeed()
    await world.until(() => world.pool.snapshot().idle === 1)
    const lease = await world.claim()
    await settle()
    expect(world.boots).toHaveLength(0)
    await lease.release()
    await world.nextBoot()
    await world.pool.close()
  })

  test('but not for ever, also when ever new claims are silent', async () => {
    const world = poolWorld({ warm: 1, maxWarm: 1, tuning: { holdBoots: 120 } })
    world.pool.start()
    ;(await world.nextBoot()).succeed()
    await world.until(() => world.pool.snapshot().idle === 1)
    const begun = performance.now()
    await world.claim()
    let claims = 0
    const pressing = setInterval(() => {
      claims++
      void world.claim().catch(() => {})
    }, 40)
    // The first boots are those of the new claims; a background boot is one without a claim behind it.
    const background = () => world.pool.snapshot().booting > claims
    await world.until(background, 'a boot in the background')
    clearInterval(pressing)
    expect(performance.now() - begun).toBeGreaterThan(110)
    await world.pool.close()
  })
})

describe('failures', () => {
  test('failing boots back off, twice as long each time, and never spin', async () => {
    const begun: number[] = []
    const world = poolWorld({
      warm: 2,
      maxWarm: 2,
      tuning: { backoff: 40, maxBackoff: 200 },
      boot: async () => {
        begun.push(performance.now())
        throw new Error('broken')
      },
    })
    world.pool.start()
    await world.until(() => begun.length === 4)
    const gaps = begun.slice(1).map((time, index) => time - begun[index]!)
    expect(gaps[0]).toBeGreaterThan(38)
    expect(gaps[1]).toBeGreaterThan(78)
    expect(gaps[2]).toBeGreaterThan(158)
    const waits = world.events.flatMap((event) => (event.type === 'boot-failed' ? [event.retryIn] : []))
    expect(waits.slice(0, 4)).toEqual([40, 80, 160, 200])
    await world.pool.close()
    const count = begun.length
    await Bun.sleep(250)
    expect(begun).toHaveLength(count)
  })

  test('a boot that throws before it returns a promise is a failure like any other', async () => {
    const world = poolWorld({
      boot: () => {
        throw new Error('at once')
      },
    })
    expect(await rejection(world.claim())).toEqual(new Error('at once'))
    expect(world.pool.snapshot()).toMatchObject({ active: 0, booting: 0 })
  })

  test('processes that die as soon as they have booted do not make the pool spin', async () => {
    const world = poolWorld({ auto: true, warm: 1, maxWarm: 1, tuning: { backoff: 30 } })
    world.pool.start()
    const started = performance.now()
    while (performance.now() - started < 400) {
      await settle()
      for (const { process } of world.pool.snapshot().processes) process.die()
    }
    // 30 + 60 + 120 + 240 ms: the fifth boot is not due yet. Without a wait there would be hundreds.
    expect(world.bootCount).toBeLessThanOrEqual(5)
    expect(world.bootCount).toBeGreaterThan(1)
    await world.pool.close()
  })

  test('an idle process that dies is dropped, disposed and replaced', async () => {
    const world = poolWorld({ auto: true, warm: 1, maxWarm: 1, tuning: { backoff: 5 } })
    world.pool.start()
    await world.until(() => world.pool.snapshot().idle === 1)
    const [first] = world.processes
    first!.die()
    expect(world.pool.snapshot().idle).toBe(0)
    await world.until(() => world.pool.snapshot().idle === 1)
    expect(first!.disposals).toBe(1)
    expect((await world.claim()).process).not.toBe(first!)
    expect(world.events).toContainEqual({ type: 'exited', id: 'p1', retryIn: 5 })
    await world.pool.close()
  })

  test('a process that died unnoticed is not lent', async () => {
    const world = poolWorld({ auto: true, warm: 2, maxWarm: 2 })
    world.pool.start()
    await world.until(() => world.pool.snapshot().idle === 2)
    world.processes[0]!.alive = false
    const lease = await world.claim()
    expect(lease.process.alive).toBe(true)
    expect(world.processes[0]!.disposals).toBe(1)
    await world.pool.close()
  })

  test('a cold boot that fails is the error of that claim, and frees its slot', async () => {
    const world = poolWorld({ maxActive: 1 })
    const claim = rejection(world.claim())
    ;(await world.nextBoot()).fail(new Error('not logged in'))
    expect(await claim).toEqual(new Error('not logged in'))
    expect(world.pool.snapshot()).toMatchObject({ active: 0, booting: 0 })
    const second = world.claim()
    ;(await world.nextBoot()).succeed()
    await (await second).release()
  })
})

describe('a boot under way', () => {
  test('is taken over by a claim that finds nothing idle', async () => {
    const world = poolWorld({ warm: 1, maxWarm: 1 })
    world.pool.start()
    const boot = await world.nextBoot()
    const claim = world.claim('a')
    await settle()
    expect(world.boots).toHaveLength(0)
    const process = boot.succeed()
    const lease = await claim
    expect(lease.process).toBe(process)
    expect(lease.cold).toBe(true)
    await world.pool.close()
  })

  test('by one claim only; the next boots its own', async () => {
    const world = poolWorld({ warm: 1, maxWarm: 1 })
    world.pool.start()
    const background = await world.nextBoot()
    const first = world.claim()
    const second = world.claim('b')
    const own = await world.nextBoot()
    expect(own.launchState).toBe('b')
    const [a, b] = [background.succeed(), own.succeed()]
    expect((await first).process).toBe(a)
    expect((await second).process).toBe(b)
    await world.pool.close()
  })

  test('that is taken over counts no more for the stock', async () => {
    const world = poolWorld({ warm: 1, maxWarm: 1, maxBoots: 2, tuning: { holdBoots: 0 } })
    world.pool.start()
    const first = await world.nextBoot()
    const claim = world.claim()
    const second = await world.nextBoot()
    first.succeed()
    expect((await claim).process.id).toBe('p1')
    second.succeed()
    await world.until(() => world.pool.snapshot().idle === 1)
    await world.pool.close()
  })

  test('that fails leaves the claim with a boot of its own', async () => {
    const world = poolWorld({ warm: 1, maxWarm: 1 })
    world.pool.start()
    const background = await world.nextBoot()
    const claim = world.claim('a')
    background.fail()
    const own = await world.nextBoot()
    expect(own.launchState).toBe('a')
    const process = own.succeed()
    expect((await claim).process).toBe(process)
    await world.pool.close()
  })

  test('goes to the stock when its claim is cancelled', async () => {
    const world = poolWorld({ warm: 1, maxWarm: 1 })
    world.pool.start()
    const background = await world.nextBoot()
    const leaving = new AbortController()
    const claim = rejection(world.claim(undefined, leaving.signal))
    await settle()
    leaving.abort(new Error('left'))
    expect(await claim).toEqual(new Error('left'))
    expect(background.signal.aborted).toBe(false)
    background.succeed()
    await world.until(() => world.pool.snapshot().idle === 1)
    await world.pool.close()
  })
})

describe('cancelling', () => {
  test('a claim of an aborted signal takes nothing', async () => {
    const world = poolWorld({ auto: true })
    expect(await rejection(world.claim(undefined, AbortSignal.abort(new Error('gone'))))).toEqual(new Error('gone'))
    expect(world.pool.snapshot().active).toBe(0)
    expect(world.bootCount).toBe(0)
  })

  test('ends a cold boot at once, and what it still gives is disposed', async () => {
    const world = poolWorld({ deaf: true })
    const leaving = new AbortController()
    const claim = rejection(world.claim(undefined, leaving.signal))
    const boot = await world.nextBoot()
    leaving.abort(new Error('left'))
    expect(await claim).toEqual(new Error('left'))
    expect(boot.signal.aborted).toBe(true)
    expect(world.pool.snapshot()).toMatchObject({ active: 0, booting: 0 })
    const late = boot.succeed()
    await settle()
    expect(late.disposals).toBe(1)
  })
})

test('a claim that is cancelled in the moment its process is there leaves none behind', async () => {
  const leaving = new AbortController()
  const world = poolWorld({
    auto: true,
    log: (event) => {
      if (event.type === 'booted') leaving.abort(new Error('left'))
    },
  })
  expect(await rejection(world.claim(undefined, leaving.signal))).toEqual(new Error('left'))
  await settle()
  expect(world.processes.map(({ disposals }) => disposals)).toEqual([1])
  expect(world.pool.snapshot().active).toBe(0)
})

describe('the line', () => {
  test('is first come, first served', async () => {
    const world = poolWorld({ auto: true, maxActive: 1 })
    const first = await world.claim()
    const order: string[] = []
    const waiting = ['a', 'b', 'c'].map(async (name) => {
      const lease = await world.claim()
      order.push(name)
      await lease.release()
    })
    await settle()
    expect(world.pool.snapshot()).toMatchObject({ active: 1, waiting: 3 })
    await first.release()
    await Promise.all(waiting)
    expect(order).toEqual(['a', 'b', 'c'])
    expect(world.pool.snapshot()).toMatchObject({ active: 0, waiting: 0 })
  })

  test('never more claims than allowed run at once', async () => {
    const world = poolWorld({ auto: true, maxActive: 3, maxQueue: 100 })
    let running = 0
    let most = 0
    await Promise.all(
      Array.from({ length: 40 }, async () => {
        const lease = await world.claim()
        most = Math.max(most, ++running)
        await settle()
        running--
        await lease.release()
      }),
    )
    expect(most).toBe(3)
    expect(world.pool.snapshot()).toMatchObject({ active: 0, waiting: 0 })
  })

  test('that is full refuses with queue_full and a true time to come back', async () => {
    const world = poolWorld({ auto: true, maxActive: 2, maxQueue: 2 })
    const leases = [await world.claim(), await world.claim()]
    const waiting = [world.claim(), world.claim()]
    await settle()
    const error = await rejection(world.claim())
    expect(error).toBeInstanceOf(GatewayError)
    expect(error).toMatchObject({ code: 'queue_full', status: 429, retryAfter: 2 })
    expect(world.events).toContainEqual({ type: 'refused', reason: 'queue-full', retryAfter: 2 })
    for (const lease of leases) await lease.release()
    for (const lease of waiting) await (await lease).release()
  })

  test('a claim that waits too long is refused, and leaves the line', async () => {
    const world = poolWorld({ auto: true, maxActive: 1, queueTimeout: 30 })
    const first = await world.claim()
    const error = await rejection(world.claim())
    expect(error).toMatchObject({ code: 'queue_full' })
    expect((error as GatewayError).retryAfter).toBeGreaterThanOrEqual(1)
    expect(world.pool.snapshot().waiting).toBe(0)
    await first.release()
    expect(world.pool.snapshot().active).toBe(0)
  })

  test('a claim that is cancelled leaves the line, and its place goes to the next', async () => {
    const world = poolWorld({ auto: true, maxActive: 1 })
    const first = await world.claim()
    const leaving = new AbortController()
    const cancelled = rejection(world.claim(undefined, leaving.signal))
    const next = world.claim()
    await settle()
    leaving.abort(new Error('left'))
    // In the same tick: the slot must not be given to the one that has just left.
    void first.release()
    expect(await cancelled).toEqual(new Error('left'))
    await (await next).release()
    expect(world.pool.snapshot()).toMatchObject({ active: 0, waiting: 0 })
  })

  test('a claim that is cancelled in the moment it is admitted gives its slot back', async () => {
    const world = poolWorld({ auto: true, maxActive: 1, warm: 1, maxWarm: 1, tuning: { holdBoots: 0 } })
    world.pool.start()
    const first = await world.claim()
    await world.until(() => world.pool.snapshot().idle === 1)
    const leaving = new AbortController()
    const cancelled = rejection(world.claim(undefined, leaving.signal))
    await settle()
    void first.release()
    leaving.abort(new Error('left'))
    expect(await cancelled).toEqual(new Error('left'))
    expect(world.pool.snapshot()).toMatchObject({ idle: 1, active: 0 })
    await (await world.claim()).release()
    expect(world.pool.snapshot().active).toBe(0)
    await world.pool.close()
  })
})

describe('close', () => {
  test('disposes idle and lent processes, aborts boots, refuses those that wait', async () => {
    const world = poolWorld({ deaf: true, warm: 1, maxWarm: 1, maxActive: 2, tuning: { closeTimeout: 50 } })
    world.pool.start()
    const idle = (await world.nextBoot()).succeed()
    await world.until(() => world.pool.snapshot().idle === 1)
    const lease = await world.claim()
    lease.markResponding()
    const background = await world.nextBoot()
    const cold = rejection(world.claim())
    const waiting = rejection(world.claim())
    await settle()
    const closed = world.pool.close()
    expect(await cold).toMatchObject({ code: 'provider_unavailable' })
    expect(await waiting).toMatchObject({ code: 'provider_unavailable' })
    expect(background.signal.aborted).toBe(true)
    // A boot that comes to its end all the same.
    const late = background.succeed()
    await closed
    await world.pool.close()
    expect(idle.disposals).toBe(1)
    expect(late.disposals).toBe(1)
    expect(await rejection(world.claim())).toMatchObject({ code: 'provider_unavailable' })
    await lease.release()
    expect(world.pool.snapshot()).toMatchObject({ idle: 0, booting: 0, active: 0, waiting: 0 })
  })

  test('does not wait for ever for a boot that ignores its signal', async () => {
    const world = poolWorld({ deaf: true, warm: 1, maxWarm: 1, tuning: { closeTimeout: 30 } })
    world.pool.start()
    await world.nextBoot()
    await world.pool.close()
    expect(world.pool.snapshot().processes).toEqual([])
  })
})

test('a thousand claims at random leave nothing behind', async () => {
  const world = poolWorld({
    auto: true,
    warm: 2,
    maxWarm: 4,
    maxActive: 5,
    maxQueue: 20,
    maxBoots: 2,
    tuning: { holdBoots: 1, backoff: 1 },
  })
  world.pool.start()
  let seed = 42
  const random = () => (seed = (seed * 1103515245 + 12345) % 2 ** 31) / 2 ** 31
  await Promise.all(
    Array.from({ length: 1000 }, async () => {
      await Bun.sleep(random() * 200)
      const leaving = new AbortController()
      if (random() < 0.3) setTimeout(() => leaving.abort(), random() * 10)
      const lease = await world.claim(random() < 0.5 ? 'a' : undefined, leaving.signal).catch(() => undefined)
      if (!lease) return
      expect(lease.process.alive).toBe(true)
      if (random() < 0.5) lease.markResponding()
      if (random() < 0.1) lease.process.die()
      await Bun.sleep(random() * 3)
      await lease.release()
    }),
  )
  expect(world.pool.snapshot()).toMatchObject({ active: 0, waiting: 0 })
  await world.pool.close()
  expect(world.pool.snapshot()).toMatchObject({ idle: 0, booting: 0 })
  expect(world.processes.filter((process) => process.disposals !== 1)).toEqual([])
})
