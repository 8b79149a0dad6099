// One process of the agent: it serves one turn at a time, each in a session of its own, which is opened before there is a turn for it.
import { mkdir } from 'node:fs/promises'
import { removeTree } from '../../process/remove-tree.ts'
import type { McpServer } from '../../tools/mcp-server.ts'
import type { AcpProcess } from '../acp-process.ts'
import type { PermissionAnswer, RequestPermissionRequest } from '../acp-types.ts'
import { ProcessWorker, type WorkerLimits } from '../acp-worker.ts'
import { letGo, waysToLetGo } from './letting-go.ts'
import { type AgentModel, agentModels, chooseModel } from './models.ts'
import { type Abilities, abilitiesOf } from './prompt.ts'
import { NO_FUNCTIONS, type Opened, type OpenSession, SessionOpening, type Shown } from './session-opening.ts'
import { takesFunctions } from './tools.ts'

export type WorkerOptions = {
  /** What the agent works in: empty at the beginning of each turn. */
  work: string
  /** Shows the agent the caller's functions. */
  mcp: McpServer
  /** How long the opening of a session may take that was begun ahead, in milliseconds; 30 s by default, as for a boot. */
  aheadWithin?: number
}

/** How long a session that was opened in vain may take to be let go of, in milliseconds. */
const LET_GO_WITHIN = 1000

export class AcpWorker extends ProcessWorker {
  models: readonly AgentModel[] = []
  private readonly options: WorkerOptions
  /** The next session: it is open, or the agent has been asked for it. */
  private ahead: SessionOpening | undefined
  /** One that was opened to find out whether the agent opens any. */
  private trial: SessionOpening | undefined
  private current: OpenSession | undefined
  /** The functions of the last turn, as bytes, and whether the turn before it had the same. */
  private last: string | undefined
  private repeats = false
  /** Whether a session was opened in vain since the last one that was not. */
  private missed = false
  /** The agent has not said what became of a session that it was asked for. */
  private isUnsure = false
  private ending: Promise<void> | undefined

  constructor(process: AcpProcess, options: WorkerOptions) {
    super(process)
    this.options = options
  }

  get abilities(): Abilities {
    return abilitiesOf(this.process.info)
  }

  /** Whether the next session is open, or on its way. */
  get isPrepared(): boolean {
    return this.ahead !== undefined
  }

  isPreparedFor({ bytes }: Shown): boolean {
    return this.ahead?.shown.bytes === bytes
  }

  /**
   * Opens the next session, for a turn with these functions; where no turn has been yet, they are left out.
   * @returns whether it did; false too where it failed when nobody wanted it any more @throws AcpError, GatewayError: nothing has changed then
   */
  async prepare(expected: Shown | undefined): Promise<boolean> {
    if (this.ahead || this.ending || !this.alive || !this.isWorthwhile(expected)) return false
    const ahead = this.begin(expected ?? NO_FUNCTIONS)
    this.ahead = ahead
    try {
      this.models = agentModels(await ahead.opened())
      return true
    } catch (error) {
      if (this.ahead !== ahead) return false
      this.ahead = undefined
      throw error
    }
  }

  /** Finds out whether the agent opens a session. It stays for the next turn. @throws AcpError, GatewayError, the reason of the abort */
  async tryOut(signal: AbortSignal): Promise<void> {
    const opened = this.ahead && (await this.arrival(this.ahead, signal))
    if (opened) return void (this.models = agentModels(opened))
    const opening = this.begin(NO_FUNCTIONS)
    this.models = agentModels(await this.completed(opening, signal))
    this.trial = opening
    this.ahead = opening
  }

  /**
   * A session that shows these functions: the one that was opened ahead, else a fresh one. Its model is the agent's own choice. Who leaves
   * while the next session is on its way leaves it to the turn that follows.
   * @throws AcpError, GatewayError, the reason of the abort
   */
  async open(shown: Shown, signal: AbortSignal): Promise<OpenSession> {
    this.repeats = this.last === shown.bytes
    this.last = shown.bytes
    return (await this.takeAhead(shown, signal)) ?? (await this.openNow(shown, signal))
  }

  /** A fresh one. @throws AcpError, GatewayError, the reason of the abort */
  async openNow(shown: Shown, signal: AbortSignal): Promise<OpenSession> {
    signal.throwIfAborted()
    const opening = this.begin(shown)
    return this.give(opening, await this.completed(opening, signal), false)
  }

  /** Chooses the model; one that the agent does not list is told to it as it is. */
  async choose(sessionId: string, name: string, signal: AbortSignal): Promise<void> {
    await chooseModel(this.process.client, sessionId, { models: this.models, name }, signal)
  }

  /** What is asked in another session than that of the turn is not permitted. */
  permission({ sessionId, toolCall }: RequestPermissionRequest): PermissionAnswer | Promise<PermissionAnswer> {
    const own = this.current?.session.id === sessionId ? this.current.opening.permission(toolCall) : undefined
    return own ?? { outcome: { outcome: 'cancelled' } }
  }

  /** Lets go of the session, as far as the agent knows how to, and empties the folder. */
  clean(open: OpenSession, signal: AbortSignal): Promise<void> {
    open.session.dispose()
    if (this.current === open) this.current = undefined
    this.cleaning = this.empty(open.session.id, signal)
    return this.cleaning
  }

  /** Lets go of a session in which nothing has been asked. */
  async discard(open: OpenSession): Promise<void> {
    open.opening.close()
    await this.clean(open, AbortSignal.timeout(LET_GO_WITHIN))
  }

  override isWornOut(limits: WorkerLimits): boolean {
    return this.isUnsure || super.isWornOut(limits)
  }

  /** A session that nobody had is let go of first: agents may keep it on disk. */
  override dispose(): Promise<void> {
    this.ending ??= this.end()
    return this.ending
  }

  private async end(): Promise<void> {
    const { ahead } = this
    // Where the process ended by itself, whoever prepares it is told so.
    if (this.alive) this.ahead = undefined
    ahead?.close()
    if (ahead && this.alive && waysToLetGo(this.process).length > 0) {
      const late = AbortSignal.timeout(LET_GO_WITHIN)
      const opened = await ahead.opened(late).catch(() => undefined)
      if (opened) await letGo(this.process, opened.sessionId, late)
    }
    await super.dispose()
  }

  /**
   * Not where the last turn had other functions than the one before it, if that was guessed wrong already. And an agent that cannot close
   * sessions has one at most that nobody used: it may keep them all in its memory.
   */
  private isWorthwhile(expected: Shown | undefined): boolean {
    if (expected && expected.tools.length > 0 && !takesFunctions(this.process.info)) return false
    if (!this.closes) return expected !== undefined && !this.missed
    return !this.missed || this.repeats
  }

  /** Whether a session that is closed is gone from the agent's memory. */
  private get closes(): boolean {
    return waysToLetGo(this.process).includes('session/close')
  }

  private async takeAhead(shown: Shown, signal: AbortSignal): Promise<OpenSession | undefined> {
    const { ahead } = this
    const fits = ahead?.shown.bytes === shown.bytes
    if (ahead && !fits && !ahead.isOpen) {
      this.ahead = undefined
      this.missed = true
      void this.leave(ahead)
      return undefined
    }
    const opened = ahead && (await this.arrival(ahead, signal))
    this.ahead = undefined
    if (!ahead || !opened) return undefined
    const open = this.give(ahead, opened, true)
    if (fits) {
      if (this.closes) this.missed = false
      return open
    }
    // The one that tells whether the agent is ready is not for any turn.
    if (ahead !== this.trial) this.missed = true
    await this.discard(open)
    return undefined
  }

  /** Nobody waits for it, and it is let go of when it is open; the folder is that of a turn by then. Never rejects. */
  private async leave(ahead: SessionOpening): Promise<void> {
    const late = ahead.late(this.options.aheadWithin)
    const opened = await ahead.opened(late).catch(() => undefined)
    ahead.close()
    if (late.aborted && !opened) this.isUnsure = true
    if (opened && this.alive && !this.ending) {
      await letGo(this.process, opened.sessionId, AbortSignal.timeout(LET_GO_WITHIN))
    }
  }

  /** What the agent answered, or undefined: it could not, or says nothing. @throws the reason of the abort */
  private async arrival(ahead: SessionOpening, signal: AbortSignal): Promise<Opened | undefined> {
    if (ahead.isOpen) return await ahead.opened()
    const late = ahead.late(this.options.aheadWithin)
    try {
      return await ahead.opened(AbortSignal.any([signal, late]))
    } catch {
      signal.throwIfAborted()
      if (late.aborted) {
        this.isUnsure = true
        ahead.close()
      }
      if (this.ahead === ahead) this.ahead = undefined
      return undefined
    }
  }

  private begin(shown: Shown): SessionOpening {
    this.opened += 1
    const { mcp, work } = this.options
    return new SessionOpening(this.process.client, mcp, work, shown)
  }

  private async completed(opening: SessionOpening, signal: AbortSignal): Promise<Opened> {
    try {
      return await opening.opened(signal)
    } catch (error) {
      opening.close()
      throw error
    }
  }

  /** What happened in it before is passed over. */
  private give(opening: SessionOpening, opened: Opened, isAhead: boolean): OpenSession {
    this.models = agentModels(opened)
    this.current = { session: this.process.client.session(opened.sessionId), opening, isAhead }
    return this.current
  }

  private async empty(sessionId: string, signal: AbortSignal): Promise<void> {
    await letGo(this.process, sessionId, signal)
    await removeTree(this.options.work)
    await mkdir(this.options.work, { mode: 0o700 })
  }
}
