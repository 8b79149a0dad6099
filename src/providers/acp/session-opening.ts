// A session that the agent has been asked to open, with the functions that are shown in it. Which turn it will serve need not be
// known yet: what the agent calls goes to the turn that the session has by then.
import { orAbort } from '../../core/or-abort.ts'
import type { McpTool } from '../../tools/mcp-messages.ts'
import type { McpCall, McpOffer, McpServer } from '../../tools/mcp-server.ts'
import type { AcpClient, AcpSession } from '../acp-client.ts'
import type { AcpSessionInfo } from '../acp-types.ts'
import { SERVER } from './tool-reports.ts'
import type { TurnFunctions } from './tools.ts'

/** The functions that a session shows, and the same as bytes: by them it is found out whether it serves a turn. */
export type Shown = { tools: readonly McpTool[]; bytes: string }

export const toShown = (tools: readonly McpTool[]): Shown => ({ tools, bytes: JSON.stringify(tools) })
export const NO_FUNCTIONS = toShown([])

/** What the agent answered: the session is open. */
export type Opened = AcpSessionInfo & { sessionId: string }

/** Milliseconds an agent has to ask for the functions before it is asked itself; some do it when they are. */
const LIST_WITHIN = 1500

/** As for a boot, in milliseconds. */
const OPEN_WITHIN = 30_000

export class SessionOpening {
  /** When the agent was asked for it, by `performance.now()`. */
  private readonly since = performance.now()
  private readonly answer: Promise<Opened>
  private readonly offer: McpOffer | undefined
  private openSince: number | undefined
  /** Those of the turn that has the session. */
  private functions: TurnFunctions | undefined

  /** Asks for it at once. */
  constructor(
    client: AcpClient,
    mcp: McpServer,
    cwd: string,
    readonly shown: Shown,
  ) {
    this.offer = shown.tools.length === 0 ? undefined : mcp.offer(shown.tools, (call) => this.take(call))
    const mcpServers = this.offer ? [{ type: 'http' as const, name: SERVER, url: this.offer.url, headers: [] }] : []
    this.answer = client.newSession({ cwd, mcpServers })
    // It may fail before anybody waits for it.
    this.answer.then(
      () => (this.openSince = performance.now()),
      () => this.close(),
    )
  }

  get isOpen(): boolean {
    return this.openSince !== undefined
  }

  /** Aborts when it should have been open; `within` in milliseconds from when it was asked for, 30 s by default. */
  late(within = OPEN_WITHIN): AbortSignal {
    return AbortSignal.timeout(Math.max(0, Math.ceil(this.since + within - performance.now())))
  }

  /** Resolves when the session is open. @throws AcpError, GatewayError, the reason of the abort */
  opened(signal?: AbortSignal): Promise<Opened> {
    return signal ? orAbort(this.answer, signal) : this.answer
  }

  /** From now on, what is called in it is called in this turn. */
  bind(functions: TurnFunctions | undefined): void {
    this.functions = functions
  }

  /** What a permission that is asked for in it is answered with; undefined where it is not for a function. */
  permission(...[report]: Parameters<TurnFunctions['permission']>): ReturnType<TurnFunctions['permission']> {
    return this.functions?.permission(report)
  }

  /** Resolves when the agent knows the functions, as far as that can be seen. */
  async listed(signal: AbortSignal): Promise<void> {
    if (!this.offer) return
    const rest = LIST_WITHIN - (performance.now() - (this.openSince ?? this.since))
    const late = AbortSignal.any([signal, AbortSignal.timeout(Math.max(0, Math.ceil(rest)))])
    await orAbort(this.offer.listed, late).catch(() => signal.throwIfAborted())
  }

  /** Its functions are shown no more; calls that wait get no answer. Idempotent. */
  close(): void {
    this.offer?.close()
  }

  private take({ name, arguments: args }: McpCall): Promise<never> {
    if (!this.functions) throw new Error('It is nobody’s turn.')
    this.functions.take(name, args)
    // The caller has the answer, and brings it with the next request.
    return new Promise(() => {})
  }
}

/** A session that a turn has for itself. */
export type OpenSession = {
  session: AcpSession
  opening: SessionOpening
  /** Whether it was opened before there was a turn for it. */
  isAhead: boolean
}
