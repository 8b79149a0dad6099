import type { Batch } from '../core/event.ts'
import type { BatchFilter } from '../core/turn.ts'
import { createOpenBlocks, type OpenBlocks } from './open-blocks.ts'
import { compileStop, createStopMatcher, type StopMatcher } from './stop-matcher.ts'

/**
 * Ends an answer exactly before the first stop string in its text, as the official APIs do, whichever provider wrote it
 * and however it cut its deltas. Only what may be the beginning of a stop string is kept back. Reasoning and tool
 * arguments are not searched; a stop string does not reach from one text block into the next.
 *
 * When it cuts, it stops reading, which cancels the turn. The usage is then the last that the provider told; what it
 * tells at its end only is not known, and none is made up.
 */
export function stopSequences(stops: readonly string[]): BatchFilter {
  const patterns = stops.filter((stop) => stop.length > 0).map(compileStop)
  if (patterns.length === 0) return (batches) => batches
  return async function* (batches) {
    const matchers = new Map<number, StopMatcher>()
    const open = createOpenBlocks()
    for await (const batch of batches) {
      const passed: Batch = []
      for (const [position, event] of batch.entries()) {
        open.track(event)
        if (event.type === 'text-start') matchers.set(event.block, createStopMatcher(patterns))
        if (event.type === 'error') for (const [block, matcher] of matchers) say(passed, block, matcher.end().text)
        if (event.type !== 'text-delta' && event.type !== 'text-end') {
          passed.push(event)
          continue
        }
        const matcher = matchers.get(event.block)
        const scanned = event.type === 'text-delta' ? matcher?.push(event.text) : matcher?.end()
        say(passed, event.block, scanned?.text ?? '')
        if (scanned?.stop !== undefined) {
          if (event.type === 'text-end') passed.push(event)
          yield [...passed, ...ending(open, batch.slice(position + 1), scanned.stop)]
          return
        }
        if (event.type === 'text-end') {
          matchers.delete(event.block)
          passed.push(event)
        }
      }
      if (passed.length > 0) yield passed
    }
  }
}

function say(passed: Batch, block: number, text: string): void {
  if (text !== '') passed.push({ type: 'text-delta', block, text })
}

/** What follows the cut: the ends of the open blocks, the usage where it came in the same batch, the finish. */
function ending(open: OpenBlocks, left: Batch, stop: string): Batch {
  const usage = left.filter((event) => event.type === 'usage').slice(-1)
  return [...open.ends(), ...usage, { type: 'finish', reason: 'stop', stopSequence: stop }]
}
