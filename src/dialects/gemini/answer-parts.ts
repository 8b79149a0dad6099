// From the neutral parts of an answer to Google's, for whole answers and for streams alike.
import type { ReasoningPart } from '../../core/request.ts'
import { parseInput } from '../tool-input.ts'
import { toSignature } from './opaque.ts'
import type { GeminiAnswerPart } from './schema-answer.ts'

/**
 * Writes the parts of one answer in their order. The signature of thoughts stands at the part behind them, whether the thoughts
 * themselves are sent or not.
 */
export class PartWriter {
  readonly #includeThoughts: boolean
  /** Thoughts that no part has the signature of yet. */
  #thoughts: ReasoningPart[] = []
  #parts: GeminiAnswerPart[] = []
  /** Whether the next text goes on where the last one ended. */
  #speaking = false
  /** Whether the answer has said anything at all. */
  saidAnything = false

  constructor(includeThoughts: boolean) {
    this.#includeThoughts = includeThoughts
  }

  text(text: string): void {
    if (text === '') return
    const last = this.#parts.at(-1)
    if (this.#speaking && this.#thoughts.length === 0 && last && 'text' in last) last.text += text
    else this.#add({ text, ...this.#signature() })
    this.#speaking = true
  }

  /** A piece of thinking, to be read. */
  thought(text: string): void {
    if (!this.#includeThoughts || text === '') return
    const last = this.#parts.at(-1)
    if (!this.#speaking && last && 'text' in last && last.thought) last.text += text
    else this.#add({ text, thought: true })
    this.#speaking = false
  }

  /** The end of a thought. */
  thoughtEnd(thought: ReasoningPart): void {
    this.#thoughts.push(thought)
  }

  call(id: string, name: string, text: string): void {
    this.#add({ functionCall: { id, name, args: parseInput(text) }, ...this.#signature() })
    this.#speaking = false
  }

  /** What has been written since the last time. */
  take(): GeminiAnswerPart[] {
    const parts = this.#parts
    this.#parts = []
    return parts
  }

  /** The last parts: never none, for the SDK (3.3, `chats`) forgets an answer that has a content without parts. */
  end(): GeminiAnswerPart[] {
    const signature = this.#signature()
    if (signature.thoughtSignature !== undefined) this.#add({ text: '', ...signature })
    const parts = this.take()
    return parts.length > 0 ? parts : [{ text: '' }]
  }

  #add(part: GeminiAnswerPart): void {
    this.#parts.push(part)
    this.saidAnything = true
  }

  #signature(): { thoughtSignature?: string } {
    const thoughtSignature = toSignature(this.#thoughts)
    this.#thoughts = []
    return thoughtSignature === undefined ? {} : { thoughtSignature }
  }
}
