// What an agent says in a chat turn, as events. Pure: the state says where in the answer we are.
import { GatewayError } from '../core/error.ts'
import type { ChatEvent } from '../core/event.ts'
import type { AcpEvent, SessionUpdate } from './acp-types.ts'

export type AnswerState = {
  /** The agent's name for people. */
  agent: string
  model: string
  /** Milliseconds since 1970. */
  created: number
  started: boolean
  /** The next block's number. */
  blocks: number
  open: 'text' | 'reasoning' | undefined
  /** Whether a word of text has come. */
  spoke: boolean
  /** Whether the agent may make this call; none where it is left out. */
  allows?: (toolCallId: string) => boolean
}

export function answerState(
  agent: string,
  model: string,
  created: number,
  allows?: AnswerState['allows'],
): AnswerState {
  return { agent, model, created, started: false, blocks: 0, open: undefined, spoke: false, allows }
}

/**
 * The events that one read gives; the answer begins with its first word. Neither `usage` nor `finish` is among them.
 * @throws GatewayError `provider_error` where the agent uses a tool of its own: chat mode has none
 */
export function readEvents(state: AnswerState, events: readonly AcpEvent[]): ChatEvent[] {
  const said: ChatEvent[] = []
  for (const event of events) {
    switch (event.type) {
      case 'permission':
        checkTool(state, event.request.toolCall)
        break
      case 'update':
        readUpdate(state, event.update, said)
        break
      case 'stop':
        break
      default:
        event satisfies never
    }
  }
  return said
}

/** Closes what is open, for `usage` and `finish` to follow. An answer without a word begins here. */
export function endEvents(state: AnswerState): ChatEvent[] {
  const events: ChatEvent[] = []
  start(state, events)
  close(state, events)
  return events
}

function readUpdate(state: AnswerState, update: SessionUpdate, said: ChatEvent[]): void {
  switch (update.sessionUpdate) {
    case 'agent_message_chunk':
      return say(state, 'text', update.content, said)
    case 'agent_thought_chunk':
      return say(state, 'reasoning', update.content, said)
    case 'tool_call':
    case 'tool_call_update':
      return checkTool(state, update)
    default:
      // Commands, modes, plans, usage of the context window, and whatever later versions tell.
      return
  }
}

function say(
  state: AnswerState,
  kind: 'text' | 'reasoning',
  content: Extract<SessionUpdate, { sessionUpdate: 'agent_message_chunk' }>['content'],
  said: ChatEvent[],
): void {
  if (content?.type !== 'text' || content.text === '') return
  start(state, said)
  if (state.open !== kind) {
    close(state, said)
    said.push({ type: `${kind}-start`, block: state.blocks })
    state.blocks += 1
    state.open = kind
  }
  if (kind === 'text') state.spoke = true
  said.push({ type: `${kind}-delta`, block: state.blocks - 1, text: content.text })
}

function start(state: AnswerState, events: ChatEvent[]): void {
  if (state.started) return
  state.started = true
  events.push({ type: 'stream-start', model: state.model, created: state.created })
}

function close(state: AnswerState, events: ChatEvent[]): void {
  if (state.open) events.push({ type: `${state.open}-end`, block: state.blocks - 1 })
  state.open = undefined
}

function checkTool(state: AnswerState, call: { toolCallId: string; title?: string | null }): void {
  if (!state.allows?.(call.toolCallId)) throw toolError(state.agent, call.title)
}

/** For the log and the caller: the agent did what chat mode forbids. */
export function toolError(agent: string, title: unknown): GatewayError {
  const tool = (typeof title === 'string' ? title : 'unknown').replace(/[^\w.:@ -]/g, '?').slice(0, 60)
  return new GatewayError(
    'provider_error',
    `${agent} began to use a tool of its own (${tool}), which chat mode forbids. The turn was stopped.`,
  )
}
