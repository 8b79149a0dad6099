// One turn on one process: writes what is asked, reads the answer to its end.
import { GatewayError } from '../../core/error.ts'
import type { Batch, ChatEvent } from '../../core/event.ts'
import { credentialOf } from './auth.ts'
import type { BlockMessage } from './blocks.ts'
import { refusalError } from './errors.ts'
import { finishEvents, readLine } from './events.ts'
import { type Fields, fieldsAt, textAt } from '../fields.ts'
import { userFrame } from './frames.ts'
import { exactMessages, exactTrigger, type HistoryMode, replaySteps, type Step, transcript } from './history.ts'
import type { ClaudeProcess } from './process.ts'
import { type Launch, setupFrames, turnEnvironment, type TurnSettings } from './setup.ts'
import type { OfferedTools } from './tools.ts'
import { fail, type TurnState, turnState } from './turn-state.ts'

export type Assignment = {
  launch: Launch
  settings: TurnSettings
  messages: readonly BlockMessage[]
  history: HistoryMode
  tools: OfferedTools
}

/** How long a complete answer waits for the line with its cost, in milliseconds; 8 to 25 is what it takes (2.1.329). */
const RESULT_WAIT = 200

/**
 * Runs the turn; the process is used up afterwards. What the model says comes in batches, one for each read. The caller
 * kills the process to cancel it.
 * @throws GatewayError
 */
export async function* runTurn(process: ClaudeProcess, assignment: Assignment): AsyncGenerator<Batch> {
  const script = writeScript(process, assignment)
  const renewable = credentialOf(process.report) === 'login'
  const { tools, settings } = assignment
  const options = { renewable, tools, maxTokens: settings.maxTokens ?? undefined, web: process.web }
  const state = turnState(script.steps.at(-1)?.uuid ?? '', Date.now(), options)
  const talk: Talk = { process, state, steps: script.steps, confirmations: script.confirmations, step: 0 }
  // One write: the settings are in force before the question is read.
  if (!process.write(script.setup + nextStep(talk))) {
    process.kill()
    throw await process.crash()
  }
  while (isRunning(state)) {
    const messages = await process.read()
    if (messages === undefined) throw await process.crash()
    const events: ChatEvent[] = []
    for (const message of messages) events.push(...take(talk, message))
    // Before anything else: a moment later it would ask the model to go on.
    if (state.phase === 'over' || state.phase === 'failed') process.kill()
    if (events.length > 0) yield events
  }
  if (state.error) throw state.error
  if (state.phase === 'stopped') {
    process.refuseCalls()
    await awaitResult(process, state)
  }
  process.kill()
  yield finishEvents(state)
}

const isRunning = ({ phase }: TurnState): boolean => phase === 'waiting' || phase === 'answering'

type Talk = {
  process: ClaudeProcess
  state: TurnState
  steps: readonly Step[]
  /** How many steps have been written. */
  step: number
  /** Requests that have to be confirmed before a word of the answer counts. */
  confirmations: Set<string>
}

/** Writes what is left to be written when its time has come, and reads the rest. */
function take(talk: Talk, message: Fields): ChatEvent[] {
  const { state } = talk
  switch (message['type']) {
    case 'control_response':
      confirm(talk, fieldsAt(message, 'response'))
      return []
    case 'result':
      // What is only told has a result of its own, which says that it is taken.
      if (talk.step < talk.steps.length && message['user_message_uuid'] === talk.steps[talk.step - 1]?.uuid) {
        talk.process.write(nextStep(talk))
        return []
      }
      return readLine(state, message)
    case 'stream_event':
      if (talk.confirmations.size > 0 && state.phase === 'waiting') {
        fail(state, new GatewayError('provider_error', 'Claude Code answered before it confirmed its settings.'))
        return []
      }
      return readLine(state, message)
    default:
      return readLine(state, message)
  }
}

function nextStep(talk: Talk): string {
  const step = talk.steps[talk.step]
  talk.step += 1
  return step?.frames ?? ''
}

function confirm({ confirmations, state }: Talk, response: Fields | undefined): void {
  const id = textAt(response, 'request_id')
  if (id === undefined || !confirmations.has(id)) return
  if (response?.['subtype'] === 'success') return void confirmations.delete(id)
  fail(state, refusalError(response))
}

type Script = { setup: string; steps: Step[]; confirmations: Set<string> }

function writeScript(process: ClaudeProcess, { launch, settings, messages, history }: Assignment): Script {
  const confirmations = new Set<string>()
  const newId = () => {
    const id = process.newRequestId()
    confirmations.add(id)
    return id
  }
  const newUuid = () => crypto.randomUUID()
  const wanted = process.resolved(launch)
  process.tools = wanted.tools
  const applied = process.applied && process.resolved(process.applied)
  const ask = (content: string | readonly object[]): Step[] => {
    const uuid = newUuid()
    return [{ uuid, frames: userFrame(uuid, content) }]
  }
  switch (history) {
    case 'transcript':
      return { setup: '', steps: ask(transcript(messages)), confirmations }
    case 'exact': {
      const environment = turnEnvironment(settings, process.betas, exactMessages(messages))
      const setup = setupFrames(applied, wanted, environment, newId)
      return { setup, steps: ask(exactTrigger(messages)), confirmations }
    }
    case 'replay': {
      const setup = setupFrames(applied, wanted, turnEnvironment(settings, process.betas), newId)
      return { setup, steps: replaySteps(messages, wanted.model, newUuid), confirmations }
    }
    default:
      return history satisfies never
  }
}

/** Reads on until the cost is known, but not for long: the answer is complete. */
async function awaitResult(process: ClaudeProcess, state: TurnState): Promise<void> {
  const late = setTimeout(() => process.kill(), RESULT_WAIT)
  try {
    while (state.phase === 'stopped') {
      const messages = await process.read()
      if (messages === undefined) return
      for (const message of messages) readLine(state, message)
    }
  } catch {
    // The answer is complete whatever it writes behind it.
  } finally {
    clearTimeout(late)
  }
}
