// One turn in a session: asks, and reads the answer to its end.
import type { Batch, ChatEvent } from '../../core/event.ts'
import type { Usage } from '../../core/usage.ts'
import { type AnswerState, answerState, endEvents, readEvents } from '../acp-events.ts'
import { AcpError } from '../acp-errors.ts'
import type { AcpEvent } from '../acp-types.ts'
import type { ToolNames } from '../../tools/names.ts'
import { callEvents, isCall, isRefused } from './calls.ts'
import { continueConversation, Ended } from './continuation.ts'
import { brokenOff, serviceError, toGatewayError } from './errors.ts'
import { finishReason } from './finish.ts'
import { CLI } from './options.ts'
import { awaitReport, lateReport, readCalls, type Report, type ReportedCall } from './report.ts'
import { reportedUsage, usageOf } from './usage.ts'
import type { OpenSession } from './worker.ts'

export type Answering = {
  model: string
  maxTokens: number | undefined
  /** What the model may call; nothing where it is left out. */
  names?: Pick<ToolNames, 'toCaller'>
  /** False: one call at most. */
  parallel?: boolean
}

/**
 * Runs the turn, with one request to the service. The caller closes the session.
 * @throws GatewayError; the reason of the abort
 */
export async function* runTurn(session: OpenSession, answering: Answering, signal: AbortSignal): AsyncGenerator<Batch> {
  const { logFolder } = session
  const state = answerState(CLI.title, answering.model, Date.now())
  try {
    for await (const events of continueConversation(session, (late) => awaitReport(logFolder, late), signal)) {
      const heard = ofFirstRequest(events)
      const own = heard.filter((event) => !isCall(event, answering))
      const said = readEvents(state, own)
      const usage = usageOf(heard.at(-1))
      const last = events.at(-1)
      const called = own.length < heard.length
      // Somebody else stopped it: the process is being ended.
      const isStopped = last?.type === 'stop' && last.response.stopReason === 'cancelled'
      if (usage || last?.type === 'stop' || heard.some(isRefused)) {
        const report = await lateReport(logFolder)
        const calls = await readCalls(logFolder)
        if (!usage && isStopped && calls.length === 0) throw brokenOff()
        yield [...said, ...end(state, answering, { usage, report, calls })]
        return
      }
      // The arguments come at the end, which may take a while.
      if (called) said.push(...endEvents(state))
      if (said.length > 0) yield said
    }
  } catch (error) {
    signal.throwIfAborted()
    const report =
      error instanceof Ended ? error.report : error instanceof AcpError ? await lateReport(logFolder) : undefined
    // Qwen Code has words of its own for some failures.
    if (report?.failed) throw serviceError(report.message)
    if (!(error instanceof Ended)) throw toGatewayError(error)
    const calls = await readCalls(logFolder)
    // It is what Qwen Code would not take for an answer: an empty one counts, one that the service broke off does not.
    if (!reportedUsage(error.report) && calls.length === 0) throw brokenOff()
    yield end(state, answering, { usage: undefined, report: error.report, calls })
  }
}

/** Behind the tokens of the first request comes what Qwen Code would do next. */
function ofFirstRequest(events: readonly AcpEvent[]): readonly AcpEvent[] {
  const counted = events.findIndex((event) => usageOf(event) !== undefined)
  return counted === -1 ? events : events.slice(0, counted + 1)
}

type Ending = { usage: Usage | undefined; report: Report | undefined; calls: readonly ReportedCall[] }

/** The end of a whole answer. @throws GatewayError where it is none */
function end(state: AnswerState, answering: Answering, { usage: counted, report, calls }: Ending): ChatEvent[] {
  if (report?.failed) throw serviceError(report.message)
  const usage = counted ?? (report && reportedUsage(report))
  if (!usage && !state.spoke && calls.length === 0) throw brokenOff()
  const stopped = finishReason(report?.finish, usage, answering.maxTokens)
  const closing = endEvents(state)
  // What was cut may be a call, which nobody should make.
  const made = stopped === 'stop' ? callEvents(state, answering, calls) : []
  const reason = made.length > 0 ? 'tool-calls' : stopped
  return [...closing, ...made, ...(usage ? [{ type: 'usage' as const, usage }] : []), { type: 'finish', reason }]
}
