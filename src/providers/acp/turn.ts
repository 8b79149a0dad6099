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
import type { McpServer } from '../../tools/mcp-server.ts'
import { CallsMade, offersFunctions, takesFunctions, TurnFunctions } from './tools.ts'
import type { AcpWorker } from './worker.ts'

/** Where a turn is, for whoever has to clean up behind it. */
export type Progress = { opening: boolean; session?: AcpSession; functions?: TurnFunctions; settled: boolean }

export type Asked = {
  name: string
  request: ChatRequest
  model: string
  /** Offers the caller's functions to the agent. */
  server: McpServer
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
  const agent = `The agent "${asked.name}"`
  const functions = functionsOf(worker, asked, agent)
  progress.functions = functions
  worker.functions = functions
  const prompt = toPrompt(asked.request, worker.abilities, functions?.names)
  progress.opening = true
  const session = await worker.open(signal, functions?.servers)
  progress.session = session
  if (asked.model !== DEFAULT_MODEL) await worker.choose(session.id, asked.model, signal)
  await functions?.known(signal)
  const state = answerState(agent, asked.model, Date.now())
  const until = functions ? AbortSignal.any([signal, functions.signal]) : signal
  let usage: Usage | undefined
  let said = 0
  try {
    for await (const events of session.prompt(prompt, { signal: until })) {
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
  } finally {
    functions?.refuse()
  }
}

/** @throws GatewayError `unsupported_parameter` where the agent takes none */
function functionsOf(worker: AcpWorker, { request, server }: Asked, agent: string): TurnFunctions | undefined {
  if (!offersFunctions(request)) return undefined
  if (takesFunctions(worker.process.info)) return new TurnFunctions(server, request.tools, agent)
  const message = `${agent} takes no functions: it does not connect to MCP servers over HTTP.`
  throw new GatewayError('unsupported_parameter', message, { param: request.given.tools ?? 'tools' })
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
