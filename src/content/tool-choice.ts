import { GatewayError } from '../core/error.ts'
import type { ChatRequest } from '../core/request.ts'
import type { RunTurn } from '../core/turn.ts'
import { askAgain } from './ask-again.ts'
import { instructed } from './rounds.ts'
import { isCutShort } from './withheld.ts'

/**
 * Has a function called where the caller wants one (`required`, `named`) and the provider cannot be made to: by an
 * instruction, and by asking once more. Where a certain function is wanted, it is the only one that is offered. Text waits
 * until there is a call.
 * @param run the turn, which is given `toolChoice` auto
 */
export function insistOnCall(run: RunTurn): RunTurn {
  return (turn, signal) => {
    const { toolChoice, given } = turn.request
    if (toolChoice.type !== 'required' && toolChoice.type !== 'named') return run(turn, signal)
    const told = instructed(offering(turn.request), INSTRUCTION)
    return askAgain(run, turn, told, signal, (answer, finish) => {
      if (answer.called || isCutShort(finish.reason)) return { shown: answer.release() }
      const message = 'The model answered with text, twice, though it was told to call a function.'
      const param = given.toolChoice ?? 'tool_choice'
      return { complaint: AGAIN, error: new GatewayError('provider_error', message, { param }) }
    })
  }
}

function offering(request: ChatRequest): ChatRequest {
  const { toolChoice, tools } = request
  const offered = toolChoice.type === 'named' ? tools.filter(({ name }) => name === toolChoice.name) : tools
  return { ...request, tools: offered, toolChoice: { type: 'auto' } }
}

const INSTRUCTION = 'Answer by calling one of your tools. An answer without a tool call is of no use here.'
const AGAIN = 'That was no tool call. Answer by calling one of your tools now, and say nothing else.'
