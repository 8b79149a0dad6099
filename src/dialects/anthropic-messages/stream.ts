import type { Batch, ChatEvent, ChoiceBatch } from '../../core/event.ts'
import type { GatewayError } from '../../core/error.ts'
import type { Usage } from '../../core/usage.ts'
import { errorOf } from '../broken-off.ts'
import type { AnswerContext, StreamEncoder } from '../dialect.ts'
import { envelope } from './answer.ts'
import { encodeError } from './errors.ts'
import { RUNNING, stopFields } from './finish.ts'
import { frame } from './frames.ts'
import { StreamBlocks } from './stream-blocks.ts'
import { encodeDeltaUsage, encodeStartUsage } from './usage.ts'

/**
 * Encodes the events of one streamed answer, from `message_start` to `message_stop`. An error becomes an `error` event and
 * ends the stream: blocks that are open stay so, for the answer is not whole. What a batch says goes out at once, in as
 * few events as it needs.
 */
export class MessageStream implements StreamEncoder {
  readonly #context: AnswerContext
  readonly #blocks = new StreamBlocks()
  #usage: Usage | undefined
  #over = false

  constructor(context: AnswerContext) {
    this.#context = context
  }

  push({ events }: ChoiceBatch): string {
    if (this.#over) return ''
    for (const event of events) this.#read(event)
    let frames = events[0]?.type === 'stream-start' ? this.#start() : ''
    frames += this.#blocks.flush()
    const error = errorOf(events)
    if (error) return frames + this.#fail(error)
    return frames + this.#finish(events)
  }

  end(): string {
    return ''
  }

  #start(): string {
    const usage = encodeStartUsage(this.#usage)
    const message = { ...envelope(this.#context), content: [], ...RUNNING, diagnostics: null, usage }
    return frame({ type: 'message_start', message }) + frame({ type: 'ping' })
  }

  #read(event: ChatEvent): void {
    if (event.type === 'usage') this.#usage = event.usage
    else this.#blocks.read(event)
  }

  #fail(error: GatewayError): string {
    this.#over = true
    return frame(encodeError(error, this.#context.requestId))
  }

  #finish(events: Batch): string {
    const last = events.at(-1)
    if (last?.type !== 'finish') return ''
    this.#over = true
    const delta = stopFields(last.reason, last.stopSequence)
    return (
      frame({ type: 'message_delta', delta, usage: encodeDeltaUsage(this.#usage) }) + frame({ type: 'message_stop' })
    )
  }
}
