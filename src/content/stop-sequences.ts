import type { Batch, ChatEvent } from '../core/event.ts'
import type { BatchFilter } from '../core/turn.ts'
import { compileStop, createStopMatcher, type StopMatcher } from './stop-matcher.ts'

type BlockKind = 'text' | 'reasoning' | 'tool-call'

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
    const open = new Map<number, BlockKind>()
    for await (const batch of batches) {
      const passed: Batch = []
      for (const [position, event] of batch.entries()) {
        track(open, event)
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

function track(open: Map<number, BlockKind>, event: ChatEvent): void {
  if (event.type === 'text-start') open.set(event.block, 'text')
  if (event.type === 'reasoning-start') open.set(event.block, 'reasoning')
  if (event.type === 'tool-call-start') open.set(event.block, 'tool-call')
  if (event.type === 'text-end' || event.type === 'reasoning-end' || event.type === 'tool-call-end') {
    open.delete(event.block)
  }
}

/** What follows the cut: the ends of the open blocks, the usage where it came in the same batch, the finish. */
function ending(open: Map<number, BlockKind>, left: Batch, stop: string): Batch {
  const ends = [...open].map(([block, kind]): ChatEvent => ({ type: `${kind}-end`, block }))
  const usage = left.filter((event) => event.type === 'usage').slice(-1)
  return [...ends, ...usage, { type: 'finish', reason: 'stop', stopSequence: stop }]
}
