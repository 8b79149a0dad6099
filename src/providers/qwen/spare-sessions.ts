// Sessions that are opened before they are asked for, each with the settings of a turn that has been: the next turn of its kind only
// has to give it its system prompt and its conversation. None of them has seen another one.
import type { AcpClient } from '../acp-client.ts'
import { orAbort } from '../../core/or-abort.ts'
import { continueConversation } from './continuation.ts'
import { blankEntries, countTurns, hasAllResults, toHistory } from './live-history.ts'
import { rereadSystem, restoreConversation, type SessionRequest } from './session.ts'
import type { OpenSession } from './worker.ts'

/** More kinds of turns than this are not kept. */
const KINDS = 4
/** After more turns in a row than this that found no session of their kind, what is opened for the next is likely to be in vain. */
const VAIN = 3
/** So many kinds are remembered. */
const LATEST = 16
/** Further from the turn that is wanted than this, a new session is quicker: each takes a millisecond. */
const MOST_STEPS = 4
/** How long a session may take to be given a conversation, in milliseconds; 3 are usual. */
const GIVEN_WITHIN = 5_000

type Spare = {
  session: OpenSession
  /** The turns that it believes to have had. */
  turns: number
}

export class SpareSessions {
  /** What each session begins with by itself; undefined until a self-test has shown that conversations may be given to sessions. */
  reminders: readonly string[] | undefined
  /** The oldest first. One that could not be opened is undefined. */
  private readonly spares = new Map<string, Promise<Spare | undefined>>()
  private readonly latest: string[] = []
  private missed = 0

  constructor(
    private readonly client: AcpClient,
    private readonly open: (request: SessionRequest) => Promise<OpenSession>,
    /** Does something while the file that system prompts are read from holds this one. */
    private readonly withSystem: (system: string, action: () => Promise<void>) => Promise<void>,
  ) {}

  /** Opens one for the next turn of the kind of this one, unless that is likely to be in vain. Never throws. */
  prepare(request: SessionRequest): void {
    if (!this.reminders) return
    const kind = kindOf(request)
    const isKnown = this.latest.includes(kind)
    if (!isKnown) this.latest.push(kind)
    if (this.latest.length > LATEST) this.latest.shift()
    if (this.spares.has(kind) || (this.missed > VAIN && !isKnown)) return
    this.spares.set(kind, this.openBlank(request))
    const [oldest] = this.spares.keys()
    if (this.spares.size > KINDS && oldest !== undefined) leave(this.remove(oldest)!)
  }

  /**
   * One of the kind of this turn, with its system prompt and its conversation; undefined where there is none that it may be given to.
   * @throws the reason of the abort
   */
  async take(request: SessionRequest, signal: AbortSignal): Promise<OpenSession | undefined> {
    if (!this.reminders) return undefined
    const taken = this.remove(kindOf(request))
    this.missed = taken ? 0 : this.missed + 1
    if (!taken) return undefined
    try {
      const spare = await orAbort(taken, signal)
      const within = AbortSignal.any([signal, AbortSignal.timeout(GIVEN_WITHIN)])
      if (spare && (await this.give(spare, request, this.reminders, within))) return spare.session
    } catch {
      // It is closed below, and a new one does what it would have done.
    }
    leave(taken)
    signal.throwIfAborted()
    return undefined
  }

  /** False where the service would be told something else than by a new session. */
  private async give(
    { session, turns }: Spare,
    { conversation: { system, entries }, numbered }: SessionRequest,
    reminders: readonly string[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const steps = numbered ? countTurns(entries) - turns : 1
    if (steps < 1 || steps > MOST_STEPS || !hasAllResults(entries)) return false
    await this.withSystem(system, async () => {
      signal.throwIfAborted()
      for (let step = 0; step < steps; step += 1) await skipTurn(session, signal)
    })
    await restoreConversation(this.client, session.acp, toHistory(reminders, entries), signal)
    return true
  }

  private async openBlank(request: SessionRequest): Promise<Spare | undefined> {
    // One is left to be skipped, behind which the system prompt is read.
    const turns = request.numbered ? Math.max(0, countTurns(request.conversation.entries) - 1) : 0
    let session: OpenSession | undefined
    try {
      session = await this.open({ ...request, conversation: { system: '', entries: blankEntries(turns) } })
      await rereadSystem(this.client, session.acp)
      return { session, turns }
    } catch {
      void session?.close()
      return undefined
    }
  }

  private remove(kind: string): Promise<Spare | undefined> | undefined {
    const spare = this.spares.get(kind)
    this.spares.delete(kind)
    return spare
  }
}

/** Where there is nothing to answer, the session counts a turn and asks nobody. */
async function skipTurn(session: OpenSession, signal: AbortSignal): Promise<void> {
  for await (const events of continueConversation(session, async () => undefined, signal)) void events
}

function leave(taken: Promise<Spare | undefined>): void {
  void taken.then((spare) => spare?.session.close())
}

/** The settings of a turn, as a short text. */
function kindOf({ settings }: SessionRequest): string {
  return new Bun.CryptoHasher('sha256').update(JSON.stringify(settings(''))).digest('base64')
}
