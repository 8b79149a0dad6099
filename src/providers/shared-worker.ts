// A process that turns share, as its keeper sees it (`SharedWorkers`), and how many turns it takes.
import type { ProcessInfo } from './driver.ts'

/** A process that turns share. */
export interface SharedWorker {
  readonly pid: number
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly alive: boolean
  /** Its end has begun. */
  readonly stopping: boolean
  /** Turns that run in it now, by their ids. */
  readonly running: Set<string>
  /** Called once when it has ended; `crashed` where nobody wanted that. */
  onExit(listener: (crashed: boolean) => void): void
  /** The last it said on stderr: for the log. */
  lastWords(): string
  /** Idempotent; never rejects. */
  dispose(): Promise<void>
}

type Write = (fields: object, message: string) => void

export type SharedWorkersOptions = {
  /** Whether a process is started before it is asked for, and again when it has ended. */
  warm: boolean
  /** Turns that run at once; more wait in line. */
  maxActive: number
  /** Turns that wait; more are refused. */
  maxQueue: number
  /** Milliseconds that a turn waits; 0 = no limit. */
  queueTimeout: number
  log: { debug: Write; info: Write; warn: Write }
}

/** What is told of it. */
export function toProcessInfo(provider: string, { pid, running, stopping, startedAt }: SharedWorker): ProcessInfo {
  const [turn] = running
  const state = stopping ? 'stopping' : turn === undefined ? 'idle' : 'busy'
  return { pid, provider, state, startedAt, ...(turn === undefined ? {} : { turn }) }
}
