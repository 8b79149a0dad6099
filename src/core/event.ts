// The neutral answer: a closed union of events that drivers yield in batches and dialects encode.
import type { GatewayError } from './error.ts'
import type { Usage } from './usage.ts'

export type FinishReason = 'stop' | 'length' | 'tool-calls' | 'content-filter' | 'error'

/**
 * One step of an answer. `block` numbers the parts of one answer from 0, in the order in which they start.
 * Every start has exactly one end; `finish` or `error` is the last event (`assertOrder` checks it in tests).
 */
export type ChatEvent =
  /** First event. `model` is the provider's own name for the model; `created` is in milliseconds since 1970. */
  | { type: 'stream-start'; model: string; created: number }
  | { type: 'text-start'; block: number }
  | { type: 'text-delta'; block: number; text: string }
  | { type: 'text-end'; block: number }
  | { type: 'reasoning-start'; block: number }
  | { type: 'reasoning-delta'; block: number; text: string }
  | { type: 'reasoning-end'; block: number; signature?: string; encrypted?: string }
  | { type: 'tool-call-start'; block: number; id: string; name: string }
  | { type: 'tool-call-delta'; block: number; arguments: string }
  | { type: 'tool-call-end'; block: number }
  /** What the CLI does with a tool of its own; never in chat mode. */
  | { type: 'tool-activity'; name: string; phase: 'start' | 'progress' | 'end'; detail?: unknown }
  /** Cumulative for the turn: the last one before `finish` holds. */
  | { type: 'usage'; usage: Usage }
  /** `stopSequence` is the caller's stop string that ended the answer, where one did. */
  | { type: 'finish'; reason: FinishReason; stopSequence?: string }
  | { type: 'error'; error: GatewayError }
  /** A line of the CLI, unmodified; only where the turn asked for raw lines. */
  | { type: 'raw'; line: string }

/**
 * All that one read of the provider gave. One batch becomes one write to the client. A driver's is never
 * empty; on its way an empty one says that the turn goes on, while nothing of it may be shown yet.
 */
export type Batch = ChatEvent[]

/** A batch and the answer it belongs to: `choice` is below `ChatRequest.count`. */
export type ChoiceBatch = { choice: number; events: Batch }
