// The blocks of one streamed answer, one after the other: clients of some APIs know one open block at a time, while the
// blocks of the neutral stream may overlap.
import type { ChatEvent } from '../core/event.ts'
import type { AssistantPart } from '../core/request.ts'

/** What only a provider can read of a thought; comes at its end. */
export type Opaque = { signature?: string; encrypted?: string }

export type QueuedBlock = Opaque & {
  readonly number: number
  /** The block as it began, without its text. */
  readonly part: AssistantPart
  /** What is not sent yet. */
  pending: string
  ended: boolean
}

/**
 * The block that is being sent has the floor until its end; what the others have to say meanwhile waits. Only a text gives
 * way, since it can go on in one more block: a signature belongs to a whole thought, and the pieces of arguments make one JSON
 * text. Blocks that have nothing to say never get the floor.
 */
export class StreamQueue {
  /** By number, in the order of their start; those that are over are gone. */
  readonly #blocks = new Map<number, QueuedBlock>()

  /** Takes what belongs to a block; all other events are not its business. */
  read(event: ChatEvent): void {
    switch (event.type) {
      case 'text-start':
        return this.#start(event.block, { type: 'text', text: '' })
      case 'reasoning-start':
        return this.#start(event.block, { type: 'reasoning', text: '' })
      case 'tool-call-start':
        return this.#start(event.block, { type: 'tool-call', id: event.id, name: event.name, arguments: '' })
      case 'text-delta':
      case 'reasoning-delta':
        return this.#add(event.block, event.text)
      case 'tool-call-delta':
        return this.#add(event.block, event.arguments)
      case 'text-end':
      case 'tool-call-end':
        return this.#end(event.block)
      case 'reasoning-end':
        return this.#end(event.block, { signature: event.signature, encrypted: event.encrypted })
      case 'usage':
      case 'stream-start':
      case 'finish':
      case 'error':
      case 'tool-activity':
      case 'raw':
        return
      default:
        event satisfies never
    }
  }

  /** The first block that has something to say. */
  next(): QueuedBlock | undefined {
    for (const block of this.#blocks.values()) {
      if (hasContent(block)) return block
      if (block.ended) this.remove(block)
    }
    return undefined
  }

  /** Whether another block shall speak instead of `speaker`, which has said all that it can say by now. */
  waitsFor(speaker: QueuedBlock): boolean {
    if (!speaker.ended && speaker.part.type !== 'text') return false
    for (const block of this.#blocks.values()) {
      if (block === speaker || !hasContent(block)) continue
      // A text need not give way to another text that runs beside it, only follow one that is over.
      if (speaker.ended || block.part.type !== 'text') return true
    }
    return false
  }

  /** What a block has to say, which then is said. */
  take(block: QueuedBlock): string {
    const text = block.pending
    block.pending = ''
    return text
  }

  /** Forgets a block that is over. */
  remove({ number }: QueuedBlock): void {
    this.#blocks.delete(number)
  }

  #start(number: number, part: AssistantPart): void {
    this.#blocks.set(number, { number, part, pending: '', ended: false })
  }

  #add(number: number, text: string): void {
    const block = this.#blocks.get(number)
    if (block) block.pending += text
  }

  #end(number: number, opaque: Opaque = {}): void {
    const block = this.#blocks.get(number)
    if (block) Object.assign(block, opaque, { ended: true })
  }
}

function hasContent({ part, pending, ended, signature, encrypted }: QueuedBlock): boolean {
  if (part.type === 'tool-call' || pending !== '') return true
  return ended && (signature !== undefined || encrypted !== undefined)
}
