// The lines that Claude Code writes on stdout during a turn, as events. Pure: all that is remembered is in the state.
import { GatewayError } from '../../core/error.ts'
import type { ChatEvent } from '../../core/event.ts'
import { failureToError, resultFailure, retryFailure } from './errors.ts'
import { asFields, type Fields, fieldsAt, numberAt, textAt } from '../fields.ts'
import { finishOf, isQuiet } from './finish.ts'
import { checkInit } from './init-check.ts'
import { continueBlock, endBlocks, startBlock, stopBlock } from './stream-blocks.ts'
import { fail, type TurnState } from './turn-state.ts'
import { addTokens, tokensOf, tokensOfAll, toUsage } from './usage.ts'
import { activityEnds } from './web.ts'

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
    case 'user':
      return state.web ? activityEnds(state.running, message) : []
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
    { type: 'usage', usage: toUsage(addTokens(state.earlier, state.tokens), state.costUsd) },
    { type: 'finish', ...finish },
  ]
}

function readSystem(state: TurnState, message: Fields): ChatEvent[] {
  switch (message['subtype']) {
    case 'init': {
      state.checked = true
      const problem = checkInit(message, state.tools.offered, state.web)
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
    countAll(state, fieldsAt(message, 'modelUsage'))
    state.costUsd = numberAt(message, 'total_cost_usd')
    state.phase = 'over'
    return []
  }
  if (endedAfterCalls(state, message)) return endAfterCalls(state, message)
  if (state.web && message['subtype'] === 'error_max_turns') {
    return fail(
      state,
      new GatewayError('provider_error', `Claude asked ${state.rounds} times for searches, and gave no answer.`),
    )
  }
  if (message['is_error'] === true) {
    return fail(state, failureToError(resultFailure(message, state.failureKind, state.limits), state.now))
  }
  return fail(state, new GatewayError('provider_error', 'Claude Code ended the turn without an answer of the model.'))
}

function countAll(state: TurnState, byModel: Fields | undefined): void {
  if (!state.web) {
    state.tokens = { ...state.tokens, ...tokensOf(byModel) }
    return
  }
  const all = tokensOfAll(byModel)
  if (!all) return
  state.tokens = all
  state.earlier = {}
}

/** The limits that keep Claude Code from asking again. */
const OWN_LIMITS = new Set(['error_max_budget_usd', 'error_max_turns'])

/**
 * Claude Code (2.1.329) looks at its limits when a call has its result, and a call that it refuses has that at once: between
 * the last word of the answer and its end. That end, with the reason, is then never told; but all blocks are.
 */
function endedAfterCalls({ phase, called, blocks }: TurnState, { subtype }: Fields): boolean {
  return phase === 'answering' && called && blocks.size === 0 && OWN_LIMITS.has(String(subtype))
}

function endAfterCalls(state: TurnState, message: Fields): ChatEvent[] {
  const byModel = fieldsAt(message, 'modelUsage')
  state.tokens = { ...state.tokens, ...tokensOf(byModel) }
  state.costUsd = numberAt(message, 'total_cost_usd')
  // What was cut has the same end, and is often what Claude Code refuses: broken arguments.
  const most = state.maxTokens ?? numberAt(asFields(Object.values(byModel ?? {})[0]), 'maxOutputTokens') ?? Infinity
  const cut = (numberAt(state.tokens, 'output_tokens') ?? 0) >= most
  state.finish = { reason: cut ? 'length' : 'tool-calls' }
  state.phase = 'over'
  return []
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
      state.rounds += 1
      state.said = false
      state.called = false
      state.searched = false
      const message = fieldsAt(event, 'message')
      state.tokens = fieldsAt(message, 'usage') ?? {}
      const usage = { ...toUsage(addTokens(state.earlier, state.tokens)), estimated: true }
      const start = { type: 'stream-start' as const, model: textAt(message, 'model') ?? '', created: state.now }
      // The latter for whoever leaves before the end: the prompt has its price all the same.
      return [...(state.rounds === 1 ? [start] : []), { type: 'usage', usage }]
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

function readStop(state: TurnState, event: Fields): ChatEvent[] {
  const delta = fieldsAt(event, 'delta')
  const reason = textAt(delta, 'stop_reason')
  // Claude Code itself closes a stream that broke, with a reason of null: its `result` line tells the error.
  if (reason === undefined) return []
  const stopSequence = textAt(delta, 'stop_sequence')
  state.tokens = { ...state.tokens, ...fieldsAt(event, 'usage') }
  if (reason === 'tool_use' && state.searched && !state.called) {
    // The next round brings the answer, or the next search.
    state.earlier = addTokens(state.earlier, state.tokens)
    state.tokens = {}
    state.phase = 'waiting'
    return endBlocks(state)
  }
  state.finish = {
    reason: finishOf(reason),
    ...(stopSequence === undefined ? {} : { stopSequence }),
  }
  // After an answer that is cut, refused or empty it would urge the model to go on, at the caller's expense.
  state.phase = isQuiet(reason) && state.said ? 'stopped' : 'over'
  return endBlocks(state)
}
