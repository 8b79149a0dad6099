import type { ChatEvent } from '../core/event.ts'
import type { ChatRequest, TextPart } from '../core/request.ts'
import { sumUsage, type Usage } from '../core/usage.ts'

/** Makes one answer of several: of turns that are asked one after the other until one is as it shall be. */
export type Rounds = {
  /** The next turn begins. */
  next(): void
  /** The event as it stands in the answer: blocks numbered on, usage summed. Empty for what is there already. */
  pass(event: ChatEvent): ChatEvent[]
  /** A block of the gateway's own. */
  text(text: string): ChatEvent[]
}

export function createRounds(): Rounds {
  let begun = false
  let blocks = 0
  const numbers = new Map<number, number>()
  const earlier: Usage[] = []
  let usage: Usage | undefined
  return {
    next() {
      numbers.clear()
      if (usage) earlier.push(usage)
      usage = undefined
    },
    pass(event) {
      if (event.type === 'usage') {
        usage = event.usage
        return [{ type: 'usage', usage: sumUsage([...earlier, usage]) ?? usage }]
      }
      if (event.type === 'stream-start') {
        if (begun) return []
        begun = true
        return [event]
      }
      if (!('block' in event)) return [event]
      if (event.type === 'text-start' || event.type === 'reasoning-start' || event.type === 'tool-call-start')
        numbers.set(event.block, blocks++)
      const block = numbers.get(event.block)
      return block === undefined ? [] : [{ ...event, block }]
    },
    text(text) {
      const block = blocks++
      return [
        { type: 'text-start', block },
        { type: 'text-delta', block, text },
        { type: 'text-end', block },
      ]
    },
  }
}

/** The request with one more instruction, behind all others: what is in front of it stays as it was. */
export function instructed(request: ChatRequest, instruction: string): ChatRequest {
  return { ...request, system: [...request.system, text(instruction)] }
}

/** The request again, with the answer that would not do and what is wrong with it. */
export function corrected(request: ChatRequest, said: string, complaint: string): ChatRequest {
  const answer = said.trim() === '' ? [] : [{ role: 'assistant' as const, content: [text(said)] }]
  return { ...request, messages: [...request.messages, ...answer, { role: 'user', content: [text(complaint)] }] }
}

function text(text: string): TextPart {
  return { type: 'text', text }
}
