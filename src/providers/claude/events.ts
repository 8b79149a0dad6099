// The lines that Claude Code writes on stdout during a turn, as events. Pure: all that is remembered is in the state.
import { GatewayError } from '../../core/error.ts'
import type { ChatEvent, FinishReason } from '../../core/event.ts'
import { failureToError, resultFailure, retryFailure } from './errors.ts'
import { type Fields, fieldsAt, numberAt, textAt } from '../acp-fields.ts'
import { finishOf, isQuiet } from './finish.ts'
import { checkInit } from './init-check.ts'
import { tokensOf, toUsage } from './usage.ts'

type OpenBlock = { kind: 'text' | 'reasoning' | 'tool-call'; block: number; signature: string; encrypted?: string }

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
  /** The login can be renewed, so that its refusal is not the end. */
  renewable: boolean
  /** The model has said something: text, or a call. */
  said: boolean
  blocks: Map<number, OpenBlock>
  nextBlock: number
  tokens: Fields
  costUsd?: number
  finish?: { reason: FinishReason; stopSequence?: string }
  /** Claude Code's word for the failure that its `result` line will tell. */
  failureKind?: string
  limits?: Fields
}

export function turnState(asked: string, now: number, renewable = false): TurnState {
  const answer = { said: false, blocks: new Map(), nextBlock: 0, tokens: {} }
  return { asked, now, renewable, phase: 'waiting', checked: false, ...answer }
}

/** Takes one line; gives the events it comes to. */
export function readLine(state: TurnState, message: Fields): ChatEvent[] {
  // What a sub-agent says is not the answer.
  if (typeof message['parent_tool_use_id'] === 'string') return []
  switch (message['type']) {
    case 'stream_event':
      return readStreamEvent(state, fieldsAt(message, 'event') ?? {})
    case 'system':
      return readSystem(state, message)
    case 'assistant':
      state.failureKind = textAt(message, 'error') ?? state.failureKind
      return []
    case 'rate_limit_event':
      state.limits = fieldsAt(message, 'rate_limit_info')
      return []
    case 'result':
      return readResult(state, message)
    default:
      return []
  }
}

/** The last events of an answer that is complete. */
export function finishEvents(state: TurnState): ChatEvent[] {
  const finish = state.finish ?? { reason: 'stop' }
  return [
    ...endBlocks(state),
    { type: 'usage', usage: toUsage(state.tokens, state.costUsd) },
    { type: 'finish', ...finish },
  ]
}

function fail(state: TurnState, error: GatewayError): ChatEvent[] {
  if (state.phase === 'stopped' || state.phase === 'over') return []
  state.phase = 'failed'
  state.error = error
  return []
}

function readSystem(state: TurnState, message: Fields): ChatEvent[] {
  switch (message['subtype']) {
    case 'init': {
      state.checked = true
      const problem = checkInit(message)
      return problem ? fail(state, problem) : []
    }
    case 'api_retry':
      // A stored login is renewed and tried once more. No other failure is worth a second request here, and one that follows
      // on a part of an answer would begin it anew.
      if (state.renewable && numberAt(message, 'error_status') === 401) return []
      return fail(state, failureToError(retryFailure(message), state.now))
    case 'model_refusal_no_fallback':
      // The end of such an answer may never be passed on (2.1.329 with a budget), but its cost is.
      if (state.phase !== 'answering') return []
      state.phase = 'stopped'
      state.finish = { reason: 'content-filter' }
      return endBlocks(state)
    default:
      return []
  }
}

function readResult(state: TurnState, message: Fields): ChatEvent[] {
  const about = textAt(message, 'user_message_uuid')
  if (about !== undefined && about !== state.asked) return []
  if (state.phase === 'stopped') {
    state.tokens = { ...state.tokens, ...tokensOf(fieldsAt(message, 'modelUsage')) }
    state.costUsd = numberAt(message, 'total_cost_usd')
    state.phase = 'over'
    return []
  }
  if (message['is_error'] === true) {
    return fail(state, failureToError(resultFailure(message, state.failureKind, state.limits), state.now))
  }
  return fail(state, new GatewayError('provider_error', 'Claude Code ended the turn without an answer of the model.'))
}

function readStreamEvent(state: TurnState, event: Fields): ChatEvent[] {
  if (!state.checked) {
    return fail(
      state,
      new GatewayError('internal_error', 'Claude Code did not report its tools. The turn was stopped.'),
    )
  }
  // A second message is one that nobody asked for, and what comes before the first is no part of it.
  if (state.phase !== (event['type'] === 'message_start' ? 'waiting' : 'answering')) return []
  switch (event['type']) {
    case 'message_start': {
      state.phase = 'answering'
      const message = fieldsAt(event, 'message')
      state.tokens = fieldsAt(message, 'usage') ?? {}
      const usage = { ...toUsage(state.tokens), estimated: true }
      // The latter for whoever leaves before the end: the prompt has its price all the same.
      return [
        { type: 'stream-start', model: textAt(message, 'model') ?? '', created: state.now },
        { type: 'usage', usage },
      ]
    }
    case 'content_block_start': {
      const index = numberAt(event, 'index') ?? 0
      return [...stopBlock(state, index), ...startBlock(state, index, fieldsAt(event, 'content_block') ?? {})]
    }
    case 'content_block_delta':
      return continueBlock(state, numberAt(event, 'index') ?? 0, fieldsAt(event, 'delta') ?? {})
    case 'content_block_stop':
      return stopBlock(state, numberAt(event, 'index') ?? 0)
    case 'message_delta':
      return readStop(state, event)
    default:
      return []
  }
}

function startBlock(state: TurnState, index: number, content: Fields): ChatEvent[] {
  const open = (kind: OpenBlock['kind'], encrypted?: string): number => {
    const block = state.nextBlock++
    state.blocks.set(index, { kind, block, signature: '', ...(encrypted === undefined ? {} : { encrypted }) })
    return block
  }
  switch (content['type']) {
    case 'text': {
      const block = open('text')
      return [{ type: 'text-start', block }, ...say(state, block, textAt(content, 'text') ?? '')]
    }
    case 'thinking':
      return [{ type: 'reasoning-start', block: open('reasoning') }]
    case 'redacted_thinking':
      return [{ type: 'reasoning-start', block: open('reasoning', textAt(content, 'data') ?? '') }]
    case 'tool_use': {
      state.said = true
      const [id, name] = [textAt(content, 'id') ?? '', textAt(content, 'name') ?? '']
      return [{ type: 'tool-call-start', block: open('tool-call'), id, name }]
    }
    default:
      return []
  }
}

function say(state: TurnState, block: number, text: string): ChatEvent[] {
  if (text === '') return []
  state.said = true
  return [{ type: 'text-delta', block, text }]
}

/** Pieces of another kind than their block say nothing. */
function continueBlock(state: TurnState, index: number, delta: Fields): ChatEvent[] {
  const open = state.blocks.get(index)
  if (!open) return []
  const { block, kind } = open
  switch (delta['type']) {
    case 'text_delta':
      return kind === 'text' ? say(state, block, textAt(delta, 'text') ?? '') : []
    case 'thinking_delta':
      if (kind !== 'reasoning') return []
      return [{ type: 'reasoning-delta', block, text: textAt(delta, 'thinking') ?? '' }]
    case 'input_json_delta':
      if (kind !== 'tool-call') return []
      return [{ type: 'tool-call-delta', block, arguments: textAt(delta, 'partial_json') ?? '' }]
    case 'signature_delta':
      open.signature += textAt(delta, 'signature') ?? ''
      return []
    default:
      return []
  }
}

function endBlock({ kind, block, signature, encrypted }: OpenBlock): ChatEvent {
  if (kind !== 'reasoning') return { type: `${kind}-end`, block }
  return {
    type: 'reasoning-end',
    block,
    ...(signature === '' ? {} : { signature }),
    ...(encrypted === undefined ? {} : { encrypted }),
  }
}

function stopBlock(state: TurnState, index: number): ChatEvent[] {
  const open = state.blocks.get(index)
  state.blocks.delete(index)
  return open ? [endBlock(open)] : []
}

function endBlocks(state: TurnState): ChatEvent[] {
  const ends = [...state.blocks.values()].map(endBlock)
  state.blocks.clear()
  return ends
}

function readStop(state: TurnState, event: Fields): ChatEvent[] {
  const delta = fieldsAt(event, 'delta')
  const reason = textAt(delta, 'stop_reason')
  // Claude Code itself closes a stream that broke, with a reason of null: its `result` line tells the error.
  if (reason === undefined) return []
  const stopSequence = textAt(delta, 'stop_sequence')
  state.tokens = { ...state.tokens, ...fieldsAt(event, 'usage') }
  state.finish = {
    reason: finishOf(reason),
    ...(stopSequence === undefined ? {} : { stopSequence }),
  }
  // After an answer that is cut, refused or empty it would urge the model to go on, at the caller's expense.
  state.phase = isQuiet(reason) && state.said ? 'stopped' : 'over'
  return endBlocks(state)
}
