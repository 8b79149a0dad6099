// How the CLI is told to open a conversation (0.61.0). It reads its policy and asks for its tools first, and the conversation last.
import { orAbort } from '../../core/or-abort.ts'
import type { McpTool } from '../../tools/mcp-messages.ts'
import type { McpCall, McpServer } from '../../tools/mcp-server.ts'
import type { AcpClient, AcpSession } from '../acp-client.ts'
import { notListedError } from './errors.ts'
import { SERVER } from './tools.ts'

/** What the CLI builds a session on before it reads the conversation. */
export type Base = {
  /** Which tools may be called (`policyText`). */
  policy: string
  /** The caller's functions (`shownTools`). */
  tools: readonly McpTool[]
  /** The same for what shows the model the same, to the byte: a session that is built on the one serves a turn with the other. */
  key: string
}

export const toBase = (policy: string, tools: readonly McpTool[]): Base => ({
  policy,
  tools,
  key: JSON.stringify([policy, tools]),
})

/** How long the CLI may take to read what it is offered, in milliseconds: it does so while it opens the conversation. */
const LISTED_WITHIN = 30_000

/** A session that the CLI has begun to load. */
export class SessionLoad {
  /** Collects what happens in it. */
  readonly session: AcpSession
  private readonly offer: ReturnType<McpServer['offer']> | undefined
  private readonly loaded: Promise<unknown>
  private isLoaded = false

  /** Asks for it at once: what `base` says has to be in its place. */
  constructor(
    client: AcpClient,
    mcp: McpServer,
    id: string,
    cwd: string,
    readonly base: Base,
  ) {
    const { tools } = base
    this.session = client.session(id)
    this.offer = tools.length === 0 ? undefined : mcp.offer(tools, (call) => this.endTurn(call))
    const mcpServers = this.offer ? [{ type: 'http' as const, name: SERVER, url: this.offer.url, headers: [] }] : []
    this.loaded = client.loadSession(id, { cwd, mcpServers })
    // It may fail before anybody waits for it.
    this.loaded.then(
      () => (this.isLoaded = true),
      () => {},
    )
  }

  /** Whether the CLI has read a conversation. */
  get isOver(): boolean {
    return this.isLoaded
  }

  /**
   * Resolves when the conversation is loaded and the functions have been read.
   * @throws AcpError, GatewayError, the reason of the abort
   */
  async complete(signal: AbortSignal): Promise<void> {
    await orAbort(this.loaded, signal)
    // Without its list the model would be asked as if there were no functions.
    if (this.offer) await within(this.offer.listed, LISTED_WITHIN, notListedError, signal)
  }

  /** Its functions are shown no more; calls that wait get no answer. Idempotent. */
  withdraw(): void {
    this.offer?.close()
  }

  /** Nothing of it is heard any more. Idempotent. */
  close(): void {
    this.withdraw()
    this.session.dispose()
  }

  /** A call that the CLI is about to make ends the turn, and gets no answer: what it is, stands in the CLI's notes. */
  private async endTurn({ signal }: McpCall): Promise<never> {
    this.session.cancel()
    const { promise, reject } = Promise.withResolvers<never>()
    signal.addEventListener('abort', () => reject(new Error('The turn is over.')), { once: true })
    return await promise
  }
}

/** Settles as `promise` does, or rejects after so many milliseconds, or when `signal` aborts. */
export async function within<T>(
  promise: Promise<T>,
  milliseconds: number,
  late: () => Error,
  signal: AbortSignal,
): Promise<T> {
  const { promise: over, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(late()), milliseconds)
  try {
    return await orAbort(Promise.race([promise, over]), signal)
  } finally {
    clearTimeout(timer)
  }
}
