import type { CollectedAnswer } from '../../core/collect.ts'
import { brokenOff } from '../broken-off.ts'
import type { Envelope } from './envelope.ts'
import { endingOf, lastStatus } from './finish.ts'
import { encodeItems, type ItemOptions } from './items.ts'
import type { ResponsesResponse } from './schema-answer.ts'
import { encodeUsage } from './usage.ts'

/**
 * A whole answer, with all that is opaque in it. The API knows no second one to the same request.
 * @param now when it was complete, in milliseconds since 1970
 * @throws GatewayError `provider_error` when it finished with an error
 */
export function encodeAnswer(
  [answer]: readonly CollectedAnswer[],
  envelope: Envelope,
  options: ItemOptions,
  now: number,
): ResponsesResponse {
  if (!answer) throw brokenOff()
  return {
    ...envelope,
    ...endingOf(answer.finish),
    completed_at: Math.floor(now / 1000),
    error: null,
    output: encodeItems(answer.content, lastStatus(answer.finish), options),
    usage: encodeUsage(answer.usage),
  }
}
