import type { ChatRequest } from './request.ts'
import type { Batch } from './event.ts'

/** One answer to be produced. Images and documents in `request` are resolved to data before a driver sees them. */
export type Turn = {
  /** Unique per answer; safe in file names and logs. */
  id: string
  request: ChatRequest
  /** Its number among the answers to one request, from 0. */
  choice?: number
  /** The provider's own model name: aliases, prefixes and suffixes are resolved. */
  model: string
}

/** Runs one turn; see `Driver.run`. */
export type RunTurn = (turn: Turn, signal: AbortSignal) => AsyncIterable<Batch>

/** A step that events pass on their way from the provider to the caller. It ends the turn by returning early. */
export type BatchFilter = (batches: AsyncIterable<Batch>) => AsyncIterable<Batch>

/**
 * What becomes of a parameter: `native`, the provider honours it; `emulated`, the gateway does it at its edge;
 * `ignored`, nobody does, and the caller is told by `x-cligate-ignored` (in strict mode by a 400).
 */
export type Support = 'native' | 'emulated' | 'ignored'
