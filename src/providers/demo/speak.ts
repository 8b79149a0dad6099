import type { Batch, ChatEvent } from '../../core/event.ts'
import type { ChatRequest } from '../../core/request.ts'
import { compose, type Segment } from './answer.ts'
import type { Behaviour } from './behaviour.ts'
import type { Prompt } from './prompt.ts'

export type Clock = {
  now: () => number
  /** Waits so many milliseconds; rejects with the signal's reason as soon as it aborts. */
  sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>
}

/** One turn with all that decides how it goes. */
export type Speech = { behaviour: Behaviour; prompt: Prompt; request: ChatRequest; model: string }

/** Most events of a batch where nothing is paced: so often an answer looks whether it is still wanted. */
const LONGEST_BATCH = 64
const FOREVER = 2 ** 31 - 1

/** Speaks an answer at its pace, up to the place where it shall fail or fall silent, if it shall. */
export async function* speak(
  { behaviour, prompt, request, model }: Speech,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  const { failure, hang, wait, delay } = behaviour
  if (wait > 0) await clock.sleep(wait, signal)
  if (hang && hang.after === undefined) await clock.sleep(FOREVER, signal)
  if (failure && failure.after === undefined) throw failure.error

  const stumbleAt = failure?.after ?? hang?.after
  const whole = !request.stream && delay === 0 && stumbleAt === undefined
  const answer = compose(behaviour, prompt, request, whole)
  let batch: Batch = [{ type: 'stream-start', model, created: clock.now() }]
  let block = 0
  let sent = 0
  for (const segment of answer.segments) {
    batch.push(startOf(segment, block))
    for (const text of segment.deltas) {
      if (sent === stumbleAt) break
      if (sent > 0 && (delay > 0 || batch.length >= LONGEST_BATCH)) {
        yield batch
        batch = []
        if (delay > 0) await clock.sleep(delay, signal)
        signal.throwIfAborted()
      }
      batch.push(deltaOf(segment, block, text))
      sent += 1
    }
    if (sent === stumbleAt) break
    batch.push({ type: `${segment.kind}-end`, block })
    block += 1
  }
  if (stumbleAt !== undefined) {
    yield batch
    if (failure) throw failure.error
    await clock.sleep(FOREVER, signal)
  }
  batch.push({ type: 'usage', usage: answer.usage }, { type: 'finish', reason: answer.finish })
  yield batch
}

function startOf(segment: Segment, block: number): ChatEvent {
  if (segment.kind !== 'tool-call') return { type: `${segment.kind}-start`, block }
  return { type: 'tool-call-start', block, id: segment.call.id, name: segment.call.name }
}

function deltaOf({ kind }: Segment, block: number, text: string): ChatEvent {
  return kind === 'tool-call'
    ? { type: 'tool-call-delta', block, arguments: text }
    : { type: `${kind}-delta`, block, text }
}

export function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const leave = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', leave)
      resolve()
    }, milliseconds)
    signal.addEventListener('abort', leave, { once: true })
  })
}
