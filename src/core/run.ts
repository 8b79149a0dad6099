import { type Timeouts, withDeadlines } from './deadlines.ts'
import { GatewayError } from './error.ts'
import type { Batch, ChoiceBatch } from './event.ts'
import { merge } from './merge.ts'
import type { ChatRequest, Parameter } from './request.ts'
import type { BatchFilter, RunTurn, Support } from './turn.ts'

/** All that has been decided about a request before it runs. */
export type Plan = {
  /** Runs one turn at the chosen provider. */
  run: RunTurn
  /** The provider's name, for logs and errors. */
  provider: string
  /** The provider's own model name. */
  model: string
  /** Steps on the way back, in order; each choice gets its own. */
  filters: BatchFilter[]
  timeouts: Timeouts
  /** Paths of the caller's fields that nobody honours. */
  ignored: string[]
  /** What becomes of each parameter; one left out counts as `ignored`. */
  support?: Partial<Record<Parameter, Support>>
}

/** Why turns end that are still running when the answer is over. One for all: an abort without a reason makes an exception each time. */
const OVER = new GatewayError('client_closed_request', 'The answer is over.')

/**
 * Runs `request.count` turns side by side and yields what they give. A failure before the first batch is thrown; after it,
 * it is the last event, under the number of the choice that failed, and ends the others too. When `signal` aborts (the
 * caller left) the turns are cancelled and nothing more is yielded.
 */
export async function* run(
  plan: Plan,
  request: ChatRequest,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<ChoiceBatch> {
  if (signal.aborted) return
  const turns = new AbortController()
  const leave = () => turns.abort(signal.reason)
  signal.addEventListener('abort', leave, { once: true })
  let begun = false
  try {
    const choices = Array.from({ length: request.count }, (_, choice) =>
      runOne(plan, { ...request, count: 1 }, request.count === 1 ? id : `${id}-${choice}`, choice, turns),
    )
    for await (const batch of merge(choices)) {
      if (signal.aborted) return
      const [first] = batch.events
      if (!begun && first?.type === 'error') throw first.error
      yield batch
      begun = true
      if (batch.events.at(-1)?.type === 'error') return
    }
  } finally {
    signal.removeEventListener('abort', leave)
    turns.abort(OVER)
  }
}

/** One answer; what goes wrong with it is its last event. */
async function* runOne(
  plan: Plan,
  request: ChatRequest,
  id: string,
  choice: number,
  turns: AbortController,
): AsyncGenerator<Batch> {
  try {
    const source = plan.run({ id, choice, request, model: plan.model }, turns.signal)
    const filtered = plan.filters.reduce<AsyncIterable<Batch>>(
      (batches, filter) => filter(batches),
      withDeadlines(source, plan.timeouts, turns),
    )
    for await (const events of filtered) {
      if (events.length > 0) yield events
      const last = events.at(-1)
      // The finish event ends the turn: a provider that lingers does not hold the answer.
      if (last?.type === 'finish' || last?.type === 'error') return
    }
    throw new GatewayError('provider_error', `${plan.provider} ended the answer without finishing it.`)
  } catch (thrown) {
    // What ended the turns counts, a deadline for one, and not what a cancelled provider says to it.
    const cause = turns.signal.aborted ? turns.signal.reason : thrown
    yield [{ type: 'error', error: GatewayError.from(cause) }]
  }
}
