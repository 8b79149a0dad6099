import { afterEach, expect, test } from 'bun:test'
import { GatewayError } from '../../src/core/error.ts'
import type { SharedWorker, SharedWorkersOptions } from '../../src/providers/shared-worker.ts'
import { SharedWorkers } from '../../src/providers/shared-workers.ts'
import { eventually } from '../support/cligate.ts'

const CLI = { provider: 'some', title: 'Some CLI', program: 'some', install: 'get some', update: 'get more' }
const signal = new AbortController().signal

class FakeWorker implements SharedWorker {
  readonly startedAt = 1
  readonly running = new Set<string>()
  alive = true
  stopping = false
  worn = false
  private listener = (_crashed: boolean) => {}

  constructor(readonly pid: number) {}

  onExit(listener: (crashed: boolean) => void): void {
    this.listener = listener
  }

  lastWords = () => 'bye'

  end(crashed = true): void {
    this.alive = false
    this.listener(crashed)
  }

  async dispose(): Promise<void> {
    if (this.stopping) return
    this.stopping = true
    if (this.alive) this.end(false)
  }
}

class FakeWorkers extends SharedWorkers<FakeWorker> {
  started: FakeWorker[] = []
  attempts = 0
  state = 'a'
  /** What is in the way of a start. */
  obstacle: () => Promise<void> = () => Bun.sleep(0)
  prepared: () => Promise<void> = async () => {}
  readonly logged: string[]

  constructor(options: Partial<SharedWorkersOptions> = {}) {
    const logged: string[] = []
    const write = (_: object, message: string) => void logged.push(message)
    const log = { debug: write, info: write, warn: write }
    super(CLI, { warm: false, maxActive: 2, maxQueue: 0, queueTimeout: 0, log, ...options })
    this.logged = logged
  }

  find = (): unknown => CLI
  protected stamp = () => this.state
  protected isWornOut = (worker: FakeWorker) => worker.worn
  protected prepare = async () => {
    this.attempts += 1
    await this.prepared()
    return () => this.begin()
  }

  private async begin() {
    await this.obstacle()
    const worker = new FakeWorker(this.started.length + 1)
    this.started.push(worker)
    return worker
  }
}

let workers: FakeWorkers
afterEach(() => workers.close())

test('all turns share one process', async () => {
  workers = new FakeWorkers()
  const [one, other] = await Promise.all([workers.acquire('1', signal), workers.acquire('2', signal)])
  expect(one).toBe(other)
  expect(workers.processes()).toEqual([{ pid: 1, provider: 'some', state: 'busy', startedAt: 1, turn: '1' }])
  for (const turn of ['1', '2']) workers.release(one, turn, true)
  expect(workers.processes()).toEqual([{ pid: 1, provider: 'some', state: 'idle', startedAt: 1 }])
})

test('a changed login makes for another process, and the old one ends with its last turn', async () => {
  workers = new FakeWorkers()
  const old = await workers.acquire('1', signal)
  workers.state = 'b'
  expect(await workers.acquire('2', signal)).not.toBe(old)
  expect(old.stopping).toBe(false)
  workers.release(old, '1', true)
  expect(old.stopping).toBe(true)
})

test('a process begun before the login changed is not the present one', async () => {
  workers = new FakeWorkers()
  const old = await workers.acquire('1', signal)
  const begun = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  workers.obstacle = () => {
    begun.resolve()
    return gate.promise
  }
  old.worn = true
  workers.release(old, '1', true)
  await begun.promise
  workers.state = 'b'
  const both = Promise.all([workers.ready(signal), workers.ready(signal)])
  gate.resolve()
  expect((await both).map(({ pid }) => pid)).toEqual([3, 3])
  expect(workers.started.map(({ stopping }) => stopping)).toEqual([true, true, false])
})

test('a login that changes with each start makes for no more than two', async () => {
  workers = new FakeWorkers()
  workers.obstacle = async () => void (workers.state += 'x')
  expect((await workers.ready(signal)).pid).toBe(2)
})

test('a worn-out process is replaced by one that is there already', async () => {
  workers = new FakeWorkers()
  const old = await workers.acquire('1', signal)
  old.worn = true
  workers.release(old, '1', true)
  expect(old.stopping).toBe(false)
  await eventually('the old one ends', () => old.stopping)
  expect(workers.started).toHaveLength(2)
  expect((await workers.ready(signal)).pid).toBe(2)
})

test('a process that keeps ending is not started again and again: a caller is told how long to wait', async () => {
  workers = new FakeWorkers()
  const worker = await workers.ready(signal)
  for (let crash = 1; crash <= 5; crash += 1) worker.end()
  const refused = { code: 'provider_unavailable', message: 'Some CLI keeps ending. Run: cligate doctor', retryAfter: 4 }
  await expect(workers.ready(signal)).rejects.toMatchObject(refused)
  expect(workers.started).toHaveLength(1)
})

test('a process that crashed is started again where one is kept', async () => {
  workers = new FakeWorkers({ warm: true })
  workers.start()
  await eventually('it has started', () => workers.started.length === 1)
  workers.started[0]!.end()
  await eventually('it has started again', () => workers.started.length === 2)
  expect(workers.logged).toContain('A process of Some CLI has ended by itself.')
})

test('a start that fails in the background is tried again where one is kept', async () => {
  workers = new FakeWorkers({ warm: true })
  workers.obstacle = () => (workers.attempts < 3 ? Promise.reject(new Error('no')) : Promise.resolve())
  workers.start()
  await eventually('it has started', () => workers.started.length === 1)
  expect(workers.attempts).toBe(3)
})

test.each([
  ['that is not safe', 'obstacle', 'internal_error'],
  ['that is not there', 'prepared', 'provider_unavailable'],
] as const)('a CLI %s waits for a turn', async (_, where, code) => {
  workers = new FakeWorkers({ warm: true })
  workers[where] = () => Promise.reject(new GatewayError(code, 'no'))
  workers.start()
  await eventually('it has been said', () => workers.logged.includes('Some CLI cannot be used.'))
  await Bun.sleep(400)
  expect(workers.attempts).toBe(1)
  await expect(workers.ready(signal)).rejects.toMatchObject({ code })
})

test('turns beyond the limit are refused, and so is everything after the end', async () => {
  workers = new FakeWorkers({ maxActive: 1 })
  const over = await workers.admit(signal)
  await expect(workers.admit(signal)).rejects.toMatchObject({ code: 'queue_full' })
  over()
  await workers.admit(signal)
  const worker = await workers.acquire('1', signal)
  await workers.close()
  expect(worker.stopping).toBe(true)
  expect(workers.closed.aborted).toBe(true)
  await expect(workers.ready(signal)).rejects.toMatchObject({ code: 'provider_unavailable' })
})
