// One turn: a thread, the conversation, and what comes of it.
import { GatewayError } from '../../core/error.ts'
import type { Batch } from '../../core/event.ts'
import type { Item } from './history.ts'
import { endRead, readMessage } from './events.ts'
import { RpcError } from './json-rpc.ts'
import type { ThreadSettings, TurnSettings } from './protocol.ts'
import type { CodexWorker } from './worker.ts'
import type { Thread } from './thread.ts'
import { isOver, type TurnOptions, turnState } from './turn-state.ts'

/** All that is decided about a turn before it runs. */
export type Assignment = {
  thread: Omit<ThreadSettings, 'cwd'>
  items: readonly Item[]
  settings: TurnSettings
  reading: TurnOptions
  /** Whether the thread of the next turn like this may be opened ahead. */
  spare: boolean
}

/**
 * Runs a turn. When `signal` aborts, or the reader leaves, it is stopped.
 * @throws GatewayError; WorkerGone where the process ended before it was asked; the reason of the abort
 */
export async function* runTurn(
  worker: CodexWorker,
  { thread: settings, items, settings: asked, reading, spare }: Assignment,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  const thread = await open(worker, settings, signal)
  const leave = () => void thread.close()
  signal.addEventListener('abort', leave, { once: true })
  const state = turnState(reading)
  try {
    signal.throwIfAborted()
    // Not awaited: what the turn says may come before the answer to this.
    thread.ask(items, asked).catch((error: unknown) => thread.inbox.fail(refusal(error)))
    while (!isOver(state)) {
      const messages = await thread.inbox.take(signal)
      const events = [...messages.flatMap((message) => readMessage(state, message)), ...endRead(state)]
      // At once, and not when the reader is done with these: a call that Codex answers by itself is a second request.
      if (isOver(state)) leave()
      if (events.length > 0) yield events
      if (state.phase === 'failed') throw state.error
    }
  } finally {
    signal.removeEventListener('abort', leave)
    void thread.close()
    if (spare) worker.prepareThread(settings)
  }
}

async function open(worker: CodexWorker, settings: Omit<ThreadSettings, 'cwd'>, signal: AbortSignal): Promise<Thread> {
  try {
    return await worker.openThread(settings, signal)
  } catch (error) {
    signal.throwIfAborted()
    throw refusal(error)
  }
}

/** What Codex refused is our mistake, or an item that it cannot read. */
function refusal(error: unknown): unknown {
  if (!(error instanceof RpcError)) return error
  return new GatewayError('provider_error', 'Codex refused the conversation.', { cause: error })
}
