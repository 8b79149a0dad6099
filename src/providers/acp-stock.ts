// How many agents shall wait for a turn that nobody has asked for yet. Decided here, done in acp-workers.ts. Pure.

/** How long turns without a first token hold back boots that nobody waits for. */
const HOLD_BOOTS = 2000

export type StockNumbers = {
  /** Idle workers to keep; 0: each is started when it is needed, and kept until `idleTimeout`. */
  warm: number
  /** After so long without a turn, one worker is kept (none with `warm: 0`); 0: all are kept. Milliseconds. */
  idleTimeout: number
}

/** Times in milliseconds. */
export type StockFacts = {
  now: number
  lastClaim: number
  idle: number
  /** Whether a worker is on its way: one at a time is enough for turns that may never come. */
  booting: boolean
  /** Whether a turn waits for its first token, which a boot would delay. */
  quiet: boolean
  /** How long no boot may be tried, after those that failed. */
  backoff: number
}

/** `look`: nothing yet, but again in so many milliseconds. */
export type StockStep = { do: 'boot' } | { do: 'shrink'; to: number } | { do: 'look'; wait: number } | { do: 'nothing' }

export function nextStep(numbers: StockNumbers, facts: StockFacts): StockStep {
  const { now, lastClaim, idle } = facts
  const rest = numbers.idleTimeout > 0 ? lastClaim + numbers.idleTimeout - now : Infinity
  const least = Math.min(1, numbers.warm)
  const wanted = rest <= 0 ? least : numbers.warm
  if (wanted > idle && !facts.booting) {
    const hold = facts.quiet ? lastClaim + HOLD_BOOTS - now : 0
    const wait = Math.max(hold, facts.backoff)
    return wait <= 0 ? { do: 'boot' } : { do: 'look', wait }
  }
  if (rest === Infinity || idle <= least) return { do: 'nothing' }
  return rest <= 0 ? { do: 'shrink', to: least } : { do: 'look', wait: rest }
}
