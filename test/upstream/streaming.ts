// Writes frames to a client and notes how the exchange ended: all I/O of an answer is here.
import type { Exchange } from './recorded-request.ts'

/** One step on the wire. An API renders an answer to these. */
export type Frame =
  | { type: 'write'; bytes: Uint8Array }
  | { type: 'wait'; milliseconds: number }
  | { type: 'cut' }
  | { type: 'silence' }

const encoder = new TextEncoder()
const FLUSH_MILLISECONDS = 20

export const write = (text: string): Frame => ({ type: 'write', bytes: encoder.encode(text) })

/** A streamed response. Bun sends the head with the first bytes. */
export function streamed(
  exchange: Exchange,
  frames: Iterable<Frame>,
  headers: Record<string, string>,
  bytesPerWrite = 0,
): Response {
  const source = sliced(frames, bytesPerWrite)[Symbol.iterator]()
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      while (true) {
        const next = source.next()
        if (exchange.signal.aborted) return
        if (next.done) {
          exchange.close('answered')
          return controller.close()
        }
        const frame = next.value
        switch (frame.type) {
          case 'write':
            return controller.enqueue(frame.bytes)
          case 'wait':
            await pause(frame.milliseconds, exchange.signal)
            if (exchange.signal.aborted) return
            break
          case 'cut':
            // An error throws away what Bun has not yet handed to the socket: give it the time to.
            await pause(FLUSH_MILLISECONDS, exchange.signal)
            exchange.close('cut')
            return controller.error(new Error('cut'))
          case 'silence':
            return untilLeft(exchange.signal)
          default:
            frame satisfies never
        }
      }
    },
    cancel() {
      exchange.close('dropped')
    },
  })
  return new Response(body, { headers })
}

/** A response whose head never gets complete: the client sees its connection break. */
export function cutResponse(exchange: Exchange): Response {
  const body = new ReadableStream({
    async start(controller) {
      // Bun prints an error that is thrown before the first await.
      await pause(1, exchange.signal)
      exchange.close('cut')
      controller.error(new Error('cut'))
    },
  })
  return new Response(body)
}

/** Resolves when the client has left. */
export function untilLeft(signal: AbortSignal): Promise<void> {
  const left = Promise.withResolvers<void>()
  if (signal.aborted) left.resolve()
  signal.addEventListener('abort', () => left.resolve(), { once: true })
  return left.promise
}

/** Waits, but no longer than the client does. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds <= 0 || signal.aborted) return
  const done = Promise.withResolvers<void>()
  const timer = setTimeout(done.resolve, milliseconds)
  signal.addEventListener('abort', () => done.resolve(), { once: true })
  await done.promise
  clearTimeout(timer)
}

function* sliced(frames: Iterable<Frame>, bytesPerWrite: number): Iterable<Frame> {
  for (const frame of frames) {
    if (frame.type !== 'write' || bytesPerWrite <= 0) {
      yield frame
      continue
    }
    for (let start = 0; start < frame.bytes.length; start += bytesPerWrite) {
      yield { type: 'write', bytes: frame.bytes.subarray(start, start + bytesPerWrite) }
    }
  }
}
