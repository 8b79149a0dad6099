// One turn in a session that may search: as many requests to the service as it takes.
import { GatewayError } from '../../core/error.ts'
import type { Batch, ChatEvent } from '../../core/event.ts'
import { sumUsage, type Usage } from '../../core/usage.ts'
import { type AnswerState, answerState, endEvents, readEvents, toolError } from '../acp-events.ts'
import { AcpError } from '../acp-errors.ts'
import type { AcpEvent } from '../acp-types.ts'
import { continueConversation, Ended } from './continuation.ts'
import { brokenOff, serviceError, toGatewayError } from './errors.ts'
import { finishReason } from './finish.ts'
import { CLI } from './options.ts'
import { outputLimit } from './output-limit.ts'
import { awaitReport, lateReport, readCalls, type Report, reportCount } from './report.ts'
import type { Answering } from './turn.ts'
import { reportedUsage, usageOf } from './usage.ts'
import { MOST_ROUNDS, searchActivity, searchUpdate, WEB_TOOL } from './web.ts'
import type { OpenSession } from './worker.ts'

/**
 * Runs the turn. The caller closes the session.
 * @throws GatewayError; the reason of the abort
 */
export async function* runWebTurn(
  session: OpenSession,
  answering: Answering,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  const { logFolder } = session
  const state = answerState(CLI.title, answering.model, Date.now())
  const rounds: Usage[] = []
  try {
    for await (const events of continueConversation(session, (late) => lastAnswer(logFolder, late), signal)) {
      const said: ChatEvent[] = []
      try {
        for (const event of events) said.push(...read(state, rounds, event))
      } catch (error) {
        // Whatever came with it in one read.
        if (said.length > 0) yield said
        throw error
      }
      const last = events.at(-1)
      if (last?.type === 'stop') {
        if (last.response.stopReason === 'cancelled') throw await stoppedError(logFolder)
        yield [...said, ...(await end(state, answering, rounds, logFolder))]
        return
      }
      if (said.length > 0) yield said
    }
  } catch (error) {
    signal.throwIfAborted()
    const ended = error instanceof Ended ? error.report : undefined
    const report = ended ?? (error instanceof AcpError ? await lastReport(logFolder) : undefined)
    // Qwen Code has words of its own for some failures.
    if (report?.failed) throw serviceError(report.message)
    if (!ended) throw toGatewayError(error)
    const counted = reportedUsage(ended)
    if (!counted) throw brokenOff()
    yield await end(state, answering, [...rounds, counted], logFolder)
  }
}

function read(state: AnswerState, rounds: Usage[], event: AcpEvent): ChatEvent[] {
  const usage = usageOf(event)
  if (usage) rounds.push(usage)
  const search = searchUpdate(event)
  // What is said behind a search is a block of its own.
  return search ? [...endEvents(state), ...searchActivity(search)] : readEvents(state, [event])
}

async function end(
  state: AnswerState,
  { model, maxTokens }: Answering,
  rounds: readonly Usage[],
  logFolder: string,
): Promise<ChatEvent[]> {
  const report = await lateReport(logFolder, Math.max(0, rounds.length - 1))
  if (report?.failed) throw serviceError(report.message)
  const usage = sumUsage([...rounds])
  if (!usage && !state.spoke) throw brokenOff()
  // Behind a search, what is cut is reported as if it were not (0.24.4).
  const told = rounds.length > 1 && report?.finish === 'stop' ? undefined : report?.finish
  const reason = finishReason(told, rounds.at(-1), maxTokens ?? outputLimit(model))
  return [...endEvents(state), ...(usage ? [{ type: 'usage' as const, usage }] : []), { type: 'finish', reason }]
}

const lastReport = async (folder: string) => lateReport(folder, Math.max(0, (await reportCount(folder)) - 1))

/** The turn was stopped between two rounds: see `watchRounds`. */
async function stoppedError(logFolder: string): Promise<GatewayError> {
  const count = await reportCount(logFolder)
  const calls = await readCalls(logFolder, Math.max(0, count - 1))
  const stranger = calls.find(({ name }) => name !== WEB_TOOL)
  if (stranger) return toolError(CLI.title, stranger.name)
  if (count < MOST_ROUNDS) return brokenOff()
  return new GatewayError('provider_error', `Qwen Code asked ${count} times for searches, and gave no answer.`)
}

/** The report of a request of the turn that has failed, or has brought the answer. */
async function lastAnswer(folder: string, signal: AbortSignal): Promise<Report | undefined> {
  for (let position = 0; !signal.aborted; position += 1) {
    const report = await awaitReport(folder, signal, { position })
    if (!report) return undefined
    if (report.failed || (await readCalls(folder, position)).length === 0) return report
  }
  return undefined
}
