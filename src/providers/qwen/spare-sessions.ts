// Sessions that are opened before they are asked for, each with the settings of a turn that has been: the next turn of its kind only
// has to give it its system prompt and its conversation. None of them has seen a conversation; each holds the settings of the turn
// before: its functions, its schema, its stop sequences, its user.
import type { AcpClient } from '../acp-client.ts'
import type { AcpEvent } from '../acp-types.ts'
import { orAbort } from '../../core/or-abort.ts'
import { continueConversation } from './continuation.ts'
import { blankEntries, countTurns, hasAllResults, toHistory } from './live-history.ts'
import { restoreConversation, type SessionRequest } from './session.ts'
import type { OpenSession } from './worker.ts'

/** More kinds of turns than this are not kept. */
const KINDS = 4
/** After more sessions than this that no turn has used, the next one is likely to be opened in vain. */
const VAIN = 3
/** Further from the turn that is wanted than this, a new session is quicker: each takes a millisecond. */
const MOST_STEPS = 4
/** How long a turn waits for a session that is still being opened, in milliseconds; 35 are usual. */
const OPENED_WITHIN = 2_000
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
  /** One is being opened. */
  private opening = false
  /** The kind of the turn before. */
  private previous: string | undefined
  /** How many were not used since one was. */
  private vain = 0

  constructor(
    private readonly client: AcpClient,
    /** Opens one that reads its system prompt anew behind its next prompt. */
    private readonly open: (request: SessionRequest) => Promise<OpenSession>,
    /** Does something while the file that system prompts are read from holds this one. */
    private readonly withSystem: (system: string, action: () => Promise<void>) => Promise<void>,
    /** Whether a turn would have to wait for a session that is opened now. */
    private readonly isBusy: () => boolean,
  ) {}

  /** Opens one for the next turn of the kind of this one, unless that is likely to be in vain, or to hold up a turn. Never throws. */
  prepare(request: SessionRequest): void {
    if (!this.reminders) return
    const kind = kindOf(request)
    const comesAgain = kind === this.previous
    this.previous = kind
    if (this.spares.has(kind) || (this.vain > VAIN && !comesAgain)) return
    if (this.opening || this.isBusy()) return
    this.opening = true
    this.spares.set(
      kind,
      this.openBlank(request).finally(() => (this.opening = false)),
    )
    const [oldest] = this.spares.keys()
    if (this.spares.size <= KINDS || oldest === undefined) return
    this.vain += 1
    leave(this.remove(oldest)!)
  }

  /**
   * One of the kind of this turn, with its system prompt and its conversation; undefined where there is none that it may be given to.
   * @throws the reason of the abort
   */
  async take(request: SessionRequest, signal: AbortSignal): Promise<OpenSession | undefined> {
    if (!this.reminders) return undefined
    const taken = this.remove(kindOf(request))
    if (!taken) return undefined
    try {
      const spare = await orAbort(taken, AbortSignal.any([signal, AbortSignal.timeout(OPENED_WITHIN)]))
      const within = AbortSignal.any([signal, AbortSignal.timeout(GIVEN_WITHIN)])
      if (spare && (await orAbort(this.give(spare, request, this.reminders, within), within))) {
        this.vain = 0
        return spare.session
      }
    } catch {
      // It is closed below, and a new one does what it would have done.
    }
    leave(taken)
    signal.throwIfAborted()
    this.vain += 1
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
    try {
      const session = await this.open({ ...request, conversation: { system: '', entries: blankEntries(turns) } })
      return { session, turns }
    } catch {
      return undefined
    }
  }

  private remove(kind: string): Promise<Spare | undefined> | undefined {
    const spare = this.spares.get(kind)
    this.spares.delete(kind)
    return spare
  }
}

/** Where there is nothing to answer, the session counts a turn and asks nobody. @throws Error where it does anything else */
async function skipTurn(session: OpenSession, signal: AbortSignal): Promise<void> {
  let last: AcpEvent | undefined
  for await (const events of continueConversation(session, async () => undefined, signal)) last = events.at(-1) ?? last
  if (last?.type !== 'stop' || last.response.stopReason !== 'end_turn') throw new Error('It did not skip the turn.')
}

function leave(taken: Promise<Spare | undefined>): void {
  void taken.then((spare) => spare?.session.close())
}

/** The settings of a turn, as a short text. */
function kindOf({ settings }: SessionRequest): string {
  return new Bun.CryptoHasher('sha256').update(JSON.stringify(settings(''))).digest('base64')
}
