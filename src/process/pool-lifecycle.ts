import type { PooledProcess, PoolOptions } from './pool-types.ts'

/** The birth and death of pooled processes: none gets lost, also when nobody waits for it any more. */
export class Lifecycle<P extends PooledProcess> {
  /** Boots and disposals under way. */
  private readonly pending = new Set<Promise<unknown>>()
  private readonly ending = new AbortController()

  constructor(private readonly options: Pick<PoolOptions<P>, 'boot' | 'prepare' | 'log'>) {}

  /** Boots a process. Rejects at once when `signal` aborts; what the boot gives after that is disposed. */
  async boot(launchState: string | undefined, background: boolean, signal?: AbortSignal): Promise<P> {
    const sources = signal ? [signal, this.ending.signal] : [this.ending.signal]
    for (const source of sources) source.throwIfAborted()
    const controller = new AbortController()
    const { promise, resolve, reject } = Promise.withResolvers<P>()
    const abort = (event: Event) => {
      if (event.target instanceof AbortSignal) controller.abort(event.target.reason)
    }
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true })
    for (const source of sources) source.addEventListener('abort', abort, { once: true })
    const since = performance.now()
    const deliver = async (process: P) => {
      if (controller.signal.aborted) {
        await this.dispose(process)
        return
      }
      resolve(process)
      this.options.log({ type: 'booted', id: process.id, launchState, background, duration: performance.now() - since })
    }
    this.track(Promise.try(() => this.options.boot(launchState, controller.signal)).then(deliver, reject))
    try {
      return await promise
    } finally {
      for (const source of sources) source.removeEventListener('abort', abort)
    }
  }

  /** Prepares a process that nobody waits for. Where that fails, the process is disposed. */
  async prepare(process: P, launchState: string | undefined): Promise<void> {
    const { prepare } = this.options
    if (!prepare) return
    const preparation = Promise.try(() => prepare(process, launchState, this.ending.signal))
    this.track(preparation.catch(() => this.dispose(process)))
    await preparation
  }

  /** Never rejects. */
  async dispose(process: P): Promise<void> {
    const disposal = Promise.try(() => process.dispose()).catch((error: unknown) => {
      this.options.log({ type: 'dispose-failed', id: process.id, error })
    })
    this.track(disposal)
    await disposal
  }

  /** Aborts all boots with `reason`, and waits for them and all disposals; so many milliseconds at most. */
  async end(reason: unknown, timeout: number): Promise<void> {
    this.ending.abort(reason)
    const late = Promise.withResolvers<void>()
    const timer = setTimeout(late.resolve, timeout)
    // In turns, since an aborted boot may end with a disposal.
    const settled = async () => {
      while (this.pending.size > 0) await Promise.all(this.pending)
    }
    await Promise.race([settled(), late.promise])
    clearTimeout(timer)
  }

  private track(action: Promise<unknown>): void {
    this.pending.add(action)
    void action.finally(() => this.pending.delete(action))
  }
}
