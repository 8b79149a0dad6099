// What would become of a whole request, field by field, without running it.
import { GatewayError } from '../core/error.ts'
import { type ChatRequest, PARAMETERS } from '../core/request.ts'
import type { Plan } from '../core/run.ts'

export type Refusal = { field: string | null; code: string; message: string }

/** Fields by the names that the caller gave them. */
export type Compatibility = {
  model: string | null
  provider: string | null
  /** Whether the request would be answered. */
  runs: boolean
  honoured: string[]
  emulated: string[]
  /** What no provider takes, and the answer holds again. */
  kept: string[]
  ignored: string[]
  refused: Refusal[]
}

/**
 * Only the first refusal is known: it is where reading the request ends.
 * @param strict what is ignored is refused
 */
export async function compatibilityOf(
  decode: () => ChatRequest,
  plan: (request: ChatRequest) => Plan | Promise<Plan>,
  strict: boolean,
): Promise<Compatibility> {
  const found: Compatibility = {
    model: null,
    provider: null,
    runs: false,
    honoured: [],
    emulated: [],
    kept: [],
    ignored: [],
    refused: [],
  }
  try {
    const request = decode()
    found.model = request.model
    found.ignored = request.unsupported
    const { provider, ignored, support = {} } = await plan(request)
    found.provider = provider
    found.ignored = ignored
    for (const parameter of PARAMETERS) {
      const field = request.given[parameter]
      if (field === undefined || ignored.includes(field)) continue
      if (support[parameter] === 'native') found.honoured.push(field)
      else if (support[parameter] === 'emulated') found.emulated.push(field)
      else if (request.kept?.includes(parameter)) found.kept.push(field)
    }
    if (strict) found.refused = ignored.filter((field) => field !== request.given.strictTools).map(refusedInStrictMode)
  } catch (thrown) {
    found.refused.push(refusalOf(thrown))
  }
  found.runs = found.refused.length === 0
  return found
}

/** @throws whatever is no answer to the question */
function refusalOf(thrown: unknown): Refusal {
  if (!(thrown instanceof GatewayError) || thrown.status >= 500) throw thrown
  return { field: thrown.param ?? null, code: thrown.code, message: thrown.message }
}

function refusedInStrictMode(field: string): Refusal {
  return {
    field,
    code: 'unsupported_parameter',
    message: `${field} is not supported for this model, and strict mode is on.`,
  }
}
