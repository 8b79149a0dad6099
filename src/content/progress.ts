import type { Batch, ChatEvent } from '../core/event.ts'
import type { BatchFilter } from '../core/turn.ts'

/** When markers come, in milliseconds: the first after `first`, each next one `factor` later, never later than `longest`. */
export type ProgressPace = { first: number; factor: number; longest: number }

export const PROGRESS_PACE: ProgressPace = { first: 2_000, factor: 1.25, longest: 30_000 }

export type ProgressOptions = {
  /** The model's name for `stream-start`, where the first marker comes before the provider's own. */
  model: string
  pace?: ProgressPace
  now?: () => number
  /** Calls back once after some milliseconds; gives what takes it back. */
  schedule?: (callback: () => void, milliseconds: number) => () => void
}

const CIRCLES = ['◐', '◓', '◑', '◒']
const DOTS = 3

/** The marker at a place of `⏳···◐···◓···◑···◒···◐…`. */
export function marker(place: number): string {
  if (place % (DOTS + 1) !== 0) return '·'
  return place === 0 ? '⏳' : CIRCLES[(place / (DOTS + 1) - 1) % CIRCLES.length]!
}

function later(callback: () => void, milliseconds: number): () => void {
  const timer = setTimeout(callback, milliseconds)
  return () => clearTimeout(timer)
}

/**
 * Shows that something goes on, for readers who see text only: until the answer proper begins (its first text or tool
 * call; reasoning is none) markers come, less and less often, in a text block of their own, which ends with an empty
 * line. An answer that comes before the first marker is due passes unchanged. A failure after a marker can no longer be
 * a status, for the answer has begun; the first marker waits long enough for what fails at once.
 */
export function progress(options: ProgressOptions): BatchFilter {
  const { pace = PROGRESS_PACE, now = Date.now, schedule = later } = options
  return async function* (batches) {
    const source = batches[Symbol.asyncIterator]()
    const blocks = createBlocks(() => ({ type: 'stream-start', model: options.model, created: now() }))
    let takeBack = () => {}
    const wait = (place: number) =>
      new Promise<'due'>((resolve) => {
        takeBack = schedule(() => resolve('due'), Math.min(pace.first * pace.factor ** place, pace.longest))
      })
    let shown = 0
    let due = wait(shown)
    let next = source.next()
    try {
      while (!blocks.answered) {
        const result = await Promise.race([next, due])
        if (result === 'due') {
          yield blocks.mark(marker(shown))
          shown += 1
          due = wait(shown)
          continue
        }
        if (result.done) return
        const passed = blocks.pass(result.value)
        if (blocks.answered) takeBack()
        if (passed.length > 0) yield passed
        next = source.next()
      }
      while (true) {
        const result = await next
        if (result.done) return
        yield blocks.pass(result.value)
        next = source.next()
      }
    } finally {
      takeBack()
      // Not awaited: where a read is pending, it settles only when that does.
      source.return?.().catch(() => {})
    }
  }
}

/** Numbers the blocks anew around the block of the markers, once there is one. */
function createBlocks(start: () => ChatEvent) {
  let begun = false
  let started = 0
  let own: number | undefined
  const blocks = {
    answered: false,
    mark(text: string): Batch {
      const batch: Batch = []
      if (!begun) batch.push(start())
      begun = true
      if (own === undefined) {
        own = started
        batch.push({ type: 'text-start', block: own })
      }
      batch.push({ type: 'text-delta', block: own, text })
      return batch
    },
    pass(events: Batch): Batch {
      const passed: Batch = []
      for (const event of events) {
        if (event.type === 'stream-start') {
          if (!begun) passed.push(event)
          begun = true
          continue
        }
        if (!blocks.answered && endsProgress(event)) {
          blocks.answered = true
          if (own !== undefined) passed.push(...closing(own, event))
        }
        if (event.type.endsWith('-start')) started += 1
        passed.push(own !== undefined && 'block' in event && event.block >= own ? shifted(event) : event)
      }
      return passed
    },
  }
  return blocks
}

function endsProgress(event: ChatEvent): boolean {
  return event.type === 'text-start' || event.type === 'tool-call-start' || event.type === 'finish'
}

function closing(block: number, before: ChatEvent): Batch {
  const end: ChatEvent = { type: 'text-end', block }
  return before.type === 'finish' ? [end] : [{ type: 'text-delta', block, text: '\n\n' }, end]
}

function shifted<Event extends ChatEvent & { block: number }>(event: Event): Event {
  return { ...event, block: event.block + 1 }
}
