// The items of one streamed answer, one after the other: clients know one open item at a time, while the blocks of the
// neutral stream may overlap.
import type { AssistantPart } from '../../core/request.ts'
import type { Frames } from './frames.ts'
import type { ItemStatus, ResponsesOutputItem } from './schema-answer.ts'
import { StreamItem, type StreamItemOptions } from './stream-item.ts'

type Opaque = { signature?: string; encrypted?: string }

type Block = Opaque & {
  part: AssistantPart
  /** What is not sent yet. */
  pending: string
  ended: boolean
}

/**
 * The item that is being sent has the floor until its end; what the others have to say meanwhile waits. Only a text gives
 * way, since it can go on in one more message: a signature belongs to a whole thought, and the pieces of arguments make one
 * JSON text. The last item stays open until something follows it: only then it is known whether it is complete.
 */
export class StreamItems {
  /** By number, in the order of their start; those that are over are gone. */
  readonly #blocks = new Map<number, Block>()
  readonly #done: ResponsesOutputItem[] = []
  readonly #frames: Frames
  readonly #options: StreamItemOptions
  #speaker: { block: Block; number: number; item: StreamItem } | undefined

  constructor(frames: Frames, options: StreamItemOptions) {
    this.#frames = frames
    this.#options = options
  }

  start(number: number, part: AssistantPart): void {
    this.#blocks.set(number, { part, pending: '', ended: false })
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
        const next = this.#next()
        if (!next) return frames
        this.#speaker = {
          ...next,
          item: new StreamItem(next.block.part, this.#done.length, this.#frames, this.#options),
        }
        frames += this.#speaker.item.begin()
      }
      frames += this.#say()
      const { block } = this.#speaker
      const givesWay = block.ended || block.part.type === 'text'
      if (!givesWay || !this.#othersWait()) return frames
      frames += this.#close('completed')
    }
  }

  /** Frames of the end, of an answer whose last item is so. All blocks have ended. */
  finish(status: ItemStatus): string {
    const frames = this.flush()
    return frames + (this.#speaker ? this.#close(status) : '')
  }

  /** The items that are complete, and what there is of the one that is not. */
  output(): ResponsesOutputItem[] {
    if (!this.#speaker) return [...this.#done]
    const { item, block } = this.#speaker
    return [...this.#done, item.item('incomplete', block)]
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
    for (const block of this.#blocks.values()) {
      if (block === this.#speaker?.block || !hasContent(block)) continue
      // A text need not give way to another text that runs beside it, only follow one that is over.
      if (this.#speaker?.block.ended || block.part.type !== 'text') return true
    }
    return false
  }

  #say(): string {
    const { block, item } = this.#speaker!
    const text = block.pending
    block.pending = ''
    return item.say(text)
  }

  #close(status: ItemStatus): string {
    const { block, number, item } = this.#speaker!
    const { signature, encrypted } = block
    const opaque = {
      ...(signature === undefined ? {} : { signature }),
      ...(encrypted === undefined ? {} : { encrypted }),
    }
    const frames = item.end(status, opaque)
    this.#done.push(item.item(status, opaque))
    if (block.ended) this.#blocks.delete(number)
    this.#speaker = undefined
    return frames
  }
}

function hasContent({ part, pending, ended, signature, encrypted }: Block): boolean {
  if (part.type === 'tool-call' || pending !== '') return true
  return ended && (signature !== undefined || encrypted !== undefined)
}
