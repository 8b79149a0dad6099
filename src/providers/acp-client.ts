// The gateway's end of an agent that speaks the Agent Client Protocol: one connection over one child process.
import type { ClientConnection } from '@agentclientprotocol/sdk'
import { GatewayError } from '../core/error.ts'
import { orAbort } from '../core/or-abort.ts'
import type { Child } from '../process/spawn.ts'
import { AcpError, endedError, METHOD_NOT_FOUND } from './acp-errors.ts'
import { asFields, textAt } from './fields.ts'
import { Inbox } from './inbox.ts'
import { childStream, type SessionUpdates } from './acp-stream.ts'
import type {
  AcpEvent,
  AcpSessionInfo,
  ContentBlock,
  InitializeResponse,
  McpServer,
  PermissionAnswer,
  PromptResponse,
  RequestPermissionRequest,
} from './acp-types.ts'

export type AcpClientOptions = {
  /** The agent's name for people: `Gemini CLI`. */
  name: string
  /** False where several turns share the process: then a slow reader holds nobody back, and its events wait in memory. */
  holdBack?: boolean
  /** Answers a request for a permission; `cancelled` where it is left out, which is a no. */
  onPermission?(request: RequestPermissionRequest): PermissionAnswer | Promise<PermissionAnswer>
  /** Answers requests of the agent that are not in the protocol, by method. All others get "method not found". */
  extensions?: Readonly<Record<string, (params: unknown) => unknown>>
}

export type OpenSession = { cwd: string; mcpServers?: McpServer[]; meta?: Record<string, unknown> }

/** Answers each request of the agent; offers it no files and no terminal. */
export class AcpClient {
  private readonly inboxes = new Map<string, Inbox<AcpEvent>>()
  private connection: ClientConnection | undefined
  private ended: Promise<GatewayError> | undefined

  private constructor(
    private readonly child: Child,
    private readonly options: AcpClientOptions,
  ) {}

  /** Begins to talk; loads the ACP library when it is called first. Nothing has been sent yet. */
  static async connect(child: Child, options: AcpClientOptions): Promise<AcpClient> {
    const client = new AcpClient(child, options)
    const library = await import('@agentclientprotocol/sdk')
    client.connection = library
      .client({ name: 'cligate' })
      .onRequest('*', ({ method, params }) => {
        const answer = client.answer(method, params)
        if (answer === undefined) throw new library.RequestError(METHOD_NOT_FOUND, `Method not found: ${method}`)
        return answer
      })
      .onNotification('*', () => {})
      .connect(
        childStream(child, { onUpdates: (updates) => client.receive(updates), onEnd: (error) => client.end(error) }),
      )
    return client
  }

  /** Agrees on the protocol. Offers nothing: no files, no terminal. */
  initialize(signal?: AbortSignal): Promise<InitializeResponse> {
    const clientCapabilities = { fs: { readTextFile: false, writeTextFile: false }, terminal: false }
    return this.request<InitializeResponse>('initialize', { protocolVersion: 1, clientCapabilities }, signal)
  }

  newSession(open: OpenSession, signal?: AbortSignal): Promise<AcpSessionInfo & { sessionId: string }> {
    return this.request('session/new', openParams(open), signal)
  }

  /** The agent repeats the conversation as updates, before or behind its answer: collect them with `session()` first. */
  loadSession(sessionId: string, open: OpenSession, signal?: AbortSignal): Promise<AcpSessionInfo> {
    return this.request('session/load', { sessionId, ...openParams(open) }, signal)
  }

  /** As loadSession, without the repetition. */
  resumeSession(sessionId: string, open: OpenSession, signal?: AbortSignal): Promise<AcpSessionInfo> {
    return this.request('session/resume', { sessionId, ...openParams(open) }, signal)
  }

  async setModel(sessionId: string, modelId: string, signal?: AbortSignal): Promise<void> {
    await this.request('session/set_model', { sessionId, modelId }, signal)
  }

  /**
   * Any request, also one that is not in the protocol.
   * @throws AcpError what the agent answered; GatewayError `provider_error` where it ended; or the reason of the abort
   */
  async request<Result>(method: string, params: object, signal?: AbortSignal): Promise<Result> {
    signal?.throwIfAborted()
    if (!this.connection) throw new Error('not connected')
    const response = this.connection.agent.request<Result, object>(method, params)
    try {
      return await (signal ? orAbort(response, signal) : response)
    } catch (error) {
      signal?.throwIfAborted()
      throw await this.explain(error)
    }
  }

  notify(method: string, params: object): void {
    this.connection?.agent.notify(method, params).catch(() => {})
  }

  /** Begins to collect what happens in a session, which need not exist yet. */
  session(sessionId: string): AcpSession {
    const inbox = new Inbox<AcpEvent>()
    if (this.ended) void this.ended.then((error) => inbox.fail(error))
    this.inboxes.set(sessionId, inbox)
    return new AcpSession(this, sessionId, inbox, () => {
      inbox.fail(new Error('The session is not read any more.'))
      if (this.inboxes.get(sessionId) === inbox) this.inboxes.delete(sessionId)
    })
  }

  /** Ends the conversation with the agent; the process is the caller's to stop. */
  close(): void {
    this.connection?.close()
  }

  private answer(method: string, params: unknown): unknown {
    if (method === 'session/request_permission') {
      const request = params as RequestPermissionRequest
      const sessionId = textAt(asFields(params), 'sessionId')
      this.inboxes.get(sessionId ?? '')?.push([{ type: 'permission', request }])
      return this.options.onPermission?.(request) ?? { outcome: { outcome: 'cancelled' } }
    }
    const extensions = this.options.extensions ?? {}
    return Object.hasOwn(extensions, method) ? extensions[method]?.(params) : undefined
  }

  private async receive(all: SessionUpdates[]): Promise<void> {
    for (const { sessionId, updates } of all) {
      const inbox = this.inboxes.get(sessionId)
      inbox?.push(updates.map((update) => ({ type: 'update', update })))
      if (this.options.holdBack !== false) await inbox?.room()
    }
  }

  /** `broken` is what went wrong with the output; undefined where it is over. */
  private end(broken: unknown): void {
    this.ended ??= broken === undefined ? endedError(this.options.name, this.child) : this.tooLong(broken)
    void this.ended.then((reason) => {
      for (const inbox of this.inboxes.values()) inbox.fail(reason)
    })
  }

  private async tooLong(cause: unknown): Promise<GatewayError> {
    this.child.kill('SIGKILL')
    const message = `${this.options.name} wrote a line that is too long to be a message.`
    return new GatewayError('provider_error', message, { cause })
  }

  /** What the library threw, as what callers of this class know. */
  private async explain(error: unknown): Promise<unknown> {
    const { code, data, message } = asFields(error) ?? {}
    if (typeof code === 'number') return new AcpError(code, typeof message === 'string' ? message : '', data)
    this.ended ??= endedError(this.options.name, this.child)
    return this.ended
  }
}

/** One session of a connection, as far as it concerns reading. */
export class AcpSession {
  private answer: Promise<void> = Promise.resolve()

  constructor(
    private readonly client: AcpClient,
    readonly id: string,
    private readonly inbox: Inbox<AcpEvent>,
    /** Stops collecting. Idempotent. The agent keeps the session. */
    readonly dispose: () => void,
  ) {}

  /** What came since the last read, never empty; waits for it. */
  next(signal?: AbortSignal): Promise<AcpEvent[]> {
    return this.inbox.take(signal)
  }

  /**
   * Asks the agent and reads to the end of its answer: one array for each read, a `stop` event last. It is told to stop when
   * the reading ends early or `signal` aborts (then with the reason thrown).
   * @throws AcpError, GatewayError
   */
  async *prompt(
    prompt: ContentBlock[],
    options: { meta?: Record<string, unknown>; signal?: AbortSignal } = {},
  ): AsyncGenerator<AcpEvent[]> {
    const { meta, signal } = options
    const params = { sessionId: this.id, prompt, ...(meta && { _meta: meta }) }
    let answered = false
    this.answer = this.client
      .request<PromptResponse>('session/prompt', params)
      .then(
        (response) => this.inbox.push([{ type: 'stop', response }]),
        (error: unknown) => this.inbox.fail(error),
      )
      .finally(() => (answered = true))
    try {
      for (;;) {
        const events = await this.inbox.take(signal)
        yield events
        if (events.at(-1)?.type === 'stop') return
      }
    } finally {
      if (!answered) this.cancel()
    }
  }

  /** Resolves when no prompt is being answered: behind a cancelled one, the session and its process are free again. */
  settled(): Promise<void> {
    return this.answer
  }

  /** Tells the agent to stop what it does in this session. */
  cancel(): void {
    this.client.notify('session/cancel', { sessionId: this.id })
  }
}

function openParams({ cwd, mcpServers = [], meta }: OpenSession): object {
  return { cwd, mcpServers, ...(meta && { _meta: meta }) }
}
