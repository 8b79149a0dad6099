import { MESSAGE_MODES, type MessageMode, messageMode } from '../content/message-modes.ts'
import { GatewayError } from '../core/error.ts'
import type { Plan } from '../core/run.ts'

export const MESSAGE_MODE_HEADER = 'x-cligate-message-mode'

/**
 * The plan with the step that shows a CLI's own tool activity as the request's header says, or else the configuration.
 * @throws GatewayError `invalid_request` for a mode that there is not
 */
export function withMessageMode(plan: Plan, headers: Headers, fallback: MessageMode = 'ignore'): Plan {
  const asked = headers.get(MESSAGE_MODE_HEADER)
  const mode = asked === null ? fallback : MESSAGE_MODES.find((one) => one === asked.toLowerCase())
  if (mode === undefined) {
    const message = `${MESSAGE_MODE_HEADER} must be one of ${MESSAGE_MODES.join(', ')}.`
    throw new GatewayError('invalid_request', message, { param: MESSAGE_MODE_HEADER })
  }
  // Last, so that its text is not searched for stop strings.
  return { ...plan, filters: [...plan.filters, messageMode(mode)] }
}
