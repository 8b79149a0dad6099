// A request's parameters, as Codex takes them, and what becomes of each: one decision, so that both always agree.
import { type ChatRequest, EFFORTS, type Parameter } from '../../core/request.ts'
import type { Support } from '../../core/turn.ts'
import type { Fields } from '../acp-fields.ts'
import { effortsOf } from './models.ts'

export type Parameters = {
  /** Undefined is the model's own. */
  effort: string | undefined
  /** JSON Schema of the answer. */
  schema: Readonly<Record<string, unknown>> | undefined
  /** Pieces of text after which the answer is cut. */
  maxTokens: number | undefined
  support: Partial<Record<Parameter, Support>>
}

/** `entry` is the model's in the catalogue; undefined for a model that is not in there. */
export function resolveParameters(request: ChatRequest, entry: Fields | undefined): Parameters {
  const { output, sampling, reasoning, tools } = request
  const efforts = entry && effortsOf(entry)
  // Codex asks for schemas to be kept strictly, always; a schema that is not made for that would be refused.
  const schema = output.type === 'json-schema' && output.strict ? output.schema : undefined
  const noTools = tools.length === 0 ? 'native' : 'ignored'
  return {
    effort: nearestEffort(reasoning.effort, efforts),
    schema,
    maxTokens: sampling.maxTokens,
    support: {
      effort: efforts?.length === 0 ? 'ignored' : 'native',
      maxTokens: 'emulated',
      stop: 'emulated',
      count: 'emulated',
      output: output.type === 'text' || schema ? 'native' : 'ignored',
      toolChoice: noTools,
      parallelToolCalls: noTools,
    },
  }
}

/** The highest level of the model that is not above the wanted one, else its lowest; unknown models get what was asked for. */
function nearestEffort(wanted: string | undefined, efforts: readonly string[] | undefined): string | undefined {
  if (wanted === undefined || efforts === undefined) return wanted
  const rank = (effort: string) => EFFORTS.findIndex((known) => known === effort)
  const known = efforts.filter((effort) => rank(effort) >= 0)
  return known.findLast((effort) => rank(effort) <= rank(wanted)) ?? known[0]
}
