// The blocks of one streamed answer on the wire.
import type { ChatEvent } from '../../core/event.ts'
import { type QueuedBlock, StreamQueue } from '../stream-queue.ts'
import { toolUse } from './answer.ts'
import { deltaFrame, frame } from './frames.ts'
import { toSignature } from './opaque.ts'
import type { AnthropicContentBlock } from './schema-answer.ts'

const DELTAS = { text: 'text_delta', reasoning: 'thinking_delta', 'tool-call': 'input_json_delta' } as const

/** A block ends as soon as it is known to; empty ones are not sent at all. */
export class StreamBlocks {
  readonly #queue = new StreamQueue()
  #speaker: QueuedBlock | undefined
  /** The speaker is thinking that only the provider can read: known when it takes the floor, which it does at its end. */
  #redacted = false
  /** Blocks that were begun on the wire. */
  #begun = 0

  read(event: ChatEvent): void {
    this.#queue.read(event)
  }

  /** Frames of all that can be said by now. */
  flush(): string {
    let frames = ''
    while (true) {
      if (!this.#speaker) {
        this.#speaker = this.#queue.next()
        if (!this.#speaker) return frames
        frames += this.#begin(this.#speaker)
      }
      const block = this.#speaker
      frames += this.#say(block)
      if (!block.ended && !this.#queue.waitsFor(block)) return frames
      frames += this.#stop(block)
      if (block.ended) this.#queue.remove(block)
      this.#speaker = undefined
    }
  }

  get #index(): number {
    return this.#begun - 1
  }

  #begin(block: QueuedBlock): string {
    this.#begun += 1
    this.#redacted = block.part.type === 'reasoning' && block.pending === '' && block.encrypted !== undefined
    return frame({ type: 'content_block_start', index: this.#index, content_block: this.#empty(block) })
  }

  #say(block: QueuedBlock): string {
    const text = this.#queue.take(block)
    return text === '' ? '' : deltaFrame(this.#index, DELTAS[block.part.type], text)
  }

  #stop(block: QueuedBlock): string {
    const index = this.#index
    const signature = block.part.type === 'reasoning' && !this.#redacted ? toSignature(block) : ''
    const signed =
      signature === ''
        ? ''
        : frame({ type: 'content_block_delta', index, delta: { type: 'signature_delta', signature } })
    return signed + frame({ type: 'content_block_stop', index })
  }

  #empty({ part, encrypted = '' }: QueuedBlock): AnthropicContentBlock {
    switch (part.type) {
      case 'text':
        return { type: 'text', text: '', citations: null }
      case 'reasoning':
        return this.#redacted
          ? { type: 'redacted_thinking', data: encrypted }
          : { type: 'thinking', thinking: '', signature: '' }
      case 'tool-call':
        return toolUse(part.id, part.name, {})
      default:
        return part satisfies never
    }
  }
}
