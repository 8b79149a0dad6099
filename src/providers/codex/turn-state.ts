// An answer as it grows: what has been said of it, and the events that this comes to. Pure.
import type { GatewayError } from '../../core/error.ts'
import type { ChatEvent, FinishReason } from '../../core/event.ts'
import type { Usage } from '../../core/usage.ts'
import { type Fields, textAt } from '../fields.ts'
import type { Permissions } from './init-check.ts'
import type { LimitWindow } from './limits.ts'
import { estimatedUsage } from './usage.ts'

/** `said`: some of it, but not all. */
type OpenBlock = { kind: 'text' | 'reasoning'; block: number; progress: 'empty' | 'said' | 'complete' }

export type TurnOptions = {
  model: string
  /** Milliseconds since 1970. */
  now: number
  /** Tokens of the conversation, for an answer that is stopped. */
  estimateInput: () => number
  /** Whether Codex asks again by itself, and is let while nothing has been said. */
  retries: boolean
  web: boolean
  /** The caller's own name for a function of his; undefined for one that the model was not given. */
  toCaller: (name: string) => string | undefined
  /** The latest that is known. */
  limits: () => readonly LimitWindow[]
}

export type TurnState = TurnOptions & {
  /** `over`: the last event has been given. `failed`: see `error`. */
  phase: 'waiting' | 'answering' | 'over' | 'failed'
  error?: GatewayError
  turnId?: string
  blocks: Map<string, OpenBlock>
  nextBlock: number
  /** Messages that have begun and not ended. */
  unfinished: Set<string>
  spoken: number
  usage?: Usage
  /** Calls of the model's. `unheld`: Codex is about to answer, and ask the model again. */
  calls: 'none' | 'held' | 'unheld'
}

export function turnState(options: TurnOptions): TurnState {
  return {
    ...options,
    phase: 'waiting',
    blocks: new Map(),
    nextBlock: 0,
    unfinished: new Set(),
    spoken: 0,
    calls: 'none',
  }
}

/** Whether nothing more is to be read. */
export function isOver({ phase }: TurnState): boolean {
  return phase === 'over' || phase === 'failed'
}

export function permissions({ web, toCaller }: TurnState): Permissions {
  return { web, offered: (name) => toCaller(name) !== undefined }
}

export function fail(state: TurnState, error: GatewayError): ChatEvent[] {
  state.phase = 'failed'
  state.error = error
  return []
}

/** The first sign that the model answers. */
export function begin(state: TurnState): ChatEvent[] {
  if (state.phase !== 'waiting') return []
  state.phase = 'answering'
  return [{ type: 'stream-start', model: state.model, created: state.now }]
}

export function open(state: TurnState, kind: OpenBlock['kind'], id: string): { open: OpenBlock; events: ChatEvent[] } {
  const known = state.blocks.get(id)
  if (known) return { open: known, events: [] }
  const opened: OpenBlock = { kind, block: state.nextBlock, progress: 'empty' }
  state.nextBlock += 1
  state.blocks.set(id, opened)
  return { open: opened, events: [{ type: `${kind}-start`, block: opened.block }] }
}

export function say(state: TurnState, kind: OpenBlock['kind'], id: string, text: string): ChatEvent[] {
  if (text === '') return []
  const events = begin(state)
  const { open: block, events: opening } = open(state, kind, id)
  block.progress = 'said'
  return [...events, ...opening, { type: `${block.kind}-delta`, block: block.block, text }]
}

/** A piece of the answer. */
export function speak(state: TurnState, params: Fields): ChatEvent[] {
  const text = textAt(params, 'delta') ?? ''
  if (text === '') return []
  state.spoken += tokensOf(text)
  return say(state, 'text', textAt(params, 'itemId') ?? '', text)
}

/** OpenAI's service sends a piece for each token; others send longer ones, which count by their length. */
function tokensOf(piece: string): number {
  return piece.length <= 32 ? 1 : Math.ceil(piece.length / 4)
}

/** A call comes whole: Codex passes on no pieces of its arguments (0.169.0). */
export function call(state: TurnState, item: Fields): ChatEvent[] {
  const text = textAt(item, 'arguments') ?? ''
  state.spoken += Math.ceil(text.length / 4)
  // While one of the caller's is held, Codex waits. What it cannot read, it does not hand over.
  if (state.calls !== 'held') state.calls = isJson(text) ? 'held' : 'unheld'
  const block = state.nextBlock
  state.nextBlock += 1
  return [
    ...begin(state),
    {
      type: 'tool-call-start',
      block,
      id: textAt(item, 'call_id') ?? '',
      name: state.toCaller(textAt(item, 'name') ?? '') ?? '',
    },
    ...(text === '' ? [] : [{ type: 'tool-call-delta' as const, block, arguments: text }]),
    { type: 'tool-call-end', block },
  ]
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

export function endBlock(state: TurnState, id: string, encrypted?: string): ChatEvent[] {
  const ended = state.blocks.get(id)
  if (!ended) return []
  state.blocks.delete(id)
  const { kind, block } = ended
  if (kind === 'text') return [{ type: 'text-end', block }]
  return [{ type: 'reasoning-end', block, ...(encrypted === undefined ? {} : { encrypted }) }]
}

export function finish(state: TurnState, reason: FinishReason): ChatEvent[] {
  const events = [...begin(state), ...[...state.blocks.keys()].flatMap((id) => endBlock(state, id))]
  // Of an answer that is stopped behind a call, nobody tells the tokens.
  const usage = state.usage ?? estimatedUsage(state.estimateInput(), state.spoken)
  state.phase = 'over'
  return [...events, { type: 'usage', usage }, { type: 'finish', reason }]
}
