// A running answer as a stream of server-sent events: early head, keep-alive comments, back pressure, clean ends.
import { GatewayError } from '../core/error.ts'
import type { Batch, ChoiceBatch } from '../core/event.ts'
import type { StreamEncoder } from '../dialects/dialect.ts'

export type EventStreamOptions = {
  /** Most milliseconds the head of the response waits for the first batch. */
  headAfterMs: number
  /** Milliseconds of silence before a comment is sent. */
  keepAliveMs: number
  /** Milliseconds a client may leave a full socket unread before it is given up. */
  stallMs?: number
}

/** Whom a stream is for. All but `begin` may be called again without effect. */
export type StreamClient = {
  /** A head with status 200 is about to be sent: from here on the end of the stream is the end of the request. */
  begin(): void
  /** The stream ends with this error. */
  fail(error: GatewayError): void
  /** The client has left: cancels whatever produces the batches. */
  leave(): void
  /** The stream is over, whichever way. */
  end(): void
}

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // nginx holds streams back unless told.
  'x-accel-buffering': 'no',
}

const STALL_MS = 5 * 60_000
const text = new TextEncoder()
const HEAD_COMMENT = text.encode(':\n\n')
const KEEP_ALIVE = text.encode(': keep-alive\n\n')

/**
 * The response that streams what `batches` give, one write a batch. It comes when the first batch is there, or after
 * `headAfterMs` without it; later failures are error events of the encoder's API.
 * @throws GatewayError a failure before that, which is still an HTTP status
 */
export async function eventStream(
  batches: AsyncIterator<ChoiceBatch>,
  encoder: StreamEncoder,
  client: StreamClient,
  options: EventStreamOptions,
): Promise<Response> {
  const first = batches.next()
  const late = Promise.withResolvers<undefined>()
  const timer = setTimeout(late.resolve, options.headAfterMs)
  const head = await Promise.race([first, late.promise]).finally(() => clearTimeout(timer))
  // The stream takes the first batch up again, so that there is one way of reading.
  const source = new EventSource(batches, first, encoder, client, options, head === undefined)
  client.begin()
  // No `type: 'direct'`: it does not wait for slow readers.
  const { contentType = HEADERS['content-type'] } = encoder.format ?? {}
  return new Response(new ReadableStream<Uint8Array>(source), { headers: { ...HEADERS, 'content-type': contentType } })
}

/** The underlying source of the stream: the platform pulls, so that a slow reader slows the provider down. */
class EventSource {
  private controller: ReadableStreamDefaultController<Uint8Array> | undefined
  private timer: Timer | undefined
  private lastWrite = performance.now()
  private over = false
  private readonly keepAlive: Uint8Array | undefined

  constructor(
    private readonly batches: AsyncIterator<ChoiceBatch>,
    private next: Promise<IteratorResult<ChoiceBatch>> | undefined,
    private readonly encoder: StreamEncoder,
    private readonly client: StreamClient,
    private readonly options: EventStreamOptions,
    private readonly early: boolean,
  ) {
    if (encoder.format) this.keepAlive = text.encode(encoder.format.keepAlive)
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.controller = controller
    // Bun sends the head together with the first byte of the body, and not before.
    if (this.early) this.write(this.keepAlive ?? HEAD_COMMENT)
    this.arm(this.options.keepAliveMs)
  }

  /** Reads on until there is something to send: encoders may have nothing to say to a batch. */
  async pull(): Promise<void> {
    try {
      while (!this.over) {
        const next = await (this.next ?? this.batches.next())
        this.next = undefined
        if (this.over) return
        if (next.done) return this.finish(this.encoder.end())
        const frames = this.encoder.push(next.value)
        if (endsWithError(next.value.events)) return this.finish(frames)
        if (frames === '') continue
        return this.write(text.encode(frames))
      }
    } catch (thrown) {
      this.fail(thrown)
    }
  }

  cancel(): void {
    this.leave()
  }

  /** Ends the stream with the error event of the dialect: a cut connection would not tell the client why. */
  private fail(thrown: unknown): void {
    if (this.over) return
    const error = GatewayError.from(thrown)
    this.client.fail(error)
    let frames = ''
    try {
      frames = this.encoder.push({ choice: 0, events: [{ type: 'error', error }] })
    } catch {
      // The encoder itself is what failed.
    }
    this.finish(frames)
  }

  private write(bytes: Uint8Array): void {
    this.lastWrite = performance.now()
    this.controller?.enqueue(bytes)
  }

  private finish(frames: string): void {
    if (this.over) return
    if (frames !== '') this.write(text.encode(frames))
    this.controller?.close()
    this.dispose()
  }

  /** Nobody reads any more. */
  private leave(): void {
    if (this.over) return
    this.client.leave()
    this.dispose()
  }

  private dispose(): void {
    this.over = true
    clearTimeout(this.timer)
    // Not awaited: a generator that hangs in an await settles only when that does; the signal reaches it at once.
    this.batches.return?.().catch(() => {})
    this.client.end()
  }

  private arm(milliseconds: number): void {
    this.timer = setTimeout(this.tick, Math.max(1, milliseconds))
  }

  /** One timer a stream, which looks when it was last written to: none is made or cleared on the way of a batch. */
  private readonly tick = (): void => {
    const { keepAliveMs, stallMs = STALL_MS } = this.options
    const silence = performance.now() - this.lastWrite
    const waiting = (this.controller?.desiredSize ?? 0) <= 0
    if (waiting && silence >= stallMs) {
      this.controller?.error(new Error('The client does not read.'))
      return this.leave()
    }
    // What the reader has not taken yet says well enough that the gateway lives.
    if (!waiting && silence >= keepAliveMs) this.write(this.keepAlive ?? KEEP_ALIVE)
    const rest = keepAliveMs - (performance.now() - this.lastWrite)
    this.arm(rest > 0 ? rest : keepAliveMs)
  }
}

function endsWithError(events: Batch): boolean {
  return events.at(-1)?.type === 'error'
}
