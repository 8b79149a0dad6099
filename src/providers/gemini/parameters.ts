// A request's parameters, as Gemini CLI takes them, and what becomes of each: one decision, so that both always agree.
import type { ChatRequest, Effort, Parameter } from '../../core/request.ts'
import type { Support } from '../../core/turn.ts'
import { thinkingLevels } from './model-facts.ts'

export type Parameters = {
  /** The model, at a level of effort where it has any. */
  choice: { model: string; level: Effort | undefined }
  /** What the hook puts in the place of the CLI's own sampling parameters; undefined leaves them. */
  sampling: Readonly<Record<string, number>> | undefined
  maxTokens: number | undefined
  support: Partial<Record<Parameter, Support>>
}

/** `graded` are the models that have aliases. */
export function resolveParameters(request: ChatRequest, model: string, graded: ReadonlySet<string>): Parameters {
  const level = graded.has(model) ? nearestLevel(wantedEffort(request), model) : undefined
  const sampling = samplingOf(request)
  const isPlain = request.tools.length === 0
  return {
    choice: { model, level },
    sampling,
    maxTokens: request.sampling.maxTokens,
    support: {
      temperature: 'native',
      topP: 'native',
      topK: 'native',
      maxTokens: 'native',
      stop: 'emulated',
      count: 'emulated',
      effort: level === undefined ? 'ignored' : 'native',
      tools: 'native',
      toolChoice: 'native',
      // The service has no such setting.
      parallelToolCalls: isPlain ? 'native' : 'emulated',
      // Any object at all cannot be described as arguments of a call (tools.ts).
      output: request.output.type === 'json' ? 'emulated' : 'native',
    },
  }
}

/** The CLI's own values (1, 0.95, 64) are left out where the caller gives any: then the model's own hold. */
function samplingOf({ sampling }: ChatRequest): Record<string, number> | undefined {
  const given = Object.entries({
    temperature: sampling.temperature,
    topP: sampling.topP,
    topK: sampling.topK,
    maxOutputTokens: sampling.maxTokens,
  }).filter((entry): entry is [string, number] => entry[1] !== undefined)
  return given.length === 0 ? undefined : Object.fromEntries(given)
}

function wantedEffort({ reasoning }: ChatRequest): Effort | undefined {
  const { effort, budgetTokens } = reasoning
  if (effort !== undefined || budgetTokens === undefined) return effort
  if (budgetTokens <= 0) return 'none'
  if (budgetTokens <= 1024) return 'low'
  return budgetTokens <= 8192 ? 'medium' : 'high'
}

const ORDER: readonly Effort[] = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']

/** The highest level of the model that is not above the wanted one. */
function nearestLevel(effort: Effort | undefined, model: string): Effort | undefined {
  if (effort === undefined) return undefined
  const levels = thinkingLevels(model)
  return levels.findLast(({ level }) => ORDER.indexOf(level) <= ORDER.indexOf(effort))?.level
}
