import type { GatewayError } from '../core/error.ts'
import type { Batch, ChatEvent } from '../core/event.ts'
import type { ChatRequest } from '../core/request.ts'
import type { RunTurn, Turn } from '../core/turn.ts'
import { corrected, createRounds } from './rounds.ts'
import { type Finish, withhold, type Withheld } from './withheld.ts'

/** What is shown of an answer that will do; else what the model is told, and what the caller is where it was told twice. */
export type Verdict = { shown: ChatEvent[] } | { complaint: string; error: GatewayError }

/**
 * Runs a turn until its answer will do: once more at the most, with what was wrong. Text waits until it is judged. Yields empty
 * batches while nothing may be shown, so that nobody takes the turn for a silent one.
 * @param request what the turn is given
 * @throws GatewayError that of the verdict, when the second answer will not do either
 */
export async function* askAgain(
  run: RunTurn,
  turn: Turn,
  request: ChatRequest,
  signal: AbortSignal,
  judge: (answer: Withheld, finish: Finish) => Verdict,
): AsyncGenerator<Batch> {
  const rounds = createRounds()
  let asked = request
  for (let attempt = 1; ; attempt += 1) {
    rounds.next()
    const answer = withhold(rounds)
    for await (const batch of run({ ...turn, request: asked }, signal)) {
      yield batch.flatMap((event) => answer.take(event))
      if (batch.at(-1)?.type === 'error') return
      if (answer.finish) break
    }
    const { finish } = answer
    // A turn that does not end is an error of its own.
    if (!finish) return
    const verdict = judge(answer, finish)
    if ('shown' in verdict) {
      yield [...verdict.shown, finish]
      return
    }
    if (attempt === 2) throw verdict.error
    answer.discard()
    asked = corrected(asked, answer.said, verdict.complaint)
  }
}
