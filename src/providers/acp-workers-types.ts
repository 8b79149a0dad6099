// What agents that serve one turn after the other are, to those that lend them and to those that start them.
import type { StockNumbers } from './acp-stock.ts'

export interface Worker {
  readonly id: string
  readonly alive: boolean
  /** Called once when the process is gone; at once where it is gone already. */
  onExit(listener: () => void): void
  /** Idempotent; never rejects. */
  dispose(): Promise<void>
}

/** What a driver's configuration says about its workers. Times in milliseconds. */
export type WorkerNumbers = StockNumbers & {
  /** Most idle workers; those that come back beyond it are stopped. */
  maxWarm: number
  /** Turns at once; more wait in line. */
  maxActive: number
  /** Turns that wait; more are refused. */
  maxQueue: number
  /** How long a turn waits; 0: no limit. */
  queueTimeout: number
}

export type WorkerEvent =
  | { type: 'booted'; id: string; duration: number }
  | { type: 'boot-failed'; error: unknown; retryIn: number }
  | { type: 'claimed'; id: string; cold: boolean; waited: number }
  | { type: 'released'; id: string; reused: boolean; duration: number }
  | { type: 'refused'; reason: 'queue-full' | 'queue-timeout'; retryAfter: number }
  | { type: 'exited'; id: string; retryIn: number }

export type WorkersOptions<W extends Worker> = WorkerNumbers & {
  /** Starts a worker that is ready for a turn. Rejects when `signal` aborts. */
  boot(signal: AbortSignal): Promise<W>
  /** Whether a worker must not be lent any more: it is stopped instead. */
  isStale?(worker: W): boolean
  log(event: WorkerEvent): void
}

export interface WorkerLease<W extends Worker> {
  readonly worker: W
  /** The first token is out: boots in the background disturb it no more. */
  markResponding(): void
  /** The turn is over, and the worker is as good as back: nobody who waits needs another one started. */
  comesBack(): void
  /** Gives the worker back; one that is not `reusable` is stopped. Idempotent. */
  release(reusable: boolean): void
}
