// One turn in a session: asks, and reads the answer to its end.
import type { Batch, ChatEvent } from '../../core/event.ts'
import type { Usage } from '../../core/usage.ts'
import { type AnswerState, answerState, endEvents, readEvents } from '../acp-events.ts'
import { AcpError } from '../acp-errors.ts'
import { brokenOff, serviceError, toGatewayError } from './errors.ts'
import { finishReason } from './finish.ts'
import { NAME } from './options.ts'
import { awaitReport, lateReport, type Report } from './report.ts'
import { reportedUsage, usageOf } from './usage.ts'
import type { OpenSession } from './worker.ts'

/** Asks for the answer to the last message that is there, instead of adding one (0.24.4). */
const CONTINUE = { 'qwen.daemon.continueLastTurn': true }

/** Milliseconds that words on their way are waited for, once the service's answer is over: behind a failure; else; and without
 * any count of tokens, where Qwen Code would ask again after two seconds. */
const GRACE = { failed: 20, ended: 300, uncounted: 1500 }

/** The service's answer is over, but Qwen Code does not say so: it is about to ask again. */
class Ended extends Error {
  constructor(readonly report: Report) {
    super('The answer is over.')
  }
}

export type Answering = { model: string; maxTokens: number | undefined }

/**
 * Runs the turn, with one request to the service. The caller closes the session.
 * @throws GatewayError; the reason of the abort
 */
export async function* runTurn(session: OpenSession, answering: Answering, signal: AbortSignal): AsyncGenerator<Batch> {
  const state = answerState(NAME, answering.model, Date.now())
  const over = new AbortController()
  const leave = () => over.abort(signal.reason)
  signal.addEventListener('abort', leave, { once: true })
  void endLate(session.logFolder, over)
  try {
    signal.throwIfAborted()
    for await (const events of session.acp.prompt([], { meta: CONTINUE, signal: over.signal })) {
      const said = readEvents(state, events)
      const usage = events.map(usageOf).findLast((found) => found !== undefined)
      const last = events.at(-1)
      // Somebody else stopped it: the process is being ended.
      if (!usage && last?.type === 'stop' && last.response.stopReason === 'cancelled') throw brokenOff()
      if (usage || last?.type === 'stop') {
        yield [...said, ...end(state, answering, usage, await lateReport(session.logFolder))]
        return
      }
      if (said.length > 0) yield said
    }
  } catch (error) {
    signal.throwIfAborted()
    const report =
      error instanceof Ended
        ? error.report
        : error instanceof AcpError
          ? await lateReport(session.logFolder)
          : undefined
    // Qwen Code has words of its own for some failures.
    if (report?.failed) throw serviceError(report.message)
    if (!(error instanceof Ended)) throw toGatewayError(error)
    // It is what Qwen Code would not take for an answer: an empty one counts, one that the service broke off does not.
    if (!reportedUsage(error.report)) throw brokenOff()
    yield end(state, answering, undefined, error.report)
  } finally {
    signal.removeEventListener('abort', leave)
    over.abort()
  }
}

/** The end of a whole answer. @throws GatewayError where it is none */
function end(
  state: AnswerState,
  { maxTokens }: Answering,
  counted: Usage | undefined,
  report: Report | undefined,
): ChatEvent[] {
  if (report?.failed) throw serviceError(report.message)
  const usage = counted ?? (report && reportedUsage(report))
  if (!usage && !state.spoke) throw brokenOff()
  const reason = finishReason(report?.finish, usage, maxTokens)
  return [...endEvents(state), ...(usage ? [{ type: 'usage' as const, usage }] : []), { type: 'finish', reason }]
}

/** Ends the turn some time after the service's answer was over. */
async function endLate(folder: string, over: AbortController): Promise<void> {
  const report = await awaitReport(folder, over.signal)
  if (!report) return
  const grace = report.failed ? GRACE.failed : reportedUsage(report) ? GRACE.ended : GRACE.uncounted
  await Bun.sleep(grace)
  over.abort(new Ended(report))
}
