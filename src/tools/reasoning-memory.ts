import type { Batch, ChatEvent } from '../core/event.ts'
import type { AssistantPart, ChatRequest, Message, ReasoningPart } from '../core/request.ts'
import type { RunTurn, Turn } from '../core/turn.ts'

export type ReasoningMemoryOptions = {
  maxEntries?: number
  maxBytes?: number
  /** Milliseconds for which an answer is remembered. */
  maxAge?: number
  now?: () => number
}

/**
 * What models thought before they called a function. Providers want it back, with its signature, when the result comes;
 * some APIs have no place for it on the wire. It is kept for so long, by the id of the call, and put back into a
 * conversation that lacks it.
 */
export type ReasoningMemory = {
  /** The same turns, for one plan: their answers are remembered, and their conversations made whole. */
  around(run: RunTurn, provider: string): RunTurn
  /** Answers that are remembered. */
  readonly size: number
}

type Entry = { parts: ReasoningPart[]; bytes: number; until: number }

const MEGABYTE = 1024 * 1024
const HOUR = 3_600_000

export function createReasoningMemory(options: ReasoningMemoryOptions = {}): ReasoningMemory {
  const { maxEntries = 1_000, maxBytes = 32 * MEGABYTE, maxAge = HOUR, now = Date.now } = options
  /** In the order in which they were used last. */
  const entries = new Map<string, Entry>()
  let bytes = 0

  const forget = (key: string) => {
    bytes -= entries.get(key)?.bytes ?? 0
    entries.delete(key)
  }
  const trim = () => {
    for (const [key, { until }] of entries) {
      if (entries.size <= maxEntries && bytes <= maxBytes && until > now()) return
      forget(key)
    }
  }
  const remember = (key: string, parts: ReasoningPart[]) => {
    const size = key.length + parts.reduce((sum, part) => sum + sizeOf(part), 0)
    if (size > maxBytes) return
    forget(key)
    entries.set(key, { parts, bytes: size, until: now() + maxAge })
    bytes += size
    trim()
  }
  const recall = (key: string): ReasoningPart[] | undefined => {
    const entry = entries.get(key)
    if (!entry) return undefined
    if (entry.until <= now()) {
      forget(key)
      return undefined
    }
    entries.delete(key)
    entries.set(key, { ...entry, until: now() + maxAge })
    return entry.parts
  }

  return {
    get size() {
      return entries.size
    },
    around(run, provider) {
      /** What each turn answers. A turn that is asked again, with a complaint behind, still answers the caller's words. */
      const questions = new Map<string, readonly Message[]>()
      return async function* (turn, signal): AsyncGenerator<Batch> {
        const scope = `${provider}\n${turn.model}`
        const question = questions.get(turn.id) ?? turn.request.messages
        questions.set(turn.id, question)
        const answer = listen()
        try {
          for await (const batch of run(withReasoning(turn, scope, recall), signal)) {
            for (const event of batch) answer.hear(event)
            yield batch
          }
        } finally {
          // Also of an answer that was ended early: the caller has its calls.
          const { id, parts } = answer
          if (id !== undefined && parts.length > 0)
            remember(keyOf(scope, id, questionBefore(question, question.length)), parts)
        }
      }
    },
  }
}

/**
 * Some models number their calls from 0 in every conversation. So a call is known by what it answers too, and nobody is
 * given what was thought about somebody else's words.
 */
function keyOf(scope: string, id: string, question: string): string {
  return `${scope}\n${question}\n${id}`
}

/** The last message before `end` that is not an instruction, in a few characters. */
function questionBefore(messages: readonly Message[], end: number): string {
  const last = messages.slice(0, end).findLast(({ role }) => role !== 'system')
  const hash = new Bun.CryptoHasher('sha256')
  hash.update(JSON.stringify([last?.role, last?.content.map(textsOf)]))
  return hash.digest('base64url')
}

/** Images are left out: some clients take them away from what they have sent once. */
function textsOf(part: Message['content'][number]): unknown {
  if (part.type === 'tool-result') return [part.id, part.content.map(textsOf)]
  return part.type === 'text' ? part.text : part.type
}

function withReasoning(turn: Turn, scope: string, recall: (key: string) => ReasoningPart[] | undefined): Turn {
  const { request } = turn
  let found = false
  const messages = request.messages.map((message, index): Message => {
    if (message.role !== 'assistant' || message.content.some(isOpaque)) return message
    const call = message.content.find((part) => part.type === 'tool-call')
    const parts = call && recall(keyOf(scope, call.id, questionBefore(request.messages, index)))
    if (!parts) return message
    found = true
    // In the place of what the caller sent of it, which is the text alone.
    return { role: 'assistant', content: [...parts, ...message.content.filter(({ type }) => type !== 'reasoning')] }
  })
  return found ? { ...turn, request: { ...request, messages } satisfies ChatRequest } : turn
}

function isOpaque(part: AssistantPart): boolean {
  return part.type === 'reasoning' && (part.signature !== undefined || part.encrypted !== undefined)
}

/** Follows an answer to its first call. */
function listen() {
  const open = new Map<number, ReasoningPart>()
  const heard = {
    parts: [] as ReasoningPart[],
    id: undefined as string | undefined,
    hear(event: ChatEvent): void {
      switch (event.type) {
        case 'reasoning-start': {
          const part: ReasoningPart = { type: 'reasoning', text: '' }
          open.set(event.block, part)
          heard.parts.push(part)
          return
        }
        case 'reasoning-delta': {
          const part = open.get(event.block)
          if (part) part.text += event.text
          return
        }
        case 'reasoning-end': {
          const { signature, encrypted } = event
          const part = open.get(event.block)
          if (part)
            Object.assign(
              part,
              signature === undefined ? {} : { signature },
              encrypted === undefined ? {} : { encrypted },
            )
          return
        }
        case 'tool-call-start':
          heard.id ??= event.id
          return
        default:
      }
    },
  }
  return heard
}

function sizeOf({ text, signature = '', encrypted = '' }: ReasoningPart): number {
  return Buffer.byteLength(text) + signature.length + encrypted.length
}
