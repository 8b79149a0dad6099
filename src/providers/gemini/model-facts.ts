// What a Gemini model lets itself be told about its thinking, by its name. The levels are those of Google's own
// OpenAI-compatible API (ai.google.dev/gemini-api/docs/openai, "Thinking").
import type { Effort } from '../../core/request.ts'

/** A level of effort that a model has, and the setting it stands for. */
export type Thinking = { level: Effort; config: Readonly<Record<string, unknown>> }

const BUDGETS: readonly [Effort, number][] = [
  ['minimal', 1024],
  ['low', 1024],
  ['medium', 8192],
  ['high', 24_576],
]

/** From least to most; empty for a model that takes no such setting, or that nobody knows. */
export function thinkingLevels(model: string): Thinking[] {
  if (/^gemini-2\.5-(pro|flash)/.test(model)) {
    const isPro = model.startsWith('gemini-2.5-pro')
    // Pro cannot be told not to think: 128 tokens are the least it takes.
    const none = { thinkingBudget: isPro ? 128 : 0, includeThoughts: false }
    return [
      { level: 'none', config: none },
      ...BUDGETS.map(([level, thinkingBudget]) => ({ level, config: { thinkingBudget, includeThoughts: true } })),
    ]
  }
  if (!/^gemini-([3-9]|\d\d)/.test(model)) return []
  // None of them can be told not to think; Pro has no level below low.
  const least = /-pro\b/.test(model) ? 'LOW' : 'MINIMAL'
  const levels: readonly [Effort, string, boolean][] = [
    ['none', least, false],
    ['minimal', least, true],
    ['low', 'LOW', true],
    ['medium', 'MEDIUM', true],
    ['high', 'HIGH', true],
  ]
  return levels.map(([level, thinkingLevel, includeThoughts]) => ({
    level,
    config: { thinkingLevel, includeThoughts },
  }))
}

/** Models that the CLI knows by name (0.61.0): those that it lists, and older ones that are still served. */
export const KNOWN_MODELS = [
  'gemini-3.8-flash',
  'gemini-3.5-flash',
  'gemini-3.5-flash-lite',
  'gemini-3.1-pro-preview',
  'gemini-3.1-flash-lite',
  'gemini-3.1-flash-lite-preview',
  'gemini-3-flash-preview',
  'gemini-2.5-pro',
  'gemini-2.5-flash',
  'gemini-2.5-flash-lite',
]

/** The name under which the CLI is told a model at a level. */
export const aliasOf = (model: string, level: Effort): string => `cligate-${level}-${model}`

/** The CLI sends this one under another name, without a word (0.61.0). */
export const servedName = (model: string): string =>
  model === 'gemini-3-pro-preview' ? 'gemini-3.1-pro-preview' : model

/** Whether media may stand within the result of a call: since Gemini 3, by Google's documentation and as the CLI itself does (0.61.0). */
export const takesMediaInResults = (model: string): boolean => /^gemini-([3-9]|\d\d)/.test(model)
