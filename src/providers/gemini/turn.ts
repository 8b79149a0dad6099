// One turn on one worker: opens the conversation, asks, and reads the answer to its end.
import { GatewayError } from '../../core/error.ts'
import type { Batch, ChatEvent } from '../../core/event.ts'
import { type AnswerState, answerState, endEvents, readEvents, toolError } from '../acp-events.ts'
import type { PromptResponse } from '../acp-types.ts'
import { brokenOffError, emptyError } from './errors.ts'
import { AGENT } from './options.ts'
import { isWebCall } from './settings.ts'
import { Thoughts } from './thoughts.ts'
import { recordedUsage, reportedUsage } from './usage.ts'
import type { GeminiWorker, Opening, OpenTurn } from './worker.ts'

export type Assignment = Opening & {
  /** What the answer is said to come from. */
  model: string
  maxTokens: number | undefined
  web: boolean
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
  const open = await worker.open(assignment, signal)
  progress.open = open
  const state = answerState(AGENT, assignment.model, Date.now(), assignment.web ? isWebCall : undefined)
  const thoughts = new Thoughts()
  for await (const events of open.session.prompt([{ type: 'text', text: '' }], { signal })) {
    const said = readEvents(state, thoughts.restore(events))
    const stop = events.at(-1)
    if (stop?.type !== 'stop') {
      if (said.length > 0) yield said
      continue
    }
    progress.settled = true
    yield [...said, ...(await finish(state, stop.response, assignment, open))]
  }
}

async function finish(
  state: AnswerState,
  response: PromptResponse,
  { maxTokens }: Assignment,
  open: OpenTurn,
): Promise<ChatEvent[]> {
  switch (response.stopReason) {
    case 'cancelled':
      throw new GatewayError('provider_error', 'Gemini CLI gave the answer up.')
    case 'max_turn_requests':
      throw toolError(AGENT, 'unknown')
    case 'max_tokens':
      // Found by the CLI's own count, before anything was asked.
      throw new GatewayError(
        'context_length_exceeded',
        'The conversation is longer than the context window of this model.',
      )
    case 'refusal':
    case 'end_turn':
      break
    default:
      response.stopReason satisfies never
  }
  const reported = reportedUsage(response)
  const usage = recordedUsage(await open.recorded()) ?? reported
  // The CLI takes a stream that breaks off for an answer, but counts nothing.
  if (!usage) throw state.spoke ? brokenOffError() : emptyError()
  const isFull = maxTokens !== undefined && usage.output >= maxTokens
  if (!state.spoke && !isFull) throw emptyError()
  const reason = response.stopReason === 'refusal' ? 'content-filter' : isFull ? 'length' : 'stop'
  return [...endEvents(state), { type: 'usage', usage }, { type: 'finish', reason }]
}
