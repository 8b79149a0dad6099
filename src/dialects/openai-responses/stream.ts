import type { ChatEvent, ChoiceBatch, FinishReason } from '../../core/event.ts'
import type { GatewayError } from '../../core/error.ts'
import type { Usage } from '../../core/usage.ts'
import { errorOf } from '../broken-off.ts'
import type { StreamEncoder } from '../dialect.ts'
import type { Envelope } from './envelope.ts'
import { errorFields, failureOf } from './errors.ts'
import { endingOf, lastStatus } from './finish.ts'
import { Frames } from './frames.ts'
import { presented } from './items.ts'
import type { ResponsesResponse } from './schema-answer.ts'
import type { StreamItemOptions } from './stream-item.ts'
import { StreamItems } from './stream-items.ts'
import { encodeUsage } from './usage.ts'

type State = Pick<ResponsesResponse, 'status' | 'error' | 'incomplete_details' | 'completed_at'>

const RUNNING: State = { status: 'in_progress', error: null, incomplete_details: null, completed_at: null }

/**
 * Encodes the events of one streamed answer, from `response.created` to `response.completed`, `.incomplete` or `.failed`.
 * An error before the response has begun is an `error` event. What a batch says goes out at once, in as few events as it
 * needs. Nothing comes behind the last event, no `[DONE]` either.
 */
export class ResponseStream implements StreamEncoder {
  readonly #envelope: Envelope
  readonly #options: StreamItemOptions
  readonly #ended: (response: ResponsesResponse) => void
  readonly #now: () => number
  readonly #frames = new Frames()
  readonly #items: StreamItems
  #state: State | undefined
  #usage: Usage | undefined
  #over = false

  /** @param ended is told once, with all that is opaque, when the response is over; `now` is in milliseconds since 1970 */
  constructor(
    envelope: Envelope,
    options: StreamItemOptions,
    ended: (response: ResponsesResponse) => void,
    now: () => number,
  ) {
    this.#now = now
    this.#envelope = envelope
    this.#options = options
    this.#ended = ended
    this.#items = new StreamItems(this.#frames, options)
  }

  /** The response is accepted, and its answer comes later. */
  queue(): string {
    this.#state = { ...RUNNING, status: 'queued' }
    return this.#lifecycle('response.created') + this.#lifecycle('response.queued')
  }

  push({ events }: ChoiceBatch): string {
    if (this.#over) return ''
    const error = errorOf(events)
    if (error && !this.#state && events.length === 1) return this.#refuse(error)
    let frames = this.#begin()
    for (const event of events) this.#read(event)
    frames += this.#items.flush()
    if (error) return frames + this.#fail(error)
    const last = events.at(-1)
    return last?.type === 'finish' ? frames + this.#finish(last.reason) : frames
  }

  end(): string {
    return ''
  }

  /** Ends a response that nobody waits for any more. Readers of its stream are told by an `error` event. */
  cancel(error: GatewayError): string {
    if (this.#over) return ''
    this.#close({ ...RUNNING, status: 'cancelled' })
    return this.#frames.event({ type: 'error', ...errorFields(error) })
  }

  /** The response as it is by now, with all that is opaque. */
  snapshot(): ResponsesResponse {
    return {
      ...this.#envelope,
      ...(this.#state ?? RUNNING),
      output: this.#items.output(),
      usage: encodeUsage(this.#usage),
    }
  }

  #begin(): string {
    if (this.#state?.status === 'in_progress') return ''
    const isNew = this.#state === undefined
    this.#state = RUNNING
    return (isNew ? this.#lifecycle('response.created') : '') + this.#lifecycle('response.in_progress')
  }

  #read(event: ChatEvent): void {
    if (event.type === 'usage') this.#usage = event.usage
    else this.#items.read(event)
  }

  #refuse(error: GatewayError): string {
    this.#over = true
    return this.#frames.event({ type: 'error', ...errorFields(error) })
  }

  #fail(error: GatewayError): string {
    this.#close({ ...RUNNING, status: 'failed', error: failureOf(error) })
    return this.#lifecycle('response.failed')
  }

  #finish(reason: FinishReason): string {
    const frames = this.#items.finish(lastStatus(reason))
    const ending = endingOf(reason)
    this.#close({ ...ending, error: null, completed_at: Math.floor(this.#now() / 1000) })
    return frames + this.#lifecycle(ending.status === 'completed' ? 'response.completed' : 'response.incomplete')
  }

  #close(state: State): void {
    this.#over = true
    this.#state = state
    this.#ended(this.snapshot())
  }

  #lifecycle(type: `response.${'created' | 'queued' | 'in_progress' | 'completed' | 'incomplete' | 'failed'}`): string {
    return this.#frames.event({ type, response: presented(this.snapshot(), this.#options.encrypted) })
  }
}
