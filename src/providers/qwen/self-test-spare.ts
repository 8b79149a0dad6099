// Another turn with the stand-in: it shows that a session that was opened ahead, and is given the conversation later, asks the service for
// the same as one that reads it from its file, and nothing besides. Qwen Code (0.24.4) has the request for it, but not in its manual.
import type { Fields } from '../fields.ts'
import { answerOf, EXPECTED, remindersIn, testRequest } from './self-test.ts'
import { startStandIn } from './self-test-service.ts'
import type { QwenWorker } from './worker.ts'

/** How long it may take, in milliseconds; 60 are usual. */
const WITHIN = 5_000

/**
 * Lets the turns of this process have such sessions.
 * @param asked what a new session has asked in the self-test
 * @throws Error where they would not ask the same; the reason of the abort
 */
export async function selfTestSpare({ spares }: QwenWorker, asked: Fields, outer: AbortSignal): Promise<void> {
  const service = startStandIn()
  const signal = AbortSignal.any([outer, AbortSignal.timeout(WITHIN)])
  try {
    const request = { ...testRequest(service.url), numbered: true }
    spares.reminders = remindersIn(asked)
    spares.prepare(request)
    const session = await spares.take(request, signal)
    if (!session) throw new Error('It did not take the conversation.')
    const said = await answerOf(session, signal)
    if (said !== EXPECTED) throw new Error(`It answered ${JSON.stringify(said)}.`)
    if (JSON.stringify(service.asked) !== JSON.stringify([asked])) throw new Error('It asked for something else.')
  } catch (error) {
    spares.reminders = undefined
    throw error
  } finally {
    service.stop()
  }
}
