import type { Stop } from '../reply.ts'

/** Why the model stopped, as `message_delta` and the whole message say it. */
export function stopFields(stop: Stop) {
  return {
    stop_reason: stop.reason,
    stop_sequence: stop.sequence ?? null,
    stop_details: stop.refusal ? { type: 'refusal', ...stop.refusal } : null,
  }
}
