// The calls that end a turn, as events, and the answer that is given through a call.
import type { ChatEvent } from '../../core/event.ts'
import { newId } from '../../core/ids.ts'
import { type AnswerState, toolError } from '../acp-events.ts'
import type { AcpEvent } from '../acp-types.ts'
import type { ModelCall } from './calls.ts'
import { CLI } from './options.ts'
import { type Offer, writeSignature } from './tools.ts'

/** Added by the CLI to the parameters of every function (0.61.0). */
const OWN_PARAMETER = 'wait_for_previous'

/**
 * The answer is closed before, and what follows has the numbers from `state.blocks` on.
 * @throws GatewayError `provider_error` where one of the calls is of a function that nobody offered
 */
export function callEvents(state: AnswerState, calls: readonly ModelCall[], offer: Offer): ChatEvent[] {
  return calls.flatMap((call) => {
    const events: ChatEvent[] = []
    const tool = offer.tools.find(({ name }) => name === offer.names.toCaller(call.name))
    if (!tool) throw toolError(CLI.title, call.name)
    if (call.signature !== undefined) {
      const block = state.blocks++
      events.push(
        { type: 'reasoning-start', block },
        { type: 'reasoning-end', block, ...writeSignature(call.signature) },
      )
    }
    const block = state.blocks++
    events.push(
      { type: 'tool-call-start', block, id: call.id ?? newId('call_'), name: tool.name },
      { type: 'tool-call-delta', block, arguments: JSON.stringify(argumentsOf(call, tool.parameters)) },
      { type: 'tool-call-end', block },
    )
    return events
  })
}

/** The text of the answer that was given through a call; undefined where none was, or where functions of the caller were called too. */
export function answerText(calls: readonly ModelCall[], { answer, names, tools }: Offer): string | undefined {
  const [call] = calls
  if (!answer || !call || calls.some(({ name }) => names.toCaller(name) !== answer.name)) return undefined
  const parameters = tools.find(({ name }) => name === answer.name)?.parameters ?? {}
  return answer.text(argumentsOf(call, parameters))
}

function argumentsOf({ args }: ModelCall, parameters: Record<string, unknown>): Record<string, unknown> {
  const known = parameters['properties']
  if (typeof known === 'object' && known !== null && Object.hasOwn(known, OWN_PARAMETER)) return { ...args }
  const { [OWN_PARAMETER]: _, ...rest } = args
  return rest
}

export function textEvents(state: AnswerState, text: string): ChatEvent[] {
  if (text === '') return []
  const block = state.blocks++
  return [
    { type: 'text-start', block },
    { type: 'text-delta', block, text },
    { type: 'text-end', block },
  ]
}

/** What is said beside an answer that is to be given through a call: it is no part of it, if one comes. */
export class HeldText {
  text = ''

  hold(events: readonly AcpEvent[]): AcpEvent[] {
    return events.filter((event) => {
      if (event.type !== 'update' || event.update.sessionUpdate !== 'agent_message_chunk') return true
      if (event.update.content.type === 'text') this.text += event.update.content.text
      return false
    })
  }
}
