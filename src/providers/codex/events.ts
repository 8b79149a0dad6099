// What Codex says during a turn, as events. Pure: all that is remembered is in the state.
import { sealedBy } from '../../tools/reasoning-seal.ts'
import { GatewayError } from '../../core/error.ts'
import type { ChatEvent } from '../../core/event.ts'
import { type Fields, fieldsAt, listAt, numberAt, textAt } from '../fields.ts'
import { brokenOff, type Failure, failureToError, incompleteReason, toFailure } from './errors.ts'
import { checkItem, checkRawItem, refusedRequest } from './init-check.ts'
import { begin, call, endBlock, fail, finish, open, permissions, say, speak, type TurnState } from './turn-state.ts'
import { toUsage } from './usage.ts'

/** A notification, or a request of Codex's: one that was refused, or one that waits (`request` is its id). */
export type Message = { method: string; params: Fields; refused?: boolean; request?: unknown }

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
      return state.calls === 'none' ? [] : finish(state, 'tool-calls')
    case 'item/tool/call':
      return permissions(state).offered(textAt(params, 'tool') ?? '') ? [] : fail(state, refusedRequest(method))
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

/** After all that came in one read: an answer ends early where Codex would ask the model again by itself. */
export function endRead(state: TurnState): ChatEvent[] {
  return state.phase === 'answering' && state.calls === 'unheld' ? finish(state, 'tool-calls') : []
}

function failWith(state: TurnState, failure: Failure): ChatEvent[] {
  return fail(state, failureToError(failure, state.limits(), state.now))
}

function startItem(state: TurnState, item: Fields): ChatEvent[] {
  const [type, id] = [textAt(item, 'type'), textAt(item, 'id') ?? '']
  const problem = checkItem(item, permissions(state))
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
  const problem = checkRawItem(item, permissions(state))
  if (problem) return fail(state, problem)
  switch (textAt(item, 'type')) {
    case 'reasoning': {
      const sealed = textAt(item, 'encrypted_content')
      return endBlock(state, textAt(item, 'id') ?? '', sealed === undefined ? undefined : sealedBy('codex', sealed))
    }
    case 'function_call':
      return call(state, item)
    default:
      return []
  }
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
