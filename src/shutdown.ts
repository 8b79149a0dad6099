// How the server ends: no answer is cut off without need, and no child is left behind.
import type { Log } from './observe/log.ts'
import { liveChildren, stopAllChildren } from './process/spawn.ts'

/** Numbers of the signals that end the server (signal(7)). SIGHUP: the terminal it ran in was closed. */
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const

export type ShutdownParts = {
  /** Takes no more connections; returns when running answers have ended, or `graceMs` is over and `lastCall` has ended them. */
  server: { stop(graceMs: number, lastCall: () => Promise<void>): Promise<void> }
  /** `drain.close` turns new requests on open connections away; `close` stops everything behind the server. */
  gateway: { drain: { close(): void }; close(): Promise<void> }
  log: Log
  /** How long running answers may go on. */
  graceMs: number
  /** How long each later step may take; 5 s by default. */
  closeMs?: number
  /** Ends the process; for tests. */
  exit?: (code: number) => void
}

/**
 * Takes over the signals and what nobody caught:
 *
 * - SIGTERM, SIGINT, SIGHUP: drain, close, exit 0. A second one ends everything at once, with exit code 128 + its number.
 * - An uncaught exception may have left anything half done: it is logged, the server drains, and the exit code is 1.
 * - A rejected promise that nobody awaited concerns one request at most: it is logged, and the server goes on.
 *
 * @returns the same as the first signal does, for callers that have another reason to end
 */
export function installShutdown(parts: ShutdownParts): (code: number) => Promise<void> {
  const { log, exit = process.exit } = parts
  let stopping: Promise<void> | undefined

  const stop = (code: number): Promise<void> => {
    stopping ??= shutDown(parts).then(
      () => exit(code),
      () => exit(1),
    )
    return stopping
  }
  const atOnce = (code: number) => {
    for (const child of liveChildren()) child.kill('SIGKILL')
    exit(code)
  }

  for (const [signal, number] of Object.entries(SIGNALS)) {
    process.on(signal, () => {
      if (stopping) return atOnce(128 + number)
      log.info({ signal, graceMs: parts.graceMs }, 'Stopping; once more to stop at once.')
      void stop(0)
    })
  }
  process.on('uncaughtException', (error) => {
    log.error({ error }, 'Uncaught exception; stopping.')
    void stop(1)
  })
  process.on('unhandledRejection', (error) => log.error({ error }, 'Unhandled rejection.'))
  return stop
}

async function shutDown({ server, gateway, log, graceMs, closeMs = 5000 }: ShutdownParts): Promise<void> {
  const step = async (name: string, action: () => Promise<void>, limit: number) => {
    try {
      const inTime = await within(action(), limit)
      if (!inTime) log.warn({ step: name, limit }, 'A step of the shutdown took too long.')
    } catch (error) {
      log.error({ step: name, error }, 'A step of the shutdown failed.')
    }
  }
  gateway.drain.close()
  await step('drain', () => server.stop(graceMs, () => gateway.close()), graceMs + 2 * closeMs)
  await step('close', () => gateway.close(), closeMs)
  await step('children', stopAllChildren, closeMs)
  log.info({}, 'Stopped.')
  await log.close()
}

/** False when `limit` milliseconds are over first. */
async function within(promise: Promise<void>, limit: number): Promise<boolean> {
  let timer: Timer | undefined
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(resolve, limit, false)))
  return await Promise.race([promise.then(() => true), late]).finally(() => clearTimeout(timer))
}
