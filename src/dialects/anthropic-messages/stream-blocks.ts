// The blocks of one streamed answer, one after the other: Anthropic's clients know one open block at a time, while the
// blocks of the neutral stream may overlap.
import { toolUse } from './answer.ts'
import { deltaFrame, frame } from './frames.ts'
import { toSignature } from './opaque.ts'
import type { AnthropicContentBlock } from './schema-answer.ts'

type Opaque = { signature?: string; encrypted?: string }

type Block = Opaque & {
  kind: 'text' | 'reasoning' | 'tool-call'
  /** What is not sent yet. */
  pending: string
  ended: boolean
  /** Thinking that only the provider can read: known when it takes the floor, which it does at its end. */
  redacted: boolean
  id: string
  name: string
}

const DELTAS = { text: 'text_delta', reasoning: 'thinking_delta', 'tool-call': 'input_json_delta' } as const

/**
 * The block that is being sent has the floor until its end; what the others have to say meanwhile waits. Only a text
 * gives way, since it can go on in one more block: a signature belongs to a whole thinking block, and the pieces of a
 * tool's input make one JSON text. Empty blocks are not sent at all.
 */
export class StreamBlocks {
  /** By number, in the order of their start; those that are over are gone. */
  readonly #blocks = new Map<number, Block>()
  #speaker: { block: Block; number: number } | undefined
  /** Blocks that were begun on the wire. */
  #begun = 0

  start(number: number, kind: Block['kind'], id = '', name = ''): void {
    this.#blocks.set(number, { kind, pending: '', ended: false, redacted: false, id, name })
  }

  add(number: number, text: string): void {
    const block = this.#blocks.get(number)
    if (block) block.pending += text
  }

  end(number: number, opaque: Opaque = {}): void {
    const block = this.#blocks.get(number)
    if (block) Object.assign(block, opaque, { ended: true })
  }

  /** Frames of all that can be said by now. */
  flush(): string {
    let frames = ''
    while (true) {
      if (!this.#speaker) {
        this.#speaker = this.#next()
        if (!this.#speaker) return frames
        frames += this.#begin(this.#speaker.block)
      }
      const { block, number } = this.#speaker
      frames += this.#say(block)
      if (!block.ended && !(block.kind === 'text' && this.#othersWait())) return frames
      frames += this.#stop(block)
      if (block.ended) this.#blocks.delete(number)
      this.#speaker = undefined
    }
  }

  get #index(): number {
    return this.#begun - 1
  }

  /** The first block that has something to say. */
  #next(): { block: Block; number: number } | undefined {
    for (const [number, block] of this.#blocks) {
      if (hasContent(block)) return { block, number }
      if (block.ended) this.#blocks.delete(number)
    }
    return undefined
  }

  #othersWait(): boolean {
    for (const block of this.#blocks.values()) if (block.kind !== 'text' && hasContent(block)) return true
    return false
  }

  #begin(block: Block): string {
    this.#begun += 1
    block.redacted = block.kind === 'reasoning' && block.pending === '' && block.encrypted !== undefined
    return frame({ type: 'content_block_start', index: this.#index, content_block: emptyBlock(block) })
  }

  #say(block: Block): string {
    if (block.pending === '') return ''
    const text = block.pending
    block.pending = ''
    return deltaFrame(this.#index, DELTAS[block.kind], text)
  }

  #stop(block: Block): string {
    const index = this.#index
    const signature = block.kind === 'reasoning' && !block.redacted ? toSignature(block) : ''
    const signed =
      signature === ''
        ? ''
        : frame({ type: 'content_block_delta', index, delta: { type: 'signature_delta', signature } })
    return signed + frame({ type: 'content_block_stop', index })
  }
}

function hasContent({ kind, pending, ended, signature, encrypted }: Block): boolean {
  if (kind === 'tool-call' || pending !== '') return true
  return ended && (signature !== undefined || encrypted !== undefined)
}

function emptyBlock({ kind, redacted, encrypted = '', id, name }: Block): AnthropicContentBlock {
  switch (kind) {
    case 'text':
      return { type: 'text', text: '', citations: null }
    case 'reasoning':
      return redacted
        ? { type: 'redacted_thinking', data: encrypted }
        : { type: 'thinking', thinking: '', signature: '' }
    case 'tool-call':
      return toolUse(id, name, {})
    default:
      return kind satisfies never
  }
}
