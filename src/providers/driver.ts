// What a provider is to the rest of the gateway. One folder below providers/ implements it for each CLI or upstream.
import type { ChatRequest, Parameter } from '../core/request.ts'
import type { RunTurn, Support } from '../core/turn.ts'

/** A model that a provider can serve. */
export type Model = {
  /** The provider's own name, without prefix or suffix: `claude-sonnet-5-5`. */
  id: string
  displayName: string
  /** Shorter names that the provider's own CLI knows for it: `['sonnet']`. */
  aliases: string[]
  /** Milliseconds since 1970, where known. */
  created?: number
  /** Effort levels that change something for this model. */
  efforts: readonly string[]
  /** Tokens of prompt and answer together, where known. */
  contextWindow?: number
  maxOutputTokens?: number
}

export type ProviderStatus = {
  provider: string
  state: 'ready' | 'not-installed' | 'not-logged-in' | 'degraded' | 'disabled'
  version?: string
  /** Where the CLI was found. */
  path?: string
  /** How it is logged in: `api_key`, `oauth_token`, ... never the credential itself. */
  authMethod?: string
  /** What is wrong or worth knowing, one plain sentence each. */
  notes: string[]
  /** The command that mends it: `npm install -g @anthropic-ai/claude-code`. */
  fix?: string
}

/** A child process as `GET /processes` and `doctor` show it. Times in milliseconds since 1970, memory in bytes. */
export type ProcessInfo = {
  pid: number
  provider: string
  state: 'booting' | 'idle' | 'busy' | 'stopping'
  startedAt: number
  turn?: string
}

export interface Driver {
  readonly name: string
  /** What of the caller's parameters is honoured for this model. A parameter left out counts as `ignored`. */
  support(request: ChatRequest, model: string): Partial<Record<Parameter, Support>>
  /**
   * Runs one turn. Events keep the order of `assertOrder`; failures are thrown as GatewayError, before or after the
   * first batch. When `signal` aborts, or the consumer stops reading, everything the turn started is gone within 200 ms.
   */
  run: RunTurn
  /** The models it can serve now, without a model call. Rejects when the provider cannot be asked. */
  models(signal: AbortSignal): Promise<Model[]>
  /** What is installed and logged in, without a model call. */
  status(signal: AbortSignal): Promise<ProviderStatus>
  /** Begins warm-up in the background; returns at once. Called once, when the server starts. */
  start?(): void
  processes(): ProcessInfo[]
  /** Stops and removes everything it started. Idempotent. */
  close(): Promise<void>
}
