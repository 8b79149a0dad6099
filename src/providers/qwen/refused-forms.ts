// Services that refuse a request for its `response_format`, where others keep to it or take no notice of it.
import type { GatewayError } from '../../core/error.ts'
import type { Turn } from '../../core/turn.ts'

/** They all name it: DeepSeek by "This response_format type is unavailable now", DashScope by "Json mode response is not supported". */
const NAMED = /response_format|json[_ ](?:schema|object|mode)|structured[_ ]outputs?/i

/** Models that are remembered; a caller may come with any name. */
const MOST = 1000

/** The form is only a wish (`parameters.ts`), so that the turn can go without. It is remembered what is not to be asked again. */
export class RefusedForms {
  private readonly refused = new Set<string>()

  /** The turn, without the form where the service is known to refuse it. */
  without(turn: Turn): Turn {
    return this.refused.has(keyOf(turn)) ? { ...turn, request: { ...turn.request, output: { type: 'text' } } } : turn
  }

  /** Whether the turn failed for the form alone: then it is worth asking again. */
  learn(turn: Turn, { code, message }: GatewayError): boolean {
    if (turn.request.output.type === 'text' || code !== 'invalid_request' || !NAMED.test(message)) return false
    if (this.refused.size >= MOST) this.refused.clear()
    this.refused.add(keyOf(turn))
    return true
  }
}

function keyOf({ model, request }: Turn): string {
  return `${request.output.type} ${model}`
}
