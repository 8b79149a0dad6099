// All that is remembered of a turn while its lines are read.
import type { GatewayError } from '../../core/error.ts'
import type { ChatEvent, FinishReason } from '../../core/event.ts'
import type { Fields } from '../fields.ts'
import { NONE_OFFERED, type OfferedTools } from './tools.ts'

/** A block of the answer that has begun and not ended. */
export type OpenBlock = {
  /** `web` is a call of a web tool, which is Claude Code's own affair. */
  kind: 'text' | 'reasoning' | 'tool-call' | 'web'
  block: number
  signature: string
  encrypted?: string
  /** Arguments of a call that came at its start, used where nothing follows; of a web tool, all that have come. */
  input?: string
  /** Name of a web tool. */
  name?: string
}

export type TurnState = {
  /** The uuid of the message that asks; what is said about others is history. */
  asked: string
  /** Milliseconds since 1970, for `stream-start`. */
  now: number
  /**
   * `stopped`: the answer is complete, and a `result` line with its cost should follow. `over`: nothing more is wanted, and the
   * process has to go at once. `failed`: see `error`.
   */
  phase: 'waiting' | 'answering' | 'stopped' | 'over' | 'failed'
  error?: GatewayError
  /** The report that there are no tools has come. */
  checked: boolean
  tools: OfferedTools
  /** Tokens that the answer may have, where the caller said so. */
  maxTokens?: number
  /** The login can be renewed, so that its refusal is not the end. */
  renewable: boolean
  /** Web tools may run: their calls end a round, and not the answer. */
  web: boolean
  /** Rounds that have begun: one for each request that is the answer's. */
  rounds: number
  /** The model has said something in this round: text, or a call. */
  said: boolean
  /** It has called a function in this round. */
  called: boolean
  /** It has called a web tool in this round. */
  searched: boolean
  /** Names of the web tools that run, by the ids of their calls. */
  running: Map<string, string>
  blocks: Map<number, OpenBlock>
  nextBlock: number
  /** Of this round, and of those before it. */
  tokens: Fields
  earlier: Fields
  costUsd?: number
  finish?: { reason: FinishReason; stopSequence?: string }
  /** Claude Code's word for the failure that its `result` line will tell. */
  failureKind?: string
  limits?: Fields
}

export type TurnOptions = { renewable?: boolean; tools?: OfferedTools; maxTokens?: number; web?: boolean }

export function turnState(asked: string, now: number, options: TurnOptions = {}): TurnState {
  const { renewable = false, tools = NONE_OFFERED, maxTokens, web = false } = options
  const answer = {
    rounds: 0,
    said: false,
    called: false,
    searched: false,
    blocks: new Map(),
    nextBlock: 0,
    tokens: {},
    earlier: {},
  }
  const phase = 'waiting'
  return { asked, now, renewable, tools, maxTokens, web, phase, checked: false, running: new Map(), ...answer }
}

/** What went wrong first counts, unless the answer is complete. */
export function fail(state: TurnState, error: GatewayError): ChatEvent[] {
  if (state.phase === 'stopped' || state.phase === 'over' || state.phase === 'failed') return []
  state.phase = 'failed'
  state.error = error
  return []
}
