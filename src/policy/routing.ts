import { progress, type ProgressPace } from '../content/progress.ts'
import { stopSequences } from '../content/stop-sequences.ts'
import type { Timeouts } from '../core/deadlines.ts'
import { GatewayError } from '../core/error.ts'
import { type ChatRequest, type Parameter, PARAMETERS } from '../core/request.ts'
import type { Plan } from '../core/run.ts'
import type { BatchFilter, RunTurn, Support } from '../core/turn.ts'
import { parseModelName } from '../providers/model-name.ts'
import type { Registry, ResolvedModel } from '../providers/registry.ts'
import { createReasoningMemory, type ReasoningMemory } from '../tools/reasoning-memory.ts'
import { asked } from './asked.ts'

export type RoutingOptions = {
  registry: Registry
  timeouts: Timeouts
  /** When the markers of `-progress` models come. */
  progressPace?: ProgressPace
  /** What models thought before they called functions; one for all requests. */
  memory?: ReasoningMemory
}

export interface Routing {
  /**
   * Decides who serves a request and how. What the model's name says about the request, the turns are given with it.
   * @throws GatewayError `model_not_found`; `unsupported_parameter` for what the model cannot do without and a header
   * cannot make good; `invalid_request` for a schema that is none
   */
  plan(request: ChatRequest): Plan
}

/** What the gateway does itself, for every provider: cutting at stop strings, and running several turns. */
const EMULATED = new Set<Parameter>(['stop', 'count'])

type Supported = Partial<Record<Parameter, Support>>

export function createRouting(options: RoutingOptions): Routing {
  const { registry, timeouts, progressPace, memory = createReasoningMemory() } = options
  return {
    plan(caller) {
      const resolved = registry.resolve(caller.model, caller.provider)
      const { driver, model } = resolved
      const { effort, written, conflict } = effortOf(caller, resolved)
      const request: ChatRequest = {
        ...caller,
        reasoning: { ...caller.reasoning, effort },
        given: written ? { ...caller.given, effort: 'model' } : caller.given,
      }
      const support = driver.support(request, model)
      refuseImpossible(request, support)
      const run: RunTurn = (turn, signal) => driver.run(turn, signal)
      const whole = asked(memory.around(run, driver.name), request, support)
      return {
        // The request of the turn has its images by now; only the effort is added.
        run: (turn, signal) =>
          whole({ ...turn, request: { ...turn.request, reasoning: request.reasoning, given: request.given } }, signal),
        provider: driver.name,
        model,
        filters: filtersFor(request, resolved, progressPace),
        timeouts,
        support: withEmulated(support),
        ignored: [
          ...request.unsupported,
          ...ignored(request, support),
          ...(conflict || (resolved.progress && !showsProgress(request)) ? ['model'] : []),
        ],
      }
    },
  }
}

/**
 * An effort in the model's name counts where the caller gave no other. One that the caller wrote there counts as given, so
 * that he is told where it does nothing; one that lost against another field is a conflict, which he is told too.
 */
function effortOf({ model, reasoning }: ChatRequest, resolved: ResolvedModel) {
  const explicit = reasoning.effort
  // The owner's alias may bring an effort as well; that is no word of the caller's.
  const suffix = resolved.effort === undefined ? undefined : parseModelName(model).effort
  return {
    effort: explicit ?? resolved.effort,
    written: suffix !== undefined && explicit === undefined,
    conflict: suffix !== undefined && explicit !== undefined && explicit !== suffix,
  }
}

/** An answer without the tools or the format that the caller asked for would be no answer to the request. */
function refuseImpossible(request: ChatRequest, support: Supported): void {
  const works = (parameter: Parameter) => support[parameter] === 'native' || support[parameter] === 'emulated'
  const refuse = (parameter: Parameter, what: string) => {
    const options = { param: request.given[parameter] ?? parameter }
    throw new GatewayError('unsupported_parameter', `The model "${request.model}" does not support ${what}.`, options)
  }
  if (request.tools.length > 0 && !works('tools')) refuse('tools', 'tools')
  if (request.output.type !== 'text' && !works('output')) refuse('output', 'structured output')
}

/** With what the gateway does itself where the provider does not. */
function withEmulated(support: Supported): Supported {
  const whole = { ...support }
  for (const parameter of EMULATED) if (whole[parameter] !== 'native') whole[parameter] = 'emulated'
  return whole
}

/** The wire names of what the caller set and nobody honours. */
function ignored(request: ChatRequest, support: Supported): string[] {
  return PARAMETERS.flatMap((parameter) => {
    const name = request.given[parameter]
    if (name === undefined || EMULATED.has(parameter) || request.kept?.includes(parameter)) return []
    return (support[parameter] ?? 'ignored') === 'ignored' ? [name] : []
  })
}

/** Marks are text: in an answer that shall be JSON they would be in its way. */
function showsProgress({ output }: ChatRequest): boolean {
  return output.type === 'text'
}

function filtersFor(request: ChatRequest, resolved: ResolvedModel, pace?: ProgressPace): BatchFilter[] {
  const filters: BatchFilter[] = []
  // Over stop strings that the provider honours too: only here the cut is exact for all of them.
  if (request.sampling.stop.length > 0) filters.push(stopSequences(request.sampling.stop))
  // Last, so that no marker is searched for stop strings; and for nobody who would see them all at the end.
  if (resolved.progress && request.stream && showsProgress(request))
    filters.push(progress({ model: resolved.model, pace }))
  return filters
}
