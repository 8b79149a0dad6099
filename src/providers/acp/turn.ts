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
import { isUnknownSession } from './errors.ts'
import { NO_FUNCTIONS, type OpenSession } from './session-opening.ts'
import { CallsMade, takesFunctions, type TurnFunctions } from './tools.ts'
import type { AcpWorker } from './worker.ts'

/** Where a turn is, for whoever has to clean up behind it. */
export type Progress = { opening: boolean; open?: OpenSession; settled: boolean }

export type Asked = {
  name: string
  request: ChatRequest
  model: string
  /** The caller's, where the model may call any. */
  functions: TurnFunctions | undefined
}

/** Milliseconds behind the end of a turn in which the agent may tell what it cost. */
const COUNT_WITHIN = 300

/** @throws AcpError, GatewayError, the reason of the abort */
export async function* runTurn(
  worker: AcpWorker,
  asked: Asked,
  progress: Progress,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  const { functions } = asked
  const agent = `The agent "${asked.name}"`
  if (functions && !takesFunctions(worker.process.info)) throw noFunctionsError(agent, asked.request)
  const prompt = toPrompt(asked.request, worker.abilities, functions?.names)
  const shown = functions?.shown ?? NO_FUNCTIONS
  progress.opening = true
  const open = await worker.open(shown, signal)
  progress.open = open
  const talk: Talk = { ...asked, agent, worker, prompt, progress, heard: false }
  try {
    try {
      yield* ask(open, talk, signal)
    } catch (error) {
      const isGone = open.isAhead && !talk.heard && isUnknownSession(error, open.session.id)
      if (!isGone || functions?.begun) throw error
      // It waited for too long. Nothing has been asked yet.
      progress.open = undefined
      await worker.discard(open)
      progress.open = await worker.openNow(shown, signal)
      yield* ask(progress.open, talk, signal)
    }
  } finally {
    functions?.refuse()
  }
}

type Talk = Asked & {
  agent: string
  worker: AcpWorker
  prompt: ContentBlock[]
  progress: Progress
  /** Whether anything has come from the agent. */
  heard: boolean
}

async function* ask({ session, opening }: OpenSession, talk: Talk, signal: AbortSignal): AsyncGenerator<Batch> {
  const { agent, worker, model, functions, prompt, progress } = talk
  opening.bind(functions)
  if (model !== DEFAULT_MODEL) await worker.choose(session.id, model, signal)
  await opening.listed(signal)
  const state = answerState(agent, model, Date.now())
  const until = functions ? AbortSignal.any([signal, functions.signal]) : signal
  let usage: Usage | undefined
  let said = 0
  try {
    for await (const events of session.prompt(prompt, { signal: until })) {
      talk.heard = true
      const batch = readEvents(state, functions ? events.filter((event) => !functions.hears(event)) : events)
      usage = usageOf(events) ?? usage
      said += lengthOf(batch)
      const stop = events.at(-1)
      if (stop?.type === 'stop') {
        progress.settled = true
        // What it told of was a tool of its own, or went another way than that of a function.
        if (functions?.begun) throw toolError(agent, 'unknown')
        const reason = finishReason(stop.response, agent)
        const counted = usage ?? estimatedUsage(promptLength(prompt), said)
        if (!state.spoke && reason === 'stop') throw emptyError(agent)
        batch.push(...endEvents(state), { type: 'usage', usage: counted }, { type: 'finish', reason })
      }
      if (batch.length > 0) yield batch
    }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof CallsMade) || !functions) throw error
    // The agent knows already that the turn is over.
    functions.refuse()
    const counted = usage ?? (await lateUsage(session)) ?? estimatedUsage(promptLength(prompt), said)
    const made = [...endEvents(state), ...functions.events(state)]
    yield [...made, { type: 'usage', usage: counted }, { type: 'finish', reason: 'tool-calls' }]
  }
}

function noFunctionsError(agent: string, { given }: ChatRequest): GatewayError {
  const message = `${agent} takes no functions: it does not connect to MCP servers over HTTP.`
  return new GatewayError('unsupported_parameter', message, { param: given.tools ?? 'tools' })
}

/** What the agent tells of the cost when it has been stopped. */
async function lateUsage(session: AcpSession): Promise<Usage | undefined> {
  const late = AbortSignal.timeout(COUNT_WITHIN)
  try {
    for (;;) {
      const events = await session.next(late)
      const usage = usageOf(events)
      if (usage || events.at(-1)?.type === 'stop') return usage
    }
  } catch {
    return undefined
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
