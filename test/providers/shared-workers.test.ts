import { afterEach, expect, test } from 'bun:test'
import { type SharedWorker, SharedWorkers, type SharedWorkersOptions } from '../../src/providers/shared-workers.ts'
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
  state = 'a'
  readonly logged: string[]

  constructor(options: Partial<SharedWorkersOptions> = {}) {
    const logged: string[] = []
    const write = (_: object, message: string) => void logged.push(message)
    const log = { debug: write, info: write, warn: write }
    super(CLI, { warm: false, maxActive: 2, maxQueue: 0, queueTimeout: 0, log, ...options })
    this.logged = logged
  }

  protected stamp = () => this.state
  protected isWornOut = (worker: FakeWorker) => worker.worn
  protected prepare = async () => async () => {
    await Bun.sleep(0)
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
