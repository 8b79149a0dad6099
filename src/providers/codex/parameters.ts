// A request's parameters, as Codex takes them, and what becomes of each: one decision, so that both always agree.
import { type ChatRequest, EFFORTS, type Output, type Parameter } from '../../core/request.ts'
import type { Support } from '../../core/turn.ts'
import type { Fields } from '../fields.ts'
import { effortsOf } from './models.ts'
import { isReadable, isStrict } from './strict-schema.ts'

export type Parameters = {
  /** Undefined is the model's own. */
  effort: string | undefined
  /** JSON Schema of the answer. */
  schema: Readonly<Record<string, unknown>> | undefined
  support: Partial<Record<Parameter, Support>>
}

/** `entry` is the model's in the catalogue; undefined for a model that is not in there. */
export function resolveParameters(request: ChatRequest, entry: Fields | undefined): Parameters {
  const { output, reasoning } = request
  const efforts = entry && effortsOf(entry)
  const schema = nativeSchema(output)
  return {
    effort: nearestEffort(reasoning.effort, efforts),
    schema,
    support: {
      effort: efforts?.length === 0 ? 'ignored' : 'native',
      maxTokens: 'emulated',
      stop: 'emulated',
      count: 'emulated',
      output: output.type === 'text' || schema ? 'native' : 'emulated',
      tools: 'native',
      toolChoice: supportOfChoice(request),
      parallelToolCalls: supportOfParallel(request, entry),
    },
  }
}

/** A schema that is not made to be kept strictly would be refused; one that its caller calls strict, the service judges. */
function nativeSchema(output: Output): Parameters['schema'] {
  if (output.type !== 'json-schema') return undefined
  return (output.strict ? isReadable(output.schema) : isStrict(output.schema)) ? output.schema : undefined
}

/** Codex always asks for "auto" (0.169.0); for "none", nothing is offered. */
function supportOfChoice({ tools, toolChoice }: ChatRequest): Support {
  return tools.length === 0 || toolChoice.type === 'auto' || toolChoice.type === 'none' ? 'native' : 'emulated'
}

/** Codex asks for parallel calls by the way a model is asked (0.169.0): never with "Responses lite", and else always. */
function supportOfParallel({ tools, parallelToolCalls }: ChatRequest, entry: Fields | undefined): Support {
  return tools.length === 0 || parallelToolCalls || entry?.['use_responses_lite'] === true ? 'native' : 'emulated'
}

/** The highest level of the model that is not above the wanted one, else its lowest; unknown models get what was asked for. */
function nearestEffort(wanted: string | undefined, efforts: readonly string[] | undefined): string | undefined {
  if (wanted === undefined || efforts === undefined) return wanted
  const rank = (effort: string) => EFFORTS.findIndex((known) => known === effort)
  const known = efforts.filter((effort) => rank(effort) >= 0)
  return known.findLast((effort) => rank(effort) <= rank(wanted)) ?? known[0]
}
