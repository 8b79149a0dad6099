// From a request to what Codex is asked: every decision of a turn, in one place.
import { GatewayError } from '../../core/error.ts'
import { textAt } from '../fields.ts'
import { type Login, routeOf } from './auth.ts'
import { type Catalog, catalogEntry } from './catalog.ts'
import { estimateItems, type Item, promptItems } from './history.ts'
import { withIds } from './item-ids.ts'
import type { LimitWindow } from './limits.ts'
import { type CodexOptions, LOGIN } from './options.ts'
import type { Parameters } from './parameters.ts'
import type { OfferedTools } from './tools.ts'
import type { Assignment } from './turn.ts'

export type TurnFacts = {
  model: string
  /** The conversation. */
  items: readonly Item[]
  offered: OfferedTools
  parameters: Parameters
  login: Login
  catalog: Catalog | undefined
  limits: () => readonly LimitWindow[]
  /** Milliseconds since 1970. */
  now: number
}

/** @throws GatewayError `provider_login_required`: Codex itself would ask without any credential */
export function assign(options: CodexOptions, facts: TurnFacts): Assignment {
  const { model, items, offered, parameters, login, catalog, limits, now } = facts
  if (login.kind === 'none') {
    throw new GatewayError('provider_login_required', `Codex is not logged in. Run: ${LOGIN}`)
  }
  const { provider, retries, prompt } = routeOf(options, login)
  // Handed over as a message: as a setting, Codex sends it twice where there are no tools (0.169.0).
  const instructions = prompt === 'codex' ? textAt(catalogEntry(catalog, model), 'base_instructions') : undefined
  const { verbosity, serviceTier, web } = options
  const { effort, schema } = parameters
  return {
    thread: {
      model,
      provider,
      withoutPrompt: prompt === 'none' || instructions !== undefined,
      ...(verbosity === undefined ? {} : { verbosity }),
      ...(serviceTier === undefined ? {} : { serviceTier }),
      tools: offered.tools,
    },
    items: withIds([...promptItems(instructions), ...items]),
    // The built-in provider opens a connection to OpenAI with each thread, and asks there for a warm-up.
    spare: !retries,
    settings: { ...(effort === undefined ? {} : { effort }), ...(schema === undefined ? {} : { schema }) },
    reading: {
      model,
      now,
      retries,
      web,
      limits,
      toCaller: offered.toCaller,
      estimateInput: () => estimateItems(items),
    },
  }
}
