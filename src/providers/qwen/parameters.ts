// A request's parameters, as Qwen Code takes them, and what becomes of each: one decision, so that both always agree.
import type { ChatRequest, Effort, Output, Parameter } from '../../core/request.ts'
import type { Support } from '../../core/turn.ts'
import type { Fields } from '../fields.ts'
import { functionFields } from './tools.ts'
import type { Service } from './service.ts'
import { maySearch, WEB_FIELDS } from './web.ts'

export type Parameters = {
  /** Fields of the request body, as they are sent. */
  sampling: Readonly<Record<string, unknown>>
  /** False: no thinking. Undefined: what the model does by itself. */
  reasoning: false | { effort: string } | undefined
  /** Fields of the request body about tools; they win over the user's own. */
  functions: Fields
  support: Partial<Record<Parameter, Support>>
}

/** More of them are refused by OpenAI's API and by others after its model. */
const MOST_STOPS = 4

/** With `web`, the model may search where the service can. */
export function resolveParameters(request: ChatRequest, service: Service, web = false): Parameters {
  const { sampling, output, user } = request
  const stops = sampling.stop.filter((stop) => stop !== '')
  const fields = {
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: sampling.topK,
    max_tokens: sampling.maxTokens,
    seed: sampling.seed,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    stop: stops.length > 0 ? stops.slice(0, MOST_STOPS) : undefined,
    response_format: responseFormat(output, service),
    user,
  }
  return {
    sampling: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
    reasoning: resolveReasoning(request.reasoning),
    functions: maySearch(web, request, service)
      ? WEB_FIELDS
      : service.completions
        ? functionFields(request, service)
        : {},
    support: {
      temperature: 'native',
      topP: 'native',
      topK: 'native',
      maxTokens: 'native',
      // The gateway looks for all of them anyway.
      stop: stops.length <= MOST_STOPS ? 'native' : 'emulated',
      seed: 'native',
      frequencyPenalty: 'native',
      presencePenalty: 'native',
      count: 'emulated',
      effort: 'native',
      user: 'native',
      metadata: 'ignored',
      ...functionSupport(request, service),
    },
  }
}

function functionSupport({ tools, toolChoice, output }: ChatRequest, service: Service): Parameters['support'] {
  if (!service.completions) {
    const unused = tools.length === 0 ? 'native' : 'ignored'
    const unasked = { toolChoice: unused, parallelToolCalls: unused, strictTools: unused } as const
    return { output: supportOfOutput(output), tools: 'ignored', ...unasked }
  }
  // DashScope takes `required` for `auto`, and forces none of its thinking models to call one.
  const isForced = toolChoice.type === 'required' || toolChoice.type === 'named'
  return {
    output: supportOfOutput(output),
    tools: 'native',
    toolChoice: service.dashScope && isForced ? 'emulated' : 'native',
    parallelToolCalls: 'native',
    strictTools: 'native',
  }
}

/** Many of the services that Qwen Code is used with take `response_format` and do not keep to it, so that none is believed. */
function supportOfOutput({ type }: Output): Support {
  return type === 'text' ? 'native' : 'emulated'
}

/** Qwen Code's levels, which it maps on to what each service takes. */
const LEVELS: Record<Exclude<Effort, 'none'>, string> = {
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'xhigh',
  max: 'max',
}

function resolveReasoning({ effort, budgetTokens }: ChatRequest['reasoning']): Parameters['reasoning'] {
  const wanted = effort ?? (budgetTokens === undefined ? undefined : effortFor(budgetTokens))
  if (wanted === undefined) return undefined
  return wanted === 'none' ? false : { effort: LEVELS[wanted] }
}

/** It knows levels and no budget. */
function effortFor(tokens: number): Effort {
  if (tokens <= 0) return 'none'
  if (tokens <= 4096) return 'low'
  return tokens <= 12_000 ? 'medium' : 'high'
}

/** A wish, which makes a fitting answer likelier. DashScope knows schemas for a few models only. */
function responseFormat(output: Output, { dashScope, completions }: Service): unknown {
  if (!completions) return undefined
  switch (output.type) {
    case 'text':
      return undefined
    case 'json':
      return { type: 'json_object' }
    case 'json-schema': {
      if (dashScope) return undefined
      const { name, schema, strict } = output
      return { type: 'json_schema', json_schema: { name, schema, strict } }
    }
    default:
      return output satisfies never
  }
}
