// One turn on one worker: opens the conversation, asks, and reads the answer to its end.
import { GatewayError } from '../../core/error.ts'
import type { Batch, ChatEvent } from '../../core/event.ts'
import { type AnswerState, answerState, endEvents, readEvents, toolError } from '../acp-events.ts'
import type { PromptResponse } from '../acp-types.ts'
import { answerText, callEvents, HeldText, textEvents } from './answer.ts'
import { toFinishReason } from './finish.ts'
import { type ModelCall, notedCalls, recordedAnswer } from './calls.ts'
import { brokenOffError, emptyError, repeatedError } from './errors.ts'
import { CLI } from './options.ts'
import { isWebCall } from './settings.ts'
import { Thoughts } from './thoughts.ts'
import { isOfferedCall, type Offer } from './tools.ts'
import { recordedUsage, reportedUsage } from './usage.ts'
import type { GeminiWorker, Opening, OpenTurn } from './worker.ts'

export type Assignment = Opening & {
  /** What the answer is said to come from. */
  model: string
  maxTokens: number | undefined
  web: boolean
  /** What the model may call. */
  offer?: Offer
}

/** Where a turn is, for whoever has to clean up behind it. `refused`: the service did not take the worker's login. */
export type Progress = { open?: OpenTurn; settled: boolean; refused?: boolean }

/** @throws AcpError, GatewayError, the reason of the abort */
export async function* runTurn(
  worker: GeminiWorker,
  assignment: Assignment,
  progress: Progress,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  const { model, web, offer } = assignment
  const open = await worker.open(assignment, signal)
  progress.open = open
  const allows = (id: string) => (web && isWebCall(id)) || (offer !== undefined && isOfferedCall(id))
  const state = answerState(CLI.title, model, Date.now(), allows)
  const thoughts = new Thoughts()
  const held = offer?.answer ? new HeldText() : undefined
  for await (const events of open.session.prompt([{ type: 'text', text: '' }], { signal })) {
    const restored = thoughts.restore(events)
    const said = readEvents(state, held ? held.hold(restored) : restored)
    const stop = events.at(-1)
    if (stop?.type !== 'stop') {
      if (said.length > 0) yield said
      continue
    }
    progress.settled = true
    yield [...said, ...(await finish(state, stop.response, assignment, open, held?.text ?? ''))]
  }
}

async function finish(
  state: AnswerState,
  response: PromptResponse,
  { maxTokens, offer }: Assignment,
  open: OpenTurn,
  held: string,
): Promise<ChatEvent[]> {
  const [notes, answers, stopped] = await Promise.all([open.recorded(), open.answered(), open.stopped()])
  if (stopped) throw repeatedError()
  const answer = recordedAnswer(answers)
  const calls = callsOf(response, offer, () => answer?.calls ?? notedCalls(notes))
  const reported = reportedUsage(response)
  const usage = recordedUsage(notes) ?? reported
  const spoke = state.spoke || held !== '' || calls.length > 0
  // The CLI takes a stream that breaks off for an answer, but counts nothing.
  if (!usage) throw spoke ? brokenOffError() : emptyError(answer?.finish)
  const isFull = maxTokens !== undefined && usage.output >= maxTokens
  const told = response.stopReason === 'refusal' ? 'content-filter' : toFinishReason(answer?.finish)
  if (!spoke && !isFull && told !== 'length') throw emptyError(answer?.finish)
  const end = endEvents(state)
  const counted: ChatEvent = { type: 'usage', usage }
  const text = offer && answerText(calls, offer)
  if (offer && calls.length > 0 && text === undefined) {
    const { answer: own, names } = offer
    const theirs = calls.filter(({ name }) => own === undefined || names.toCaller(name) !== own.name)
    const called = [...textEvents(state, held), ...callEvents(state, theirs, offer)]
    return [...end, ...called, counted, { type: 'finish', reason: 'tool-calls' }]
  }
  const reason = told ?? (isFull ? 'length' : 'stop')
  return [...end, ...textEvents(state, text ?? held), counted, { type: 'finish', reason }]
}

/** The calls that the turn ended with; none where it ended by itself. @throws GatewayError */
function callsOf({ stopReason }: PromptResponse, offer: Offer | undefined, read: () => ModelCall[]): ModelCall[] {
  switch (stopReason) {
    case 'cancelled':
    case 'max_turn_requests': {
      const calls = offer ? read() : []
      if (calls.length > 0) return calls
      if (stopReason === 'cancelled') throw new GatewayError('provider_error', 'Gemini CLI gave the answer up.')
      throw toolError(CLI.title, 'unknown')
    }
    case 'max_tokens':
      // Found by the CLI's own count, before anything was asked.
      throw new GatewayError(
        'context_length_exceeded',
        'The conversation is longer than the context window of this model.',
      )
    case 'refusal':
    case 'end_turn':
      return []
    default:
      return stopReason satisfies never
  }
}
