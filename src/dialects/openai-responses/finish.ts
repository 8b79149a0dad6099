import type { FinishReason } from '../../core/event.ts'
import { brokenOff } from '../broken-off.ts'
import type { ItemStatus, ResponsesResponse } from './schema-answer.ts'

/** How an answer ended, as the response says it. */
type Ending = Pick<ResponsesResponse, 'status' | 'incomplete_details'>

const ENDINGS = {
  stop: { status: 'completed', incomplete_details: null },
  'tool-calls': { status: 'completed', incomplete_details: null },
  length: { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
  'content-filter': { status: 'incomplete', incomplete_details: { reason: 'content_filter' } },
} as const satisfies Record<Exclude<FinishReason, 'error'>, Ending>

/** @throws GatewayError `provider_error` for an answer that finished with an error: that is none */
export function endingOf(finish: FinishReason): Ending {
  if (finish === 'error') throw brokenOff()
  return ENDINGS[finish]
}

/** Of the last item of an answer: where that was cut, the item was. */
export function lastStatus(finish: FinishReason): ItemStatus {
  return finish === 'stop' || finish === 'tool-calls' ? 'completed' : 'incomplete'
}
