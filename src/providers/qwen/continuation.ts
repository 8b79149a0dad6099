// Asks Qwen Code for the answer to the conversation that is there, and stops it once it would ask the service again by itself.
import type { AcpEvent } from '../acp-types.ts'
import type { Report } from './report.ts'
import { reportedUsage } from './usage.ts'
import type { OpenSession } from './worker.ts'

/** Asks for the answer to the last message that is there, instead of adding one (0.24.4). */
const CONTINUE = { 'qwen.daemon.continueLastTurn': true }

/** Milliseconds that words on their way are waited for, once the service's answer is over: behind a failure; else; and without
 * any count of tokens, where Qwen Code would ask again after two seconds. */
const GRACE = { failed: 20, ended: 300, uncounted: 1500 }

function graceFor(report: Report): number {
  if (report.failed) return GRACE.failed
  return reportedUsage(report) ? GRACE.ended : GRACE.uncounted
}

/** The service's answer is over, but Qwen Code does not say so: it is about to ask again. */
export class Ended extends Error {
  constructor(readonly report: Report) {
    super('The answer is over.')
  }
}

/**
 * What Qwen Code says, one array for each read.
 * @param lastReport finds the report of the request behind which there must be no other; undefined when its signal aborts
 * @throws Ended some time after that report; AcpError, GatewayError, the reason of the abort
 */
export async function* continueConversation(
  { acp }: Pick<OpenSession, 'acp'>,
  lastReport: (signal: AbortSignal) => Promise<Report | undefined>,
  signal: AbortSignal,
): AsyncGenerator<AcpEvent[]> {
  const over = new AbortController()
  const leave = () => over.abort(signal.reason)
  signal.addEventListener('abort', leave, { once: true })
  void endLate(lastReport, over)
  try {
    signal.throwIfAborted()
    yield* acp.prompt([], { meta: CONTINUE, signal: over.signal })
  } finally {
    signal.removeEventListener('abort', leave)
    over.abort()
  }
}

async function endLate(
  lastReport: (signal: AbortSignal) => Promise<Report | undefined>,
  over: AbortController,
): Promise<void> {
  const report = await lastReport(over.signal)
  if (!report) return
  await Bun.sleep(graceFor(report))
  over.abort(new Ended(report))
}
