// What is done to a process while it waits for a turn, so that the turn is shorter.
import { fieldsAt, textAt } from '../fields.ts'
import { orDispose } from './boot.ts'
import { refusalError } from './errors.ts'
import { asksForTools } from './frames.ts'
import type { ClaudeProcess } from './process.ts'
import { type Launch, setupFrames } from './setup.ts'
import { NO_TOOLS } from './tools.ts'
import { canWarmUp, warmUp } from './warm-up.ts'

export type Preparation = {
  /** What is told to it ahead. */
  launch?: Launch | undefined
  /** Where it is warmed up; not at all where left out. */
  warmUpUrl?: string | undefined
}

/** Many times what it takes, in milliseconds: somebody may have come to wait for the process meanwhile. */
const TIMEOUT = 5_000

/** @throws GatewayError, or the reason of the abort; the process is let go then */
export async function prepareClaude(
  process: ClaudeProcess,
  { launch, warmUpUrl }: Preparation,
  signal: AbortSignal,
): Promise<void> {
  await orDispose(process, TIMEOUT, signal, async () => {
    if (warmUpUrl !== undefined && canWarmUp(process)) await warmUp(process, warmUpUrl)
    if (launch) await tellAhead(process, launch)
  })
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
