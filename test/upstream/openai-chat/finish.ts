import type { Stop } from '../reply.ts'

/** Why the model stopped, in OpenAI's words. */
export function finishReason(stop: Stop): 'stop' | 'length' | 'tool_calls' | 'content_filter' {
  switch (stop.reason) {
    case 'end_turn':
    case 'stop_sequence':
    case 'pause_turn':
      return 'stop'
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'length'
    case 'tool_use':
      return 'tool_calls'
    case 'refusal':
      return 'content_filter'
    default:
      return stop.reason satisfies never
  }
}
