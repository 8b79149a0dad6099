// One turn on one worker: opens a session, asks, and reads the answer to its end.
import { GatewayError } from '../../core/error.ts'
import type { Batch, ChatEvent, FinishReason } from '../../core/event.ts'
import type { ChatRequest } from '../../core/request.ts'
import type { Usage } from '../../core/usage.ts'
import type { AcpSession } from '../acp-client.ts'
import { answerState, endEvents, readEvents, toolError } from '../acp-events.ts'
import type { ContentBlock, PromptResponse } from '../acp-types.ts'
import { DEFAULT_MODEL } from './options.ts'
import { toPrompt } from './prompt.ts'
import { estimatedUsage, usageOf } from './usage.ts'
import type { AcpWorker } from './worker.ts'

/** Where a turn is, for whoever has to clean up behind it. */
export type Progress = { opening: boolean; session?: AcpSession; settled: boolean }

/** @throws AcpError, GatewayError, the reason of the abort */
export async function* runTurn(
  worker: AcpWorker,
  asked: { name: string; request: ChatRequest; model: string },
  progress: Progress,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  const prompt = toPrompt(asked.request, worker.abilities)
  progress.opening = true
  const session = await worker.open(signal)
  progress.session = session
  if (asked.model !== DEFAULT_MODEL) await worker.choose(session.id, asked.model, signal)
  const agent = `The agent "${asked.name}"`
  const state = answerState(agent, asked.model, Date.now())
  let usage: Usage | undefined
  let said = 0
  for await (const events of session.prompt(prompt, { signal })) {
    const batch = readEvents(state, events)
    usage = usageOf(events) ?? usage
    said += lengthOf(batch)
    const stop = events.at(-1)
    if (stop?.type === 'stop') {
      progress.settled = true
      const reason = finishReason(stop.response, agent)
      const counted = usage ?? estimatedUsage(promptLength(prompt), said)
      if (!state.spoke && reason === 'stop') throw emptyError(agent)
      batch.push(...endEvents(state), { type: 'usage', usage: counted }, { type: 'finish', reason })
    }
    if (batch.length > 0) yield batch
  }
}

function finishReason({ stopReason }: PromptResponse, agent: string): FinishReason {
  switch (stopReason) {
    case 'end_turn':
      return 'stop'
    case 'max_tokens':
      return 'length'
    case 'refusal':
      return 'content-filter'
    case 'max_turn_requests':
      throw toolError(agent, 'unknown')
    case 'cancelled':
      throw new GatewayError('provider_error', `${agent} gave the answer up.`)
    default:
      throw emptyError(agent, stopReason satisfies never)
  }
}

function emptyError(agent: string, cause?: unknown): GatewayError {
  return new GatewayError('provider_error', `${agent} gave no answer.`, { cause })
}

function lengthOf(events: readonly ChatEvent[]): number {
  return events.reduce((sum, event) => sum + ('text' in event ? event.text.length : 0), 0)
}

function promptLength(prompt: readonly ContentBlock[]): number {
  return prompt.reduce((sum, block) => sum + (block.type === 'text' ? block.text.length : 0), 0)
}
