import type { FinishReason } from '../../core/event.ts'
import { brokenOff } from '../broken-off.ts'
import type { Completion } from './schema.ts'

/** @throws GatewayError `provider_error` for an answer that finished with an error: that is none */
export function finishReason(finish: FinishReason): Completion['choices'][number]['finish_reason'] {
  switch (finish) {
    case 'length':
      return 'length'
    case 'content-filter':
      return 'content_filter'
    case 'error':
      throw brokenOff()
    case 'stop':
    case 'tool-calls':
      return 'stop'
    default:
      return finish satisfies never
  }
}
