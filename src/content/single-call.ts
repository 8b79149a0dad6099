import type { Batch } from '../core/event.ts'
import type { RunTurn } from '../core/turn.ts'
import { createRounds } from './rounds.ts'

/**
 * Leaves the first call of an answer and drops those behind it, for callers who can take one at a time. The turn is read to
 * its end all the same: only there it tells its usage.
 */
export function firstCallOnly(run: RunTurn): RunTurn {
  return async function* (turn, signal): AsyncGenerator<Batch> {
    const rounds = createRounds()
    let called = false
    for await (const batch of run(turn, signal)) {
      yield batch.flatMap((event) => {
        // Deltas of a block whose start was not passed are not passed either.
        if (event.type === 'tool-call-start' && called) return []
        if (event.type === 'tool-call-start') called = true
        return rounds.pass(event)
      })
    }
  }
}
