// What the HTTP layer needs from the rest: a plain object of functions, so that tests put small fakes in its place.
import type { ChatRequest } from '../core/request.ts'
import type { RawRequest, RawRun } from '../core/raw.ts'
import type { Plan } from '../core/run.ts'
import type { Log } from '../observe/log.ts'
import type { Statistics } from '../observe/statistics.ts'
import type { AccessOptions } from '../policy/access.ts'
import type { RateLimit } from '../policy/rate-limit.ts'
import type { ResponseStore } from '../store/stored-response.ts'
import type { AgentModeOptions } from '../policy/agent-mode.ts'
import type { Drain } from './drain.ts'
import type { RunningResponses } from './running-responses.ts'

export type HttpOptions = {
  access: AccessOptions
  /** Refuses requests with fields that nobody honours. */
  strict: boolean
  /** Most bytes of a request's body. */
  bodyLimit: number
  /** Silence on a stream after which a comment is sent, in milliseconds. */
  keepAliveMs: number
  /** How long the head of a stream waits for the first event, which may still be an error with a status of its own. */
  headAfterMs: number
  /** What answers show of a CLI's own tools, where the request does not say; nothing, if left out. */
  messageMode?: 'ignore' | 'forward' | 'formatted'
  /** What agents may do; nothing, if left out. */
  agentMode?: AgentModeOptions
  /** Where clients reach the gateway, if not where it listens: `https://gate.example`. */
  publicUrl?: string
  /** Addresses or ranges of proxies whose `x-forwarded-for` counts. */
  trustedProxies?: readonly string[]
}

export type ModelEntry = {
  id: string
  displayName: string
  ownedBy: string
  /** Milliseconds since 1970. */
  created: number
  /** Who serves it. */
  provider?: string
  /** Tokens, where known. */
  contextWindow?: number
  maxOutputTokens?: number
  /** The same model again, under a name that asks for something more of it. */
  variant?: true
}
export type ModelList = readonly ModelEntry[]

type GatewayStatus = {
  version: string
  /** Milliseconds since 1970. */
  startedAt: number
  /** The state of each provider: `{ claude: 'ready' }`. Anyone may read it: nothing else belongs in here. */
  providers: Record<string, string>
}

/** A provider as its owner sees it. */
export type ProviderState = {
  provider: string
  state: 'ready' | 'not-installed' | 'not-logged-in' | 'degraded' | 'disabled'
  version?: string
  authMethod?: string
  notes: string[]
  fix?: string
}

export type ChildProcess = {
  pid: number
  provider: string
  state: 'booting' | 'idle' | 'busy' | 'stopping'
  /** Milliseconds since 1970. */
  startedAt: number
  /** Resident bytes, where the system tells them. */
  memory?: number
  turn?: string
}

/** CLIs whose own output is passed on. */
export type RawProcesses = {
  /** @throws GatewayError what keeps the CLI from starting */
  start(request: RawRequest, signal: AbortSignal): Promise<RawRun>
  /** False where there is no such process; else it is gone when this resolves. */
  stop(id: string): Promise<boolean>
}

export type Gateway = {
  config: HttpOptions
  /** @throws GatewayError `model_not_found`, `unsupported_parameter`, ... */
  plan(request: ChatRequest): Plan | Promise<Plan>
  /** The request with its images and documents fetched and checked. */
  prepare(request: ChatRequest, signal: AbortSignal): Promise<ChatRequest>
  models(): Promise<ModelList>
  /**
   * One model by any name that a request may give it, with an effort behind it or not; of one provider only, where one is given.
   * @throws GatewayError `model_not_found` where more can be said than that there is none
   */
  model(id: string, provider?: string): Promise<ModelEntry | undefined>
  status(): GatewayStatus
  /** The state of each provider, asked anew, without calling a model. */
  providers(signal: AbortSignal): Promise<readonly ProviderState[]>
  processes(): readonly ChildProcess[]
  /** Absent where nothing is limited. */
  rateLimit?: RateLimit
  /** Responses that callers may fetch or go on from. */
  responses: ResponseStore
  /** Responses in the background, those of the gateway before this one included; its own alone, if left out. */
  running?: RunningResponses
  raw: RawProcesses
  /** Hears of each request when it has ended. */
  statistics: Statistics
  log: Pick<Log, 'request' | 'warn' | 'error'>
  drain: Drain
}
