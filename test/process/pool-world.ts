// Processes for the pool's tests that boot when the test says so.
import { Pool, type PooledProcess, type PoolEvent, type PoolOptions } from '../../src/process/pool.ts'
import { DEFAULT_TUNING, type PoolTuning } from '../../src/process/pool-types.ts'

export class FakeProcess implements PooledProcess {
  alive = true
  disposals = 0
  private listeners: (() => void)[] = []

  constructor(
    readonly id: string,
    readonly launchState: string | undefined,
  ) {}

  onExit(listener: () => void): void {
    this.listeners.push(listener)
  }

  die(): void {
    this.alive = false
    for (const listener of this.listeners.splice(0)) listener()
  }

  async dispose(): Promise<void> {
    this.disposals++
    this.die()
  }
}

export type PendingBoot = {
  launchState: string | undefined
  signal: AbortSignal
  succeed(): FakeProcess
  fail(error?: Error): void
}

/** A pool over fake processes. `auto`: boots succeed by themselves, a tick later; `deaf`: they do not mind their signal. */
export function poolWorld(
  options: Partial<PoolOptions<FakeProcess>> & { auto?: boolean; deaf?: boolean; tuning?: Partial<PoolTuning> } = {},
) {
  const { auto = false, deaf = false, tuning = {}, ...rest } = options
  const events: PoolEvent[] = []
  const processes: FakeProcess[] = []
  const boots: PendingBoot[] = []
  const watchers = new Set<() => void>()
  const changed = () => {
    for (const watcher of watchers) watcher()
  }
  let bootCount = 0

  const pool = new Pool<FakeProcess>(
    {
      warm: 0,
      maxWarm: 0,
      maxActive: 10,
      maxQueue: 10,
      queueTimeout: 5000,
      maxBoots: 1,
      idleTimeout: 0,
      log: (event) => {
        events.push(event)
        changed()
      },
      boot: (launchState, signal) => {
        bootCount++
        const { promise, resolve, reject } = Promise.withResolvers<FakeProcess>()
        const boot: PendingBoot = {
          launchState,
          signal,
          succeed() {
            const process = new FakeProcess(`p${processes.length + 1}`, launchState)
            processes.push(process)
            resolve(process)
            return process
          },
          fail: (error = new Error('no boot')) => reject(error),
        }
        if (!deaf) signal.addEventListener('abort', () => reject(signal.reason))
        if (auto) queueMicrotask(() => boot.succeed())
        else boots.push(boot)
        queueMicrotask(changed)
        return promise
      },
      ...rest,
    },
    { ...DEFAULT_TUNING, ...tuning },
  )

  /** Resolves when `condition` holds; looked at after each event and, as a fallback, every few milliseconds. */
  async function until(condition: () => boolean, what = String(condition)): Promise<void> {
    const deadline = Date.now() + 4000
    while (!condition()) {
      if (Date.now() > deadline) throw new Error(`Not in time: ${what}; ${JSON.stringify(pool.snapshot())}`)
      await new Promise<void>((resolve) => {
        setTimeout(resolve, 5)
        watchers.add(resolve)
      })
      watchers.clear()
    }
  }

  return {
    pool,
    events,
    processes,
    boots,
    until,
    get bootCount() {
      return bootCount
    },
    /** The boot that comes next, as soon as it has begun. */
    async nextBoot(): Promise<PendingBoot> {
      await until(() => boots.length > 0, 'a boot begins')
      return boots.shift()!
    },
    claim: (launchState?: string, signal = new AbortController().signal) => pool.claim(launchState, signal),
  }
}

/** Lets everything run that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
  await new Promise((resolve) => setImmediate(resolve))
}
