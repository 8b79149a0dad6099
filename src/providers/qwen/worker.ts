// One process of Qwen Code: it serves all turns of an account, each in a session of its own.
import { writeFile } from 'node:fs/promises'
import { residentMemory } from '../../process/memory.ts'
import type { AcpSession } from '../acp-client.ts'
import type { AcpProcess } from '../acp-process.ts'
import type { AcpSessionInfo } from '../acp-types.ts'
import { orAbort } from '../../core/or-abort.ts'
import type { WorkerFolder } from './command.ts'
import type { Login } from './auth.ts'
import {
  checkModel,
  closeSession,
  openSession,
  rereadSystem,
  type SessionPaths,
  sessionPaths,
  type SessionRequest,
  writeChat,
} from './session.ts'
import { inquirySettings } from './settings.ts'
import { SpareSessions } from './spare-sessions.ts'
import { watchRounds } from './web.ts'

/** How long a session may take to begin, in milliseconds; 30 are usual. Turns wait meanwhile. */
const OPEN_WITHIN = { turn: 20_000, spare: 2_000 }

/** A session that is open; `close` ends it, and never rejects. */
export type OpenSession = { acp: AcpSession; logFolder: string; close(): Promise<void> }

export class QwenWorker {
  /** Turns that it was given, those of its self-test among them. */
  turns = 0
  /** Turns that run in it now, by their ids. */
  readonly running = new Set<string>()
  /** It has a session that does not end, or that was opened ahead and does not begin. */
  stuck = false
  stopping = false
  /** Why its turns may not search; undefined once a self-test has shown that they may. */
  noSearch: string | undefined = 'Qwen Code was not tested for it.'
  readonly spares: SpareSessions
  /** Sessions that may search: whether each may go on, by their ids. */
  private readonly searching = new Map<string, () => Promise<boolean>>()
  private sessions = 0
  private last: Promise<unknown> = Promise.resolve()
  /** How many wait for their turn in `alone`, or have it. */
  private inLine = 0

  constructor(
    private readonly process: AcpProcess,
    private readonly folder: WorkerFolder,
    private readonly version: string,
  ) {
    this.spares = new SpareSessions(
      process.client,
      (request) => this.openNew(request, AbortSignal.timeout(OPEN_WITHIN.spare), true),
      (system, action) =>
        this.alone(async () => {
          await writeFile(folder.system, system, { mode: 0o600 })
          await action()
        }),
      () => this.inLine > 0,
    )
  }

  get pid(): number {
    return this.process.child.pid
  }

  /** Milliseconds since 1970. */
  get startedAt(): number {
    return this.process.child.startedAt
  }

  get alive(): boolean {
    return this.process.alive
  }

  /** Bytes; 0 where nobody tells. */
  get memory(): number {
    return residentMemory(this.pid) ?? 0
  }

  /** Called once when it has ended; `crashed` where nobody wanted that. */
  onExit(listener: (crashed: boolean) => void): void {
    this.process.onExit(() => listener(!this.stopping))
  }

  /** What decides if this session may ask the service once more; undefined where it may not in any case. */
  goesOn(sessionId: string): (() => Promise<boolean>) | undefined {
    return this.searching.get(sessionId)
  }

  /** The last it said on stderr: for the log. */
  lastWords(): string {
    return this.process.child.stderrTail()
  }

  /**
   * A session with this conversation. Where `signal` aborts first, it is closed here.
   * @throws AcpError, GatewayError `model_not_found`; the reason of the abort
   */
  async open(request: SessionRequest, signal: AbortSignal): Promise<OpenSession> {
    this.turns += 1
    return (await this.spares.take(request, signal)) ?? this.openNew(request, signal)
  }

  /** Behind a turn: opens a session for one of the same kind. */
  expect(request: SessionRequest): void {
    if (this.alive && !this.stopping && !this.stuck) this.spares.prepare(request)
  }

  /** What it says of the user's own login and models. @throws AcpError where there is no login */
  async inquire(login: Login, signal: AbortSignal): Promise<AcpSessionInfo> {
    const { client } = this.process
    const info = await this.alone(async () => {
      signal.throwIfAborted()
      await writeFile(this.folder.settings, JSON.stringify(inquirySettings(login)), { mode: 0o600 })
      return client.newSession({ cwd: this.folder.work }, signal)
    })
    void client.request('qwen/control/session/close', { sessionId: info.sessionId }).catch(() => {})
    return info
  }

  /** Ends the process, with what runs in it, and removes its folder. Idempotent; never rejects. */
  dispose(): Promise<void> {
    this.stopping = true
    return this.process.dispose()
  }

  private openNew(request: SessionRequest, signal: AbortSignal, ahead = false): Promise<OpenSession> {
    this.sessions += 1
    const paths = sessionPaths(this.folder, crypto.randomUUID(), String(this.sessions))
    return orAbort(this.prepare(paths, request, ahead, signal), signal)
  }

  private async prepare(
    paths: SessionPaths,
    request: SessionRequest,
    ahead: boolean,
    signal: AbortSignal,
  ): Promise<OpenSession> {
    const { client } = this.process
    let begun: AcpSession | undefined
    try {
      if (request.web) this.searching.set(paths.id, watchRounds(paths.log))
      await writeChat(paths, request.conversation, this.version)
      const acp = await this.alone(async () => {
        signal.throwIfAborted()
        const within = AbortSignal.timeout(ahead ? OPEN_WITHIN.spare : OPEN_WITHIN.turn)
        try {
          const opened = await openSession(client, this.folder, paths, request, within)
          begun = opened.acp
          checkModel(opened.info, request.model)
          if (ahead) await rereadSystem(client, opened.acp, within)
          return opened.acp
        } catch (error) {
          if (ahead && within.aborted) this.stuck = true
          throw error
        }
      })
      signal.throwIfAborted()
      return { acp, logFolder: paths.log, close: () => this.close(acp, paths) }
    } catch (error) {
      void this.close(begun, paths)
      throw error
    }
  }

  private async close(acp: AcpSession | undefined, paths: SessionPaths): Promise<void> {
    this.searching.delete(paths.id)
    if (!(await closeSession(this.process.client, acp, paths)) && this.alive) this.stuck = true
  }

  /** One after the other. */
  private alone<T>(action: () => Promise<T>): Promise<T> {
    this.inLine += 1
    const result = this.last.then(action).finally(() => (this.inLine -= 1))
    this.last = result.catch(() => {})
    return result
  }
}
