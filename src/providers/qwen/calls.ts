// Calls of the caller's functions, as Qwen Code (0.24.4) tells of them: it has none of these functions, so that it runs nothing.
import type { ChatEvent } from '../../core/event.ts'
import { type AnswerState, toolError } from '../acp-events.ts'
import { asFields, textAt } from '../fields.ts'
import type { AcpEvent } from '../acp-types.ts'
import type { ToolNames } from '../../tools/names.ts'
import { CLI } from './options.ts'
import type { ReportedCall } from './report.ts'

type Offered = { names?: Pick<ToolNames, 'toCaller'>; parallel?: boolean }

/** Whether it tells of a call of an offered function: that it begins, or, behind the answer, that there is no such tool. */
export function isCall(event: AcpEvent, { names }: Offered): boolean {
  if (event.type !== 'update' || !event.update.sessionUpdate.startsWith('tool_call')) return false
  const name = textAt(asFields(event.update._meta), 'toolName')
  return name !== undefined && names?.toCaller(name) !== undefined
}

/** Whether it tells that a call has come to nothing: the answer with it is over. */
export function isRefused(event: AcpEvent): boolean {
  return event.type === 'update' && event.update.sessionUpdate === 'tool_call_update'
}

/** The calls as events, each whole; nothing else is open. @throws GatewayError `provider_error` for one of a function that nobody offered */
export function callEvents(state: AnswerState, offered: Offered, calls: readonly ReportedCall[]): ChatEvent[] {
  const wanted = offered.parallel === false ? calls.slice(0, 1) : calls
  const events: ChatEvent[] = []
  for (const call of wanted) {
    const name = offered.names?.toCaller(call.name)
    if (name === undefined) throw toolError(CLI.title, call.name)
    const block = state.blocks
    state.blocks += 1
    events.push(
      { type: 'tool-call-start', block, id: call.id, name },
      { type: 'tool-call-delta', block, arguments: call.arguments },
      { type: 'tool-call-end', block },
    )
  }
  return events
}
