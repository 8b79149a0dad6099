// What is done to a process while it waits for a turn, so that the turn is shorter.
import { fieldsAt, textAt } from '../fields.ts'
import { orDispose } from './boot.ts'
import { refusalError } from './errors.ts'
import { asksForTools } from './frames.ts'
import type { ClaudeProcess } from './process.ts'
import { type Launch, setupFrames } from './setup.ts'
import { NO_TOOLS } from './tools.ts'
import { canWarmUp, warmUp } from './warm-up.ts'
import type { WarmUpService } from './warm-up-service.ts'

export type Preparation = {
  /** What is told to it ahead. */
  launch?: Launch | undefined
  /** What it is warmed up against; not at all where left out. */
  warmUp?: WarmUpService | undefined
}

/** Many times what it takes, in milliseconds: somebody may have come to wait for the process meanwhile. */
const TIMEOUT = 5_000

/** @throws GatewayError, or the reason of the abort; the process is let go then */
export async function prepareClaude(
  process: ClaudeProcess,
  { launch, warmUp: service }: Preparation,
  signal: AbortSignal,
): Promise<void> {
  await orDispose(process, TIMEOUT, signal, async () => {
    if (service && canWarmUp(process)) await warmUpAt(service, process, signal)
    if (launch) await tellAhead(process, launch)
  })
}

async function warmUpAt(service: WarmUpService, process: ClaudeProcess, signal: AbortSignal): Promise<void> {
  const visit = service.open()
  if (!visit) return
  try {
    await warmUp(process, visit)
    service.note(true)
  } catch (error) {
    if (!signal.aborted) service.note(false)
    throw error
  } finally {
    visit.close()
  }
}

/** Until it has confirmed all of it, and asked for the tools if it is to have any. */
async function tellAhead(process: ClaudeProcess, launch: Launch): Promise<void> {
  const waiting = new Set<string>()
  const newId = () => {
    const id = process.newRequestId()
    waiting.add(id)
    return id
  }
  process.tools = launch.tools
  process.write(setupFrames(undefined, process.resolved(launch), {}, newId))
  let settled = launch.tools === NO_TOOLS
  while (waiting.size > 0 || !settled) {
    const messages = await process.read()
    if (messages === undefined) throw await process.crash()
    for (const message of messages) {
      settled ||= asksForTools(message)
      const response = fieldsAt(message, 'response')
      const id = textAt(response, 'request_id')
      if (message['type'] !== 'control_response' || id === undefined || !waiting.has(id)) continue
      if (response?.['subtype'] !== 'success') throw refusalError(response)
      waiting.delete(id)
    }
  }
  process.applied = launch
}
