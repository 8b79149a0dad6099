// One process of the CLI with its private home. It serves one turn at a time: a second session would change the system prompt of
// the first (0.61.0).
import type { NamedPipe } from '../../process/named-pipe.ts'
import type { McpServer } from '../../tools/mcp-server.ts'
import type { AcpSession } from '../acp-client.ts'
import type { AcpProcess } from '../acp-process.ts'
import type { AcpModel } from '../acp-types.ts'
import { ProcessWorker, type WorkerLimits } from '../acp-worker.ts'
import type { Content } from './history.ts'
import type { WorkerHome } from './home.ts'
import { DEFAULT_MODEL } from './options.ts'
import { type Base, SessionLoad, within } from './session-load.ts'
import { wasStopped } from './settings.ts'
import { skipReplay } from './skip-replay.ts'
import { WorkerFiles } from './worker-files.ts'

/** What a turn is opened with. */
export type Opening = {
  base: Base
  system: string
  records: readonly Content[]
  modelId: string
  /** What the hook says of each request (`hookText`). */
  hook: string
}

/** A session that holds the conversation and waits for its prompt. */
export type OpenTurn = {
  session: AcpSession
  /** What the CLI has noted of the conversation since it was opened, as lines. */
  recorded(): Promise<string>
  /** What it has noted of the answers of the service, as lines; empty where it notes none. */
  answered(): Promise<string>
  /** Whether it was about to make a request more than the turn has, and was stopped. */
  stopped(): Promise<boolean>
  /** Whether what failed was a 404 of the service: the CLI says 500 in its protocol, and its name in its report (0.61.0). */
  notFound(): Promise<boolean>
  /** Its functions are shown no more; calls that wait get no answer. Idempotent. */
  withdraw(): void
  /** Nothing of it is read any more. Idempotent. */
  close(): void
}

export type WorkerOptions = {
  home: WorkerHome
  /** Shows the CLI the caller's functions. */
  mcp: McpServer
  /** The login that it was started with (`loginStamp`). */
  login: string
  /** The models that its settings have aliases for. */
  aliased?: ReadonlySet<string>
  /** What its policy file says. */
  policy: string
  /** What the CLI is made to wait at. */
  pipe?: NamedPipe | undefined
  /** How long the end of a load may take that was begun ahead, in milliseconds; 10 s by default. */
  aheadWithin?: number
  /** Hears of what went wrong ahead: the turn is served all the same. */
  onUnprepared?(error: unknown): void
}

/** A load that is complete, and the bytes of the conversation that it read. */
type Loaded = { load: SessionLoad; bytes: number }

/** It may have begun just now, and with a Google account it asks the service. */
const AHEAD_WITHIN = 10_000

export class GeminiWorker extends ProcessWorker {
  /** What the account may use. */
  models: readonly AcpModel[] = []
  readonly login: string
  readonly aliased: ReadonlySet<string>
  private readonly work: string
  private readonly mcp: McpServer
  private readonly files: WorkerFiles
  private readonly aheadWithin: number
  private readonly onUnprepared: (error: unknown) => void
  /** The load of the next session, as far as it goes without its conversation. */
  private ahead: SessionLoad | undefined
  /** Something may be under way in it that nobody waits for any more. */
  private isUnsure = false
  /** Whether the CLI waits for a conversation that is not there yet. */
  private waits: boolean
  private isEnding = false
  /**
   * Three names by turns: the CLI lets go of a session when another one is loaded under its name, and in no other way (0.61.0). With a
   * new name for each, a worker would need twice the time and memory after some hundred turns. Three, so that neither the turn before nor
   * what was begun for the next can be taken for a part of a turn.
   */
  private readonly names = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()] as const
  private loads = 0

  constructor(process: AcpProcess, options: WorkerOptions) {
    super(process)
    const { home, pipe, mcp, login, aliased = new Set(), policy } = options
    this.aheadWithin = options.aheadWithin ?? AHEAD_WITHIN
    this.onUnprepared = options.onUnprepared ?? (() => {})
    this.work = home.work
    this.mcp = mcp
    this.login = login
    this.aliased = aliased
    this.files = new WorkerFiles(home, policy, pipe)
    this.waits = pipe !== undefined
  }

  /** Asks whether the login works, without a model. @throws AcpError */
  async checkLogin(signal: AbortSignal): Promise<void> {
    const { models } = await this.process.client.newSession({ cwd: this.work }, signal)
    this.models = models?.availableModels ?? []
  }

  /** Whether a turn on this base finds its session begun. */
  isPreparedFor(base: Base): boolean {
    return this.ahead?.base.key === base.key
  }

  /**
   * Begins to load the next session, for a turn on this base: all but the conversation, which takes the CLI four times as long as the
   * conversation itself. Nothing is begun where the CLI cannot be made to wait for that. Never rejects.
   */
  prepare(base: Base): Promise<void> {
    this.cleaning = this.begin(base)
    return this.cleaning
  }

  /**
   * Brings the CLI to where it has the conversation in mind, and nothing else of it is to be read.
   * @throws AcpError, GatewayError, the reason of the abort
   */
  async open(opening: Opening, signal: AbortSignal): Promise<OpenTurn> {
    this.opened += 1
    const { load, bytes } = (await this.goOn(opening, signal)) ?? (await this.loadNow(opening, signal))
    return {
      session: load.session,
      recorded: () => this.files.noted(load.session.id, bytes),
      answered: () => this.files.answered(),
      stopped: async () => wasStopped(await this.files.hookLeft()),
      notFound: () => this.files.reports('ModelNotFoundError'),
      withdraw: () => load.withdraw(),
      close: () => load.close(),
    }
  }

  /** Removes what the turn has left on disk. */
  clean(): Promise<void> {
    this.cleaning = this.files.clean()
    return this.cleaning
  }

  override isWornOut(limits: WorkerLimits): boolean {
    return this.isUnsure || super.isWornOut(limits)
  }

  override async dispose(): Promise<void> {
    this.isEnding = true
    try {
      // Node.js waits for what it reads, at its end too.
      this.files.letGoOn()
      this.ahead?.close()
    } finally {
      await super.dispose()
    }
  }

  private async begin(base: Base): Promise<void> {
    if (this.ahead || !this.waits || this.isEnding) return
    try {
      const id = this.nextName()
      await Promise.all([this.files.reserve(id), this.files.write('policy', base.policy)])
      if (this.isEnding || !this.alive) return
      this.files.makeWait()
      this.ahead = this.load(id, base)
    } catch (error) {
      // It only saves time.
      this.giveUp(error)
    }
  }

  /** No session is begun ahead any more. */
  private giveUp(error: unknown): void {
    this.waits = false
    this.onUnprepared(error)
    try {
      this.files.letGoOn()
    } catch {
      // The link could not be removed: whatever reads it would wait.
      this.kill()
    }
  }

  /** The session that was begun for such a turn; undefined where there is none, or where it came to nothing. */
  private async goOn(opening: Opening, signal: AbortSignal): Promise<Loaded | undefined> {
    const { ahead } = this
    if (ahead === undefined) return undefined
    this.ahead = undefined
    // A CLI that did not wait, does not: there is nothing to prepare.
    if (ahead.isOver) this.waits = false
    const isWanted = this.waits && ahead.base.key === opening.base.key
    const late = () => new Error('The session that was begun ahead did not load.')
    try {
      const bytes = isWanted ? await this.files.writeTurn(ahead.session.id, opening) : 0
      this.files.letGoOn()
      await within(ahead.complete(signal), this.aheadWithin, late, signal)
      if (isWanted) {
        await this.settle(ahead.session, opening, signal)
        return { load: ahead, bytes }
      }
    } catch (error) {
      if (signal.aborted || !this.alive) {
        ahead.close()
        throw error
      }
      // What it waits for may have been lost while the machine slept. The model has not been asked yet.
      this.isUnsure = true
      this.giveUp(error)
    }
    ahead.close()
    return undefined
  }

  private async loadNow(opening: Opening, signal: AbortSignal): Promise<Loaded> {
    const id = this.nextName()
    const { base } = opening
    const [bytes] = await Promise.all([this.files.writeTurn(id, opening), this.files.write('policy', base.policy)])
    const load = this.load(id, base)
    try {
      await load.complete(signal)
      await this.settle(load.session, opening, signal)
    } catch (error) {
      load.close()
      throw error
    }
    return { load, bytes }
  }

  /** Names the model, and passes over what the CLI repeats of the conversation. */
  private async settle(session: AcpSession, { records, modelId }: Opening, signal: AbortSignal): Promise<void> {
    const told = modelId === DEFAULT_MODEL ? undefined : this.process.client.setModel(session.id, modelId, signal)
    await Promise.all([told, skipReplay(session, records, signal)])
  }

  private load(id: string, base: Base): SessionLoad {
    return new SessionLoad(this.process.client, this.mcp, id, this.work, base)
  }

  private nextName(): string {
    this.loads += 1
    return this.names[this.loads % this.names.length]!
  }
}
