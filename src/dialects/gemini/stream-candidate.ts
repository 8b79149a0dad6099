import type { Batch, ChatEvent } from '../../core/event.ts'
import type { ReasoningPart } from '../../core/request.ts'
import type { Usage } from '../../core/usage.ts'
import { PartWriter } from './answer-parts.ts'
import { FINISH_REASONS } from './finish.ts'
import type { GeminiAnswerPart } from './schema-answer.ts'

/** What one batch adds to a candidate. */
export type CandidateDelta = {
  parts: GeminiAnswerPart[]
  finishReason?: (typeof FINISH_REASONS)[keyof typeof FINISH_REASONS]
  /** The provider refused before a word was said. */
  refused: boolean
}

/** The pieces of one candidate of a stream. A call comes whole, when it is: this API has no pieces of arguments. */
export class CandidateStream {
  usage: Usage | undefined
  readonly #writer: PartWriter
  readonly #calls = new Map<number, { id: string; name: string; text: string }>()
  readonly #thoughts = new Map<number, string>()

  constructor(includeThoughts: boolean) {
    this.#writer = new PartWriter(includeThoughts)
  }

  read(events: Batch): CandidateDelta {
    for (const event of events) this.#read(event)
    const last = events.at(-1)
    if (last?.type !== 'finish' || last.reason === 'error') return { parts: this.#writer.take(), refused: false }
    const parts = this.#writer.end()
    const refused = last.reason === 'content-filter' && !this.#writer.saidAnything
    return { parts, finishReason: FINISH_REASONS[last.reason], refused }
  }

  #read(event: ChatEvent): void {
    switch (event.type) {
      case 'text-delta':
        return this.#writer.text(event.text)
      case 'reasoning-start':
        this.#thoughts.set(event.block, '')
        return
      case 'reasoning-delta':
        this.#thoughts.set(event.block, (this.#thoughts.get(event.block) ?? '') + event.text)
        return this.#writer.thought(event.text)
      case 'reasoning-end':
        return this.#writer.thoughtEnd(this.#thought(event))
      case 'tool-call-start':
        this.#calls.set(event.block, { id: event.id, name: event.name, text: '' })
        return
      case 'tool-call-delta': {
        const call = this.#calls.get(event.block)
        if (call) call.text += event.arguments
        return
      }
      case 'tool-call-end': {
        const call = this.#calls.get(event.block)
        if (call) this.#writer.call(call.id, call.name, call.text)
        this.#calls.delete(event.block)
        return
      }
      case 'usage':
        this.usage = event.usage
        return
      case 'stream-start':
      case 'text-start':
      case 'text-end':
      case 'finish':
      case 'error':
      case 'tool-activity':
      case 'raw':
        return
      default:
        event satisfies never
    }
  }

  #thought({ block, signature, encrypted }: Extract<ChatEvent, { type: 'reasoning-end' }>): ReasoningPart {
    const text = this.#thoughts.get(block) ?? ''
    this.#thoughts.delete(block)
    return {
      type: 'reasoning',
      text,
      ...(signature === undefined ? {} : { signature }),
      ...(encrypted === undefined ? {} : { encrypted }),
    }
  }
}
