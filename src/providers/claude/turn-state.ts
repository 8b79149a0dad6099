// All that is remembered of a turn while its lines are read.
import type { GatewayError } from '../../core/error.ts'
import type { ChatEvent, FinishReason } from '../../core/event.ts'
import type { Fields } from '../acp-fields.ts'
import { NONE_OFFERED, type OfferedTools } from './tools.ts'

/** A block of the answer that has begun and not ended. */
export type OpenBlock = {
  kind: 'text' | 'reasoning' | 'tool-call'
  block: number
  signature: string
  encrypted?: string
  /** Arguments of a call that came at its start; used where nothing follows. */
  input?: string
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
  /** The model has said something: text, or a call. */
  said: boolean
  /** It has called a function. */
  called: boolean
  blocks: Map<number, OpenBlock>
  nextBlock: number
  tokens: Fields
  costUsd?: number
  finish?: { reason: FinishReason; stopSequence?: string }
  /** Claude Code's word for the failure that its `result` line will tell. */
  failureKind?: string
  limits?: Fields
}

export type TurnOptions = { renewable?: boolean; tools?: OfferedTools; maxTokens?: number }

export function turnState(asked: string, now: number, options: TurnOptions = {}): TurnState {
  const { renewable = false, tools = NONE_OFFERED, maxTokens } = options
  const answer = { said: false, called: false, blocks: new Map(), nextBlock: 0, tokens: {} }
  return { asked, now, renewable, tools, maxTokens, phase: 'waiting', checked: false, ...answer }
}

/** What went wrong counts, unless the answer is complete. */
export function fail(state: TurnState, error: GatewayError): ChatEvent[] {
  if (state.phase === 'stopped' || state.phase === 'over') return []
  state.phase = 'failed'
  state.error = error
  return []
}
