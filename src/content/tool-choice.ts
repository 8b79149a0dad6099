import { GatewayError } from '../core/error.ts'
import type { Batch } from '../core/event.ts'
import type { ChatRequest } from '../core/request.ts'
import type { RunTurn } from '../core/turn.ts'
import { corrected, createRounds, instructed } from './rounds.ts'
import { isCutShort, withhold } from './withheld.ts'

/**
 * Has a function called where the caller wants one (`required`, `named`) and the provider cannot be made to: by an
 * instruction, and by asking once more. Where a certain function is wanted, it is the only one that is offered. Text waits
 * until there is a call. Yields empty batches while nothing may be shown, so that nobody takes the turn for a silent one.
 * @param run the turn, which is given `toolChoice` auto
 */
export function insistOnCall(run: RunTurn): RunTurn {
  return async function* (turn, signal): AsyncGenerator<Batch> {
    const { toolChoice } = turn.request
    if (toolChoice.type !== 'required' && toolChoice.type !== 'named') {
      yield* run(turn, signal)
      return
    }
    const rounds = createRounds()
    let request = instructed(offering(turn.request), INSTRUCTION)
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      rounds.next()
      const answer = withhold(rounds)
      for await (const batch of run({ ...turn, request }, signal)) {
        yield batch.flatMap((event) => answer.take(event))
        if (batch.at(-1)?.type === 'error') return
        if (answer.finish) break
      }
      const { finish } = answer
      // A turn that does not end is an error of its own.
      if (!finish) return
      if (answer.called || isCutShort(finish.reason)) {
        yield [...answer.release(), finish]
        return
      }
      answer.discard()
      request = corrected(request, answer.said, AGAIN)
    }
    throw new GatewayError(
      'provider_error',
      'The model answered with text, twice, though it was told to call a function.',
      {
        param: turn.request.given.toolChoice ?? 'tool_choice',
      },
    )
  }
}

function offering(request: ChatRequest): ChatRequest {
  const { toolChoice, tools } = request
  const offered = toolChoice.type === 'named' ? tools.filter(({ name }) => name === toolChoice.name) : tools
  return { ...request, tools: offered, toolChoice: { type: 'auto' } }
}

const INSTRUCTION = 'Answer by calling one of your tools. An answer without a tool call is of no use here.'
const AGAIN = 'That was no tool call. Answer by calling one of your tools now, and say nothing else.'
