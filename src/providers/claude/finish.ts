// Why the model stopped, in Anthropic's words and in ours.
import type { FinishReason } from '../../core/event.ts'

const REASONS = new Map<string, FinishReason>([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['pause_turn', 'stop'],
  ['tool_use', 'tool-calls'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['refusal', 'content-filter'],
])

/** Reasons after which Claude Code (2.1.329) asks nothing more of the model, whatever its budget: its `result` can be waited for. */
const QUIET = new Set(['end_turn', 'stop_sequence', 'tool_use', 'pause_turn'])

export const finishOf = (reason: string): FinishReason => REASONS.get(reason) ?? 'stop'

export const isQuiet = (reason: string): boolean => QUIET.has(reason)
