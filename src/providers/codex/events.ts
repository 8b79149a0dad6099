// What Codex says during a turn, as events. Pure: all that is remembered is in the state.
import { GatewayError } from '../../core/error.ts'
import type { ChatEvent, FinishReason } from '../../core/event.ts'
import type { Usage } from '../../core/usage.ts'
import { type Fields, fieldsAt, listAt, numberAt, textAt } from '../acp-fields.ts'
import { brokenOff, type Failure, failureToError, incompleteReason, toFailure } from './errors.ts'
import { checkItem, checkRawItem, refusedRequest } from './init-check.ts'
import type { LimitWindow } from './limits.ts'
import { estimatedUsage, toUsage } from './usage.ts'

/** A notification, or a request of Codex's that was refused. */
export type Message = { method: string; params: Fields; refused?: boolean }

/** `said`: some of it, but not all. */
type OpenBlock = { kind: 'text' | 'reasoning'; block: number; progress: 'empty' | 'said' | 'complete' }

export type TurnOptions = {
  model: string
  /** Milliseconds since 1970. */
  now: number
  /** Pieces of text after which the answer is cut. */
  maxTokens?: number
  /** Tokens of the conversation, for an answer that is cut. */
  estimateInput: () => number
  /** Whether Codex asks again by itself, and is let while nothing has been said. */
  retries: boolean
  web: boolean
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
}

export function turnState(options: TurnOptions): TurnState {
  return { ...options, phase: 'waiting', blocks: new Map(), nextBlock: 0, unfinished: new Set(), spoken: 0 }
}

/** Takes one message; gives the events it comes to. */
export function readMessage(state: TurnState, { method, params, refused }: Message): ChatEvent[] {
  if (state.phase === 'over' || state.phase === 'failed') return []
  if (refused) return fail(state, refusedRequest(method))
  if (method === 'turn/started') {
    state.turnId = textAt(fieldsAt(params, 'turn'), 'id')
    return []
  }
  // Items of the history are echoed as if they were new, under the id of another turn.
  const turnId = textAt(params, 'turnId') ?? textAt(fieldsAt(params, 'turn'), 'id')
  if (turnId === undefined || turnId !== state.turnId) return []
  switch (method) {
    case 'item/started':
      return startItem(state, fieldsAt(params, 'item') ?? {})
    case 'item/agentMessage/delta':
      return speak(state, params)
    case 'item/reasoning/summaryTextDelta':
    case 'item/reasoning/textDelta':
      return say(state, 'reasoning', textAt(params, 'itemId') ?? '', textAt(params, 'delta') ?? '')
    case 'item/reasoning/summaryPartAdded':
      return (numberAt(params, 'summaryIndex') ?? 0) > 0
        ? say(state, 'reasoning', textAt(params, 'itemId') ?? '', '\n\n')
        : []
    case 'item/completed':
      return endItem(state, fieldsAt(params, 'item') ?? {})
    case 'rawResponseItem/completed':
      return endRawItem(state, fieldsAt(params, 'item') ?? {})
    case 'rawResponse/completed':
      state.usage = toUsage(fieldsAt(params, 'usage') ?? {})
      return []
    case 'model/rerouted':
      state.model = textAt(params, 'toModel') ?? state.model
      return []
    case 'error':
      return readError(state, params)
    case 'turn/completed':
      return readEnd(state, fieldsAt(params, 'turn') ?? {})
    default:
      return []
  }
}

function fail(state: TurnState, error: GatewayError): ChatEvent[] {
  state.phase = 'failed'
  state.error = error
  return []
}

function failWith(state: TurnState, failure: Failure): ChatEvent[] {
  return fail(state, failureToError(failure, state.limits(), state.now))
}

/** The first sign that the model answers. */
function begin(state: TurnState): ChatEvent[] {
  if (state.phase !== 'waiting') return []
  state.phase = 'answering'
  return [{ type: 'stream-start', model: state.model, created: state.now }]
}

function startItem(state: TurnState, item: Fields): ChatEvent[] {
  const [type, id] = [textAt(item, 'type') ?? 'unknown', textAt(item, 'id') ?? '']
  const problem = checkItem(type, state.web)
  if (problem) return fail(state, problem)
  if (type !== 'agentMessage' && type !== 'reasoning') return []
  // The first time that a WebSocket breaks, Codex asks again without a word of it (0.169.0).
  if ([...state.blocks.values()].some(({ progress }) => progress === 'said')) return fail(state, brokenOff())
  const abandoned = [...state.blocks.keys()].flatMap((open) => endBlock(state, open))
  state.unfinished.clear()
  if (type === 'reasoning') return [...begin(state), ...abandoned, ...open(state, 'reasoning', id).events]
  // Its block waits for its first text: a message that the model refuses to write has none.
  state.unfinished.add(id)
  return [...begin(state), ...abandoned]
}

function open(state: TurnState, kind: OpenBlock['kind'], id: string): { open: OpenBlock; events: ChatEvent[] } {
  const known = state.blocks.get(id)
  if (known) return { open: known, events: [] }
  const opened: OpenBlock = { kind, block: state.nextBlock, progress: 'empty' }
  state.nextBlock += 1
  state.blocks.set(id, opened)
  return { open: opened, events: [{ type: `${kind}-start`, block: opened.block }] }
}

function say(state: TurnState, kind: OpenBlock['kind'], id: string, text: string): ChatEvent[] {
  if (text === '') return []
  const events = begin(state)
  const { open: block, events: opening } = open(state, kind, id)
  block.progress = 'said'
  return [...events, ...opening, { type: `${block.kind}-delta`, block: block.block, text }]
}

/** A piece of the answer, if it may still be said. */
function speak(state: TurnState, params: Fields): ChatEvent[] {
  const text = textAt(params, 'delta') ?? ''
  if (text === '') return []
  if (state.maxTokens !== undefined && state.spoken >= state.maxTokens) return finish(state, 'length')
  state.spoken += tokensOf(text)
  return say(state, 'text', textAt(params, 'itemId') ?? '', text)
}

/** OpenAI's service sends a piece for each token; others send longer ones, which count by their length. */
function tokensOf(piece: string): number {
  return piece.length <= 32 ? 1 : Math.ceil(piece.length / 4)
}

/** The end of an item. What came without any delta is said now. */
function endItem(state: TurnState, item: Fields): ChatEvent[] {
  const [type, id] = [textAt(item, 'type'), textAt(item, 'id') ?? '']
  const unsaid = (state.blocks.get(id)?.progress ?? 'empty') === 'empty'
  if (type === 'reasoning') {
    // Its block ends with the raw item, which has the sealed part.
    const summary = (listAt(item, 'summary') ?? []).filter((part) => typeof part === 'string')
    const events = unsaid ? say(state, 'reasoning', id, summary.join('\n\n')) : []
    const block = state.blocks.get(id)
    if (block) block.progress = 'complete'
    return events
  }
  if (type !== 'agentMessage') return []
  state.unfinished.delete(id)
  const events = unsaid ? speak(state, { itemId: id, delta: item['text'] }) : []
  return [...events, ...endBlock(state, id)]
}

function endRawItem(state: TurnState, item: Fields): ChatEvent[] {
  const type = textAt(item, 'type') ?? 'unknown'
  const problem = checkRawItem(type, state.web)
  if (problem) return fail(state, problem)
  return type === 'reasoning' ? endBlock(state, textAt(item, 'id') ?? '', textAt(item, 'encrypted_content')) : []
}

function endBlock(state: TurnState, id: string, encrypted?: string): ChatEvent[] {
  const ended = state.blocks.get(id)
  if (!ended) return []
  state.blocks.delete(id)
  const { kind, block } = ended
  if (kind === 'text') return [{ type: 'text-end', block }]
  return [{ type: 'reasoning-end', block, ...(encrypted === undefined ? {} : { encrypted }) }]
}

function finish(state: TurnState, reason: FinishReason): ChatEvent[] {
  const events = [...begin(state), ...[...state.blocks.keys()].flatMap((id) => endBlock(state, id))]
  // An answer that is cut is never paid to the end, so that nobody tells its tokens.
  const usage = state.usage ?? estimatedUsage(state.estimateInput(), state.spoken)
  state.phase = 'over'
  return [...events, { type: 'usage', usage }, { type: 'finish', reason }]
}

/** What another attempt would not change. A 403 may come from a proxy that lets no WebSocket through: after five, it takes HTTP. */
const FINAL_STATUS = new Set([400, 401, 402, 404, 413, 422, 429])

/** Codex asks again by itself after some failures: which repeats what has been said, and may take half a minute. */
function readError(state: TurnState, params: Fields): ChatEvent[] {
  // The last one comes once more with the end of the turn.
  if (params['willRetry'] !== true) return []
  const failure = toFailure(fieldsAt(params, 'error') ?? {})
  if (state.retries && state.phase === 'waiting' && !FINAL_STATUS.has(failure.status ?? 0)) return []
  return failWith(state, failure)
}

function readEnd(state: TurnState, turn: Fields): ChatEvent[] {
  switch (textAt(turn, 'status')) {
    case 'completed':
      // A message that began and never came is a refusal, whose words Codex drops (0.169.0).
      return finish(state, state.unfinished.size > 0 ? 'content-filter' : 'stop')
    case 'failed': {
      const failure = toFailure(fieldsAt(turn, 'error') ?? {})
      const reason = incompleteReason(failure)
      return reason ? finish(state, reason) : failWith(state, failure)
    }
    default:
      return fail(state, new GatewayError('provider_error', 'Codex ended the turn without an answer of the model.'))
  }
}
