import type { Driver, Model } from './driver.ts'

/** What the registry tells the log; a pino logger fits. */
export type RegistryLog = { warn(fields: Record<string, unknown>, message: string): void }

export type ModelListOptions = {
  /** How long a list is taken as it is, in milliseconds. */
  ttl: number
  log: RegistryLog
  now: () => number
}

/** How long a driver may take to tell its models. */
const PATIENCE = 30_000
const FIRST_RETRY = 5_000
const LONGEST_RETRY = 300_000

/** The models of one driver, remembered. */
export interface ModelList {
  /** What is known now; empty before the first answer. */
  current(): readonly Model[]
  /** Waits for the first answer only; an old list is given at once and refreshed behind the reader's back. */
  read(signal: AbortSignal): Promise<readonly Model[]>
  close(): void
}

/** A driver that cannot tell keeps its old list, is asked again ever less often, and is logged once until it can again. */
export function createModelList(driver: Driver, { ttl, log, now }: ModelListOptions): ModelList {
  const closing = new AbortController()
  let models: readonly Model[] | undefined
  let askAgainAt = 0
  let failures = 0
  let asking: Promise<void> | undefined

  const ask = async () => {
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(PATIENCE)])
    try {
      models = await unlessAborted(driver.models(signal), signal)
      failures = 0
      askAgainAt = now() + ttl
    } catch (error) {
      failures += 1
      askAgainAt = now() + Math.min(FIRST_RETRY * 2 ** (failures - 1), LONGEST_RETRY)
      if (failures === 1 && !closing.signal.aborted) {
        log.warn({ provider: driver.name, error }, 'the provider cannot list its models')
      }
    }
    asking = undefined
  }

  return {
    current: () => models ?? [],
    async read(signal) {
      if (!closing.signal.aborted && now() >= askAgainAt) asking ??= ask()
      if (models === undefined && asking) await unlessAborted(asking, signal)
      return models ?? []
    },
    close: () => closing.abort(),
  }
}

/** The promise's outcome, or the reason of the abort as soon as that comes first. */
async function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
