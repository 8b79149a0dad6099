import type { Answer, Stop } from '../reply.ts'
import { type TextOptions, text } from './text.ts'

/** Text that ends for another reason than its end. */
export function stopped(reason: Stop['reason'], chunks: string[], options: TextOptions = {}): Answer {
  return text(chunks, { ...options, stop: { reason } })
}

/** Text that ends because this sequence of the caller's came up. */
export function stoppedAt(sequence: string, chunks: string[], options: TextOptions = {}): Answer {
  return text(chunks, { ...options, stop: { reason: 'stop_sequence', sequence } })
}

/** The model refuses, after these chunks if there are any. */
export function refused(chunks: string[] = [], options: TextOptions & { category?: string } = {}): Answer {
  const refusal = { category: options.category ?? 'cyber', explanation: 'simulated refusal' }
  return text(chunks, { ...options, stop: { reason: 'refusal', refusal } })
}
