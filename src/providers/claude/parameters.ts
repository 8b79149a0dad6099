// A request's parameters, as Claude Code takes them, and what becomes of each: one decision, so that both always agree.
import type { ChatRequest, Effort, Parameter } from '../../core/request.ts'
import type { Support } from '../../core/turn.ts'
import type { ModelFacts } from './model-facts.ts'
import { resolveOutput } from './output-format.ts'
import { continuesWithoutThinking, resolveToolChoice } from './tool-choice.ts'

export type Parameters = {
  /** Level for the setting `effortLevel`; null is the model's own. */
  effort: string | null
  /** Tokens to think with; 0 is no thinking, null is what the model does by itself. */
  thinking: number | null
  maxTokens: number | null
  /** Fields of the request body that Claude Code has no setting for. */
  body: Readonly<Record<string, unknown>>
  /** Values of the header `anthropic-beta` that these need. */
  betas: readonly string[]
  /** Goes into the user id that Claude Code sends, as further keys. */
  metadata: Readonly<Record<string, string>>
  support: Partial<Record<Parameter, Support>>
}

/** Below this many tokens, thinking would leave nothing for the answer. */
const NO_ROOM_TO_THINK = 2048
/** The API's least budget, and it has to be below max_tokens. */
const LEAST_BUDGET = 1024
/** The service takes a user id of 256 characters, of which Claude Code's own keys need up to 190. */
const METADATA_LIMIT = 60
/** Claude Code's own keys there, which say whose account and machine it is. */
const OWN_KEYS = ['device_id', 'account_uuid', 'session_id']

/** The budget that Claude Code (2.1.329) gives by itself. */
const CLI_BUDGET = 31_999
/** Thinking tokens for models that have a budget and no effort. */
const BUDGETS: Record<Exclude<Effort, 'none'>, number | null> = {
  minimal: 1024,
  low: 4096,
  medium: 12_000,
  high: null,
  xhigh: null,
  max: null,
}

export function resolveParameters(request: ChatRequest, facts: ModelFacts): Parameters {
  const thinking = resolveThinking(request, facts)
  const sampling = resolveSampling(request, facts, thinking)
  const metadata = resolveMetadata(request)
  const choice = resolveToolChoice(request, facts.thinking === 'none' || thinking.tokens === 0 || thinking.mayStop)
  const output = resolveOutput(request, facts.formats)
  const nativeStops = request.sampling.stop.filter((stop) => /\S/.test(stop))
  return {
    effort: thinking.effort,
    thinking: (sampling.wanted || choice.forced) && thinking.mayStop ? 0 : thinking.tokens,
    maxTokens: request.sampling.maxTokens ?? null,
    body: {
      ...sampling.body,
      ...(nativeStops.length > 0 ? { stop_sequences: nativeStops } : {}),
      ...choice.body,
      ...output.body,
    },
    betas: output.betas,
    metadata: metadata.fields,
    support: {
      maxTokens: 'native',
      // The service refuses blank ones; the gateway looks for all of them anyway.
      stop: nativeStops.length === request.sampling.stop.length ? 'native' : 'emulated',
      count: 'emulated',
      effort: thinking.support,
      ...sampling.support,
      ...metadata.support,
      tools: 'native',
      ...choice.support,
      output: output.support,
    },
  }
}

type Thinking = { effort: string | null; tokens: number | null; support: Support; mayStop: boolean }

function resolveThinking(request: ChatRequest, facts: ModelFacts): Thinking {
  const thinking = wantedThinking(request, facts)
  if (facts.thinking !== 'budget' || thinking.tokens === 0 || !continuesWithoutThinking(request.messages))
    return thinking
  const asked = request.reasoning.effort !== undefined || request.reasoning.budgetTokens !== undefined
  return { ...thinking, tokens: 0, mayStop: true, support: asked ? 'ignored' : thinking.support }
}

function wantedThinking({ reasoning, sampling }: ChatRequest, facts: ModelFacts): Thinking {
  const { effort, budgetTokens } = reasoning
  const room = sampling.maxTokens ?? Infinity
  const canStop = facts.thinking === 'budget' || facts.thinking === 'adaptive'
  if (effort === undefined && budgetTokens === undefined) {
    if (room > NO_ROOM_TO_THINK) {
      // Claude Code would let it think up to the last token but one, and leave no answer.
      const tokens = facts.thinking === 'budget' && room < 2 * CLI_BUDGET ? Math.floor(room / 2) : null
      return { effort: null, tokens, support: 'native', mayStop: canStop }
    }
    // Where thinking cannot be switched off, the least of it leaves the most.
    const least = facts.thinking === 'always' ? (facts.efforts[0] ?? null) : null
    return { effort: least, tokens: canStop ? 0 : null, support: 'native', mayStop: canStop }
  }
  if (effort === 'none') {
    // The nearest that a model has which always thinks is its least.
    const least = facts.thinking === 'always' ? (facts.efforts[0] ?? null) : null
    return { effort: least, tokens: canStop ? 0 : null, support: 'native', mayStop: canStop }
  }
  if (facts.thinking === 'none') return { effort: null, tokens: null, support: 'ignored', mayStop: false }
  if (facts.thinking === 'budget') {
    if (room <= LEAST_BUDGET) return { effort: null, tokens: 0, support: 'ignored', mayStop: true }
    const wanted = budgetTokens ?? (facts.efforts.length > 0 || effort === undefined ? null : BUDGETS[effort])
    // At most half of what the caller allows: the rest is for the answer.
    const tokens = wanted === null ? null : Math.max(LEAST_BUDGET, Math.min(wanted, Math.floor(room / 2)))
    return { effort: nearestEffort(effort, facts), tokens, support: 'native', mayStop: false }
  }
  return { effort: nearestEffort(effort, facts), tokens: null, support: 'native', mayStop: false }
}

const ORDER: readonly Effort[] = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']

/** The highest level of the model that is not above the wanted one, else its lowest. */
function nearestEffort(effort: Effort | undefined, { efforts }: ModelFacts): string | null {
  if (effort === undefined) return null
  const wanted = ORDER.indexOf(effort)
  return efforts.findLast((level) => ORDER.indexOf(level as Effort) <= wanted) ?? efforts[0] ?? null
}

type SamplingFields = { body: Record<string, unknown>; wanted: boolean; support: Partial<Record<Parameter, Support>> }

/** Sampling needs a model that takes it, and that does not think meanwhile: the caller's effort goes before. */
function resolveSampling({ sampling }: ChatRequest, facts: ModelFacts, thinking: Thinking): SamplingFields {
  const { temperature, topP, topK } = sampling
  const possible = facts.sampling && (facts.thinking === 'none' || thinking.mayStop)
  const body: Record<string, unknown> = {}
  const support: SamplingFields['support'] = {}
  // 1 is what the service does anyway, so that asking for it costs no thinking.
  support.temperature = temperature === 1 || (possible && (temperature ?? 0) <= 1) ? 'native' : 'ignored'
  support.topP = topP === 1 ? 'native' : 'ignored'
  support.topK = possible ? 'native' : 'ignored'
  if (possible && temperature !== undefined && temperature !== 1) body['temperature'] = Math.min(temperature, 1)
  // Models since 4.5 refuse both at once.
  if (possible && topP !== undefined && topP !== 1 && body['temperature'] === undefined) {
    body['top_p'] = topP
    support.topP = 'native'
  }
  if (possible && topK !== undefined) body['top_k'] = topK
  return { body, wanted: Object.keys(body).length > 0, support }
}

function resolveMetadata({ user, metadata }: ChatRequest) {
  const all = { ...metadata, ...(user === undefined ? {} : { user }) }
  const fits = JSON.stringify(all).length <= METADATA_LIMIT && !OWN_KEYS.some((key) => Object.hasOwn(all, key))
  const userFits = user !== undefined && JSON.stringify({ user }).length <= METADATA_LIMIT
  const fields: Record<string, string> = fits ? all : userFits ? { user } : {}
  const support = {
    user: fits || userFits ? ('native' as const) : ('ignored' as const),
    metadata: fits ? ('native' as const) : ('ignored' as const),
  }
  return { fields, support }
}
