// A response that goes on whether somebody reads it or not.
import { GatewayError } from '../../core/error.ts'
import type { ChoiceBatch } from '../../core/event.ts'
import { splitFrames } from '../../dialects/openai-responses/frames.ts'
import type { ResponseStream } from '../../dialects/openai-responses/stream.ts'
import type { Exchange } from '../exchange.ts'

const CANCELLED = new GatewayError('client_closed_request', 'The response was cancelled.')

/** A log of frames with one writer and any number of readers, each at its own place. */
export class ResponseRun {
  /** All that happened; the place of each frame is its `sequence_number`. */
  readonly #frames: string[] = []
  readonly #encoder: ResponseStream
  readonly #exchange: Exchange
  #changed = Promise.withResolvers<void>()
  #over = false
  readonly #ended = Promise.withResolvers<void>()

  /** @param exchange what the work is logged as, and what cancels it */
  constructor(
    readonly owner: string,
    encoder: ResponseStream,
    exchange: Exchange,
  ) {
    this.#encoder = encoder
    this.#exchange = exchange
    this.#append(encoder.queue())
  }

  /** Works until the answer is over or cancelled. Never rejects: what goes wrong is the end of the response. */
  async work(batches: AsyncIterable<ChoiceBatch>): Promise<void> {
    try {
      for await (const batch of batches) this.#append(this.#encoder.push(batch))
    } catch (thrown) {
      if (!this.#exchange.signal.aborted) {
        const error = GatewayError.from(thrown)
        this.#exchange.fail(error)
        this.#append(this.#encoder.push({ choice: 0, events: [{ type: 'error', error }] }))
      }
    }
    this.#append(this.#encoder.cancel(CANCELLED))
    this.#over = true
    this.#wake()
    this.#exchange.end()
    this.#ended.resolve()
  }

  /** Resolves when nothing of it changes any more. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  cancel(): void {
    this.#exchange.leave()
  }

  /** The response as it is by now, with all that is opaque. */
  snapshot() {
    return this.#encoder.snapshot()
  }

  /** All frames so far, as one text. */
  text(): string {
    return this.#frames.join('')
  }

  /** Frames from the number `first` on, until the response is over: what is there by then in one piece. */
  async *read(first: number): AsyncGenerator<string> {
    for (let next = first; ;) {
      if (next < this.#frames.length) {
        const frames = this.#frames.slice(next)
        next += frames.length
        yield frames.join('')
      } else if (this.#over) return
      else await this.#changed.promise
    }
  }

  #append(text: string): void {
    if (text === '') return
    for (const frame of splitFrames(text)) this.#frames.push(frame)
    this.#wake()
  }

  #wake(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers<void>()
  }
}
