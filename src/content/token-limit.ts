import { estimateTokens } from '../core/estimate-tokens.ts'
import type { Batch, ChatEvent } from '../core/event.ts'
import type { ChatRequest } from '../core/request.ts'
import type { RunTurn } from '../core/turn.ts'
import type { Usage } from '../core/usage.ts'
import { createOpenBlocks } from './open-blocks.ts'
import { createTokenCount, createTokenMeter, type TokenMeter } from './token-meter.ts'

/**
 * Ends an answer where it reaches `most` tokens, for a provider that cannot be told to: with the reason `length`, and the
 * turn cancelled at once. Its text counts, and the arguments of calls, by the gateway's estimate; its thinking does not. A
 * call that has begun comes whole, and none begins behind the limit. An answer that just fits is left as it is.
 *
 * The usage of an answer that is cut is the provider's where it came with the rest, else an estimate.
 * @param inputOf estimates the tokens of a prompt
 */
export function limitTokens(
  run: RunTurn,
  most: number,
  inputOf: (request: ChatRequest) => number = estimateTokens,
): RunTurn {
  return async function* (turn, signal): AsyncGenerator<Batch> {
    const limit = createLimit(most)
    const source = run(turn, signal)[Symbol.asyncIterator]()
    let reading = false
    let closed: Promise<unknown> | undefined
    try {
      for (;;) {
        reading = false
        const { value: batch, done } = await source.next()
        if (done) return
        reading = true
        const { passed, left } = limit.take(batch)
        if (!left) {
          if (passed.length > 0) yield passed
          continue
        }
        // Before the reader has the end: a slow one must not let the provider go on.
        reading = false
        // What the turn fails with now is nobody's: the answer is over.
        closed = source.return?.().catch(() => {})
        const usage = usageIn(left) ?? limit.usage ?? estimated(inputOf(turn.request), limit.tokens)
        yield [...passed, ...limit.ends(), { type: 'usage', usage }, { type: 'finish', reason: 'length' }]
        return
      }
    } finally {
      if (reading) await source.return?.()
      await closed
    }
  }
}

function createLimit(most: number) {
  const count = createTokenCount(most)
  const open = createOpenBlocks()
  const meters = new Map<number, TokenMeter>()
  /** Texts that begin where nothing fits any more: they wait for a word that does not. */
  const waiting = new Set<number>()
  let usage: Usage | undefined

  /** What of an event may be said; `full` where not all of it may. */
  const measure = (event: ChatEvent): { said: ChatEvent[]; full: boolean } => {
    switch (event.type) {
      case 'text-start':
        meters.set(event.block, createTokenMeter(count))
        if (!count.isFull) return { said: [event], full: false }
        waiting.add(event.block)
        return { said: [], full: false }
      case 'text-delta':
      case 'text-end': {
        const { block } = event
        const meter = meters.get(block)
        const measured = event.type === 'text-delta' ? meter?.push(event.text) : meter?.end()
        const { text = '', full = false } = measured ?? {}
        const said: ChatEvent[] = text === '' ? [] : [{ type: 'text-delta', block, text }]
        if (full || event.type === 'text-delta') return { said, full }
        meters.delete(block)
        return { said: [...begun(block), ...said, event], full: false }
      }
      case 'reasoning-start':
        return { said: [...[...waiting].flatMap(begun), event], full: false }
      case 'tool-call-start':
        return count.isFull ? { said: [], full: true } : { said: [event], full: false }
      case 'tool-call-delta':
        count.add(event.arguments)
        return { said: [event], full: false }
      case 'usage':
        usage = event.usage
        return { said: [event], full: false }
      case 'error':
        return { said: [...halves(), event], full: false }
      default:
        return { said: [event], full: false }
    }
  }

  const begun = (block: number): ChatEvent[] => (waiting.delete(block) ? [{ type: 'text-start', block }] : [])

  /** Halves of characters that wait, where nothing follows any more. */
  const halves = (): ChatEvent[] =>
    [...meters].flatMap(([block, meter]): ChatEvent[] => {
      const { text } = meter.end()
      return text === '' ? [] : [{ type: 'text-delta', block, text }]
    })

  return {
    /** Takes a batch: what may be said of it, and where it was cut, what was left out behind that. */
    take(batch: Batch): { passed: Batch; left?: Batch } {
      const passed: Batch = []
      for (const [position, event] of batch.entries()) {
        const { said, full } = measure(event)
        for (const each of said) open.track(each)
        passed.push(...said)
        if (full) return { passed, left: batch.slice(position + 1) }
      }
      return { passed }
    },
    ends: () => open.ends(),
    get usage() {
      return usage
    },
    get tokens() {
      return Math.min(most, Math.ceil(count.tokens))
    },
  }
}

function usageIn(events: Batch): Usage | undefined {
  return events.findLast((event) => event.type === 'usage')?.usage
}

function estimated(input: number, output: number): Usage {
  return { input, output, cachedRead: 0, cacheWrite: 0, reasoning: 0, estimated: true }
}
