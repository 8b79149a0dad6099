// The items of one streamed answer on the wire.
import type { ChatEvent } from '../../core/event.ts'
import { type QueuedBlock, StreamQueue } from '../stream-queue.ts'
import type { Frames } from './frames.ts'
import type { ItemStatus, ResponsesOutputItem } from './schema-answer.ts'
import { StreamItem, type StreamItemOptions } from './stream-item.ts'

/** The last item stays open until something follows it: only then it is known whether it is complete. */
export class StreamItems {
  readonly #queue = new StreamQueue()
  readonly #done: ResponsesOutputItem[] = []
  readonly #frames: Frames
  readonly #options: StreamItemOptions
  #speaker: { block: QueuedBlock; item: StreamItem } | undefined

  constructor(frames: Frames, options: StreamItemOptions) {
    this.#frames = frames
    this.#options = options
  }

  read(event: ChatEvent): void {
    this.#queue.read(event)
  }

  /** Frames of all that can be said by now. */
  flush(): string {
    let frames = ''
    while (true) {
      if (!this.#speaker) {
        const block = this.#queue.next()
        if (!block) return frames
        const item = new StreamItem(block.part, this.#done.length, this.#frames, this.#options)
        this.#speaker = { block, item }
        frames += item.begin()
      }
      const { block, item } = this.#speaker
      frames += item.say(this.#queue.take(block))
      if (!this.#queue.waitsFor(block)) return frames
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

  #close(status: ItemStatus): string {
    const { block, item } = this.#speaker!
    const frames = item.end(status, block)
    this.#done.push(item.item(status, block))
    if (block.ended) this.#queue.remove(block)
    this.#speaker = undefined
    return frames
  }
}
