// What the pool asks of a process, and what it offers for one.

/** A process that has started and takes one claim. */
export interface PooledProcess {
  readonly id: string
  readonly alive: boolean
  /** Key of what has been applied to it already; undefined for a plain one. May change until it is prepared. */
  readonly launchState: string | undefined
  /** Called once when the process is gone; at once where it is gone already. */
  onExit(listener: () => void): void
  /** Idempotent. */
  dispose(): Promise<void>
}

export type PoolOptions<P extends PooledProcess> = {
  /** Starts and initialises a process. Rejects when `signal` aborts. */
  boot(launchState: string | undefined, signal: AbortSignal): Promise<P>
  /**
   * What else is done to a process that nobody waits for, before it goes into the stock: all that makes its turn shorter, such
   * as applying `launchState`. One for which this fails is disposed. Rejects when `signal` aborts.
   */
  prepare?(process: P, launchState: string | undefined, signal: AbortSignal): Promise<void>
  /** Idle processes to keep; 0 = off: each claim boots one. */
  warm: number
  /** The stock grows to the recent peak of concurrent claims, up to this. */
  maxWarm: number
  /** Claims that run at once; more wait in line. */
  maxActive: number
  /** Claims that wait; more are refused. */
  maxQueue: number
  /** Milliseconds that a claim waits; 0 = no limit. */
  queueTimeout: number
  /** Boots in the background side by side. */
  maxBoots: number
  /** Milliseconds without any claim after which the stock shrinks to one; 0 = never. */
  idleTimeout: number
  log(event: PoolEvent): void
}

/** Times in milliseconds. */
export type PoolEvent =
  | { type: 'booted'; id: string; launchState: string | undefined; background: boolean; duration: number }
  | { type: 'boot-failed'; background: boolean; error: unknown; retryIn: number }
  | { type: 'claimed'; id: string; match: Match | 'cold'; waited: number }
  | { type: 'released'; id: string; duration: number }
  | { type: 'refused'; reason: 'queue-full' | 'queue-timeout'; retryAfter: number }
  | { type: 'exited'; id: string; retryIn: number }
  | { type: 'discarded'; id: string }
  | { type: 'dispose-failed'; id: string; error: unknown }

/** How well an idle process fits a claim: it has the launch state, it has none yet, or it has another one. */
export type Match = 'same' | 'plain' | 'other'

export interface Lease<P extends PooledProcess> {
  readonly process: P
  /** The claim had to wait for a boot. */
  readonly cold: boolean
  /** The first token is out: boots in the background disturb it no more. */
  markResponding(): void
  /** Disposes the process, frees the slot and refills the stock. Idempotent; never rejects. */
  release(): Promise<void>
}

/** What is no one's choice but a test's. Milliseconds. */
export type PoolTuning = {
  /** For how long claims without a first token hold boots back. */
  holdBoots: number
  /** The first wait after a failed boot, and the longest. */
  backoff: number
  maxBackoff: number
  /** How long a peak of concurrent claims is remembered (up to twice that). */
  peakWindow: number
  /** After this long, the claim of a launch state counts half. */
  halfLife: number
  /** How long close() waits for boots and disposals. */
  closeTimeout: number
}

export const DEFAULT_TUNING: PoolTuning = {
  holdBoots: 2_000,
  backoff: 250,
  maxBackoff: 30_000,
  peakWindow: 60_000,
  halfLife: 600_000,
  closeTimeout: 5_000,
}
