import type { FinishReason } from '../../core/event.ts'
import { brokenOff } from '../broken-off.ts'
import type { AnthropicMessage } from './schema-answer.ts'

/** Why and where an answer stopped, as a whole message and the end of a stream say it. */
export type StopFields = Pick<AnthropicMessage, 'stop_reason' | 'stop_sequence' | 'stop_details' | 'container'>

/** Of an answer that still runs. */
export const RUNNING: StopFields = { stop_reason: null, stop_sequence: null, stop_details: null, container: null }

const STOP_REASONS = {
  stop: 'end_turn',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
  'content-filter': 'refusal',
} as const satisfies Record<Exclude<FinishReason, 'error'>, string>

/** @throws GatewayError `provider_error` for an answer that finished with an error: that is none */
export function stopFields(finish: FinishReason, stopSequence?: string): StopFields {
  if (finish === 'error') throw brokenOff()
  if (finish === 'stop' && stopSequence !== undefined)
    return { ...RUNNING, stop_reason: 'stop_sequence', stop_sequence: stopSequence }
  if (finish !== 'content-filter') return { ...RUNNING, stop_reason: STOP_REASONS[finish] }
  return {
    ...RUNNING,
    stop_reason: STOP_REASONS[finish],
    stop_details: { type: 'refusal', category: null, explanation: null },
  }
}
