// Answers that break: what networks, proxies and overloaded services do.
import { type Answer, type AnswerOptions, type Reply, type Step, answer } from '../reply.ts'
import { failure } from './failures.ts'
import { type TextOptions, spaced } from './text.ts'

/** The connection is destroyed before there is an answer. */
export const cut = (): Reply => ({ type: 'cut' })

/** Neither head nor bytes until the client leaves. */
export const hang = (): Reply => ({ type: 'hang' })

/** The connection is destroyed after these chunks. */
export const cutAfter = (chunks: string[], options?: TextOptions) => broken(chunks, { type: 'cut' }, options)

/** The stream ends in good order after these chunks, without saying why the model stopped. */
export const truncatedAfter = (chunks: string[], options?: TextOptions) => broken(chunks, { type: 'end' }, options)

/** The stream goes silent after these chunks and stays open. */
export const silentAfter = (chunks: string[], options?: TextOptions) => broken(chunks, { type: 'silence' }, options)

/** The API's own error event after these chunks; the status tells its kind. */
export const failsAfter = (chunks: string[], status = 529, message = 'Overloaded', options?: TextOptions) =>
  broken(chunks, { type: 'failure', failure: failure(status, { message }) }, options)

/** After these chunks an event whose JSON is broken, then the rest of a good stream. */
export function garbageAfter(chunks: string[], options: AnswerOptions = {}): Answer {
  return answer(
    () => [
      ...chunks.map((chunk) => ({ type: 'text' as const, text: chunk })),
      { type: 'bytes' as const, bytes: 'event: content_block_delta\ndata: {"type":"content_block_delta","ind\n\n' },
    ],
    options,
  )
}

/** 200, and bytes that are no event stream at all. */
export function garbage(bytes: string | Uint8Array<ArrayBuffer> = '<html>\u0000 not an event stream'): Reply {
  return { type: 'bytes', bytes: typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes }
}

function broken(chunks: string[], end: Step, options: TextOptions = {}): Answer {
  const steps: Step[] = [...chunks.map((chunk) => ({ type: 'text' as const, text: chunk })), end]
  return answer(() => spaced(steps, options.between), options)
}
