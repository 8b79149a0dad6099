// What is done to a process while it waits for a turn, so that the turn is shorter.
import { orDispose } from './boot.ts'
import { untilConfirmed } from './confirm.ts'
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
  process.tools = launch.tools
  await untilConfirmed(process, (newId) => setupFrames(undefined, process.resolved(launch), {}, newId), {
    tools: launch.tools !== NO_TOOLS,
    ended: () => process.crash(),
  })
  process.applied = launch
}
