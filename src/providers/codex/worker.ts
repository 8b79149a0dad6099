// One process of `codex app-server`: it serves all turns of an account, each in a thread of its own.
import { GatewayError } from '../../core/error.ts'
import { parseJsonLine } from '../../process/json-lines.ts'
import { residentMemory } from '../../process/memory.ts'
import type { Child } from '../../process/spawn.ts'
import { type Fields, fieldsAt, textAt } from '../fields.ts'
import type { Login } from './auth.ts'
import { orAbort } from '../../core/or-abort.ts'
import { crashError } from './errors.ts'
import type { Message } from './events.ts'
import type { CodexFolder } from './home.ts'
import { checkThread } from './init-check.ts'
import { JsonRpc } from './json-rpc.ts'
import { type LimitWindow, limitWindows } from './limits.ts'
import { type ThreadSettings, threadParams } from './protocol.ts'
import { SpareThreads } from './spare-threads.ts'
import { Thread } from './thread.ts'

type Settings = Omit<ThreadSettings, 'cwd'>

/** The process ended before a turn was asked: it may be asked of another one. `cause` is a GatewayError. */
export class WorkerGone extends Error {
  override readonly name = 'WorkerGone'
}

export class CodexWorker {
  readonly rpc: JsonRpc
  login: Login = { kind: 'none', method: 'none' }
  /** Turns that it was given. */
  turns = 0
  /** Turns that run in it now, by their ids. */
  readonly running = new Set<string>()
  private readonly threads = new Map<string, Thread>()
  private readonly spares = new SpareThreads((settings) => this.startThread(settings))
  /** What came for each thread in the present read. */
  private readonly arrived = new Map<Thread, Message[]>()
  private failure: GatewayError | undefined
  private disposing: Promise<void> | undefined

  constructor(
    private readonly child: Child,
    readonly folder: CodexFolder,
    private readonly onLimits: (windows: LimitWindow[]) => void,
  ) {
    this.rpc = new JsonRpc((line) => child.write(line), {
      notification: (method, params) => this.take({ method, params }),
      request: (method, params, id) => this.asked({ method, params }, id),
    })
    void this.read()
  }

  get pid(): number {
    return this.child.pid
  }

  /** Milliseconds since 1970. */
  get startedAt(): number {
    return this.child.startedAt
  }

  get alive(): boolean {
    return this.failure === undefined && this.disposing === undefined
  }

  get stopping(): boolean {
    return this.disposing !== undefined
  }

  /** Bytes; 0 where nobody tells. */
  get memory(): number {
    return residentMemory(this.child.pid) ?? 0
  }

  /** Called once when it has ended; `crashed` where nobody wanted that. */
  onExit(listener: (crashed: boolean) => void): void {
    void this.child.exited.then(() => listener(this.disposing === undefined))
  }

  /** The last it said on stderr: for the log. */
  lastWords(): string {
    return this.child.stderrTail()
  }

  /**
   * A thread that nobody has used. The caller closes it; where `signal` aborts first, it is closed here.
   * @throws RpcError, WorkerGone, GatewayError where it is not safe to chat in; the reason of the abort
   */
  async openThread(settings: Settings, signal: AbortSignal): Promise<Thread> {
    if (!this.alive) throw new WorkerGone('It has ended.', { cause: this.failure ?? beingReplaced() })
    const opening = this.findThread(settings)
    try {
      return await orAbort(opening, signal)
    } catch (error) {
      if (signal.aborted) opening.then((thread) => thread.close()).catch(() => {})
      throw error
    }
  }

  /** Opens a thread ahead, for the next turn with these settings. */
  prepareThread(settings: Settings): void {
    if (this.alive) this.spares.prepare(settings)
  }

  /** Ends the process, with what runs in it, and removes its folder; `atOnce` without a word. Idempotent; never rejects. */
  dispose(atOnce = false): Promise<void> {
    // It ends within 40 ms of the end of its input (0.169.0), and cuts what runs.
    this.disposing ??= this.stop(atOnce ? 0 : 500)
    return this.disposing
  }

  private async stop(patience: number): Promise<void> {
    await this.child.stop({ endInputMs: patience, termMs: patience })
    await this.folder.sandbox.remove()
  }

  private async findThread(settings: Settings): Promise<Thread> {
    return (await this.spares.take(settings)) ?? this.startThread(settings)
  }

  private async startThread(settings: Settings): Promise<Thread> {
    const answer = await this.rpc.call('thread/start', threadParams({ ...settings, cwd: this.folder.work }))
    const id = textAt(fieldsAt(answer, 'thread'), 'id') ?? ''
    const thread = new Thread(id, this.rpc, (stuck) => this.forget(id, stuck))
    this.threads.set(id, thread)
    const problem = checkThread(answer)
    if (!problem) return thread
    void thread.close()
    throw problem
  }

  private forget(id: string, stuck: boolean): void {
    this.threads.delete(id)
    // A turn that cannot be stopped goes on at the user's expense.
    if (stuck && this.alive) this.child.kill('SIGKILL')
  }

  private async read(): Promise<void> {
    try {
      for await (const lines of this.child.lines) {
        for (const line of lines) {
          const parsed = parseJsonLine(line)
          if (parsed.ok) this.rpc.receive(parsed.value)
          else return this.child.kill('SIGKILL')
        }
        for (const [thread, messages] of this.arrived) thread.receive(messages)
        this.arrived.clear()
      }
    } catch {
      // A line that is too long: what follows could not be told apart.
      this.child.kill('SIGKILL')
    } finally {
      this.fail(crashError(await this.child.exited))
    }
  }

  private fail(error: GatewayError): void {
    this.failure = error
    this.rpc.fail(new WorkerGone(error.message, { cause: error }))
    for (const thread of this.threads.values()) thread.fail(error)
    this.threads.clear()
  }

  private asked(message: Message, id: unknown): void {
    // The caller runs his functions himself: the turn is over, or stopped, before this is answered.
    if (message.method === 'item/tool/call') return this.take({ ...message, request: id })
    this.rpc.refuse(id)
    this.take({ ...message, refused: true })
  }

  private take(message: Message): void {
    const { method, params } = message
    if (method === 'account/rateLimits/updated') return this.takeLimits(params)
    const thread = this.threads.get(textAt(params, 'threadId') ?? '')
    if (!thread) return
    thread.notice(message)
    const messages = this.arrived.get(thread)
    if (messages) messages.push(message)
    else this.arrived.set(thread, [message])
  }

  private takeLimits(params: Fields): void {
    const windows = limitWindows(params)
    if (windows.length > 0) this.onLimits(windows)
  }
}

function beingReplaced(): GatewayError {
  return new GatewayError('provider_unavailable', 'Codex is being replaced by a fresh process. Try again.')
}
