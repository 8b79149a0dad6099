// What a Claude model lets itself be told, by its name: measured with Claude Code 2.1.329, which decides by the name too.

export type ModelFacts = {
  /**
   * `none`: never thinks. `budget`: thinks up to a number of tokens. `adaptive`: as much as it finds right, and can be told
   * not to. `always`: cannot be told not to.
   */
  thinking: 'none' | 'budget' | 'adaptive' | 'always'
  /** Effort levels it has, from least to most; none where effort changes nothing. */
  efforts: readonly string[]
  /** Whether it takes temperature, top_p and top_k, while it does not think. */
  sampling: boolean
  /** Whether the service behind it keeps to a JSON Schema for the answer. */
  formats: boolean
}

const EFFORTS = ['low', 'medium', 'high', 'xhigh', 'max']

const LEGACY: ModelFacts = { thinking: 'none', efforts: [], sampling: true, formats: false }
const NEWEST: ModelFacts = { thinking: 'always', efforts: EFFORTS, sampling: false, formats: true }
/** A model of somebody else, behind ANTHROPIC_BASE_URL. */
const FOREIGN: ModelFacts = { thinking: 'adaptive', efforts: EFFORTS, sampling: true, formats: false }

/** Names may stand inside others (`us.anthropic.claude-opus-4-5-20251101-v1:0`); a date is no minor version. */
const NAME = /claude-(opus|sonnet|haiku|[a-z]+)-(\d)(?:-(\d)(?!\d))?/
const SHORT_NAMES = /^(default|best|opus|sonnet|haiku|fable|opusplan)\b/

/** Facts about a model that has this name. */
export function modelFacts(name: string): ModelFacts {
  const facts = factsOf(name)
  // Models in other clouds (`us.anthropic.claude-...`, `claude-...@date`) are left out, as Claude Code does.
  return OWN_CLOUD.test(name) ? facts : { ...facts, formats: false }
}

const OWN_CLOUD = /^(?:claude-[\w.-]+|[a-z]+)(?:\[1m\])?$/

function factsOf(name: string): ModelFacts {
  if (/claude-(\d|instant)/.test(name)) return LEGACY
  const [, family = '', major = '', minor = '0'] = NAME.exec(name) ?? []
  if (family === '') return name.includes('claude') || SHORT_NAMES.test(name) ? NEWEST : FOREIGN
  const version = Number(`${major}.${minor}`)
  if (version <= 4.5) {
    const efforts = family === 'opus' && version === 4.5 ? ['low', 'medium', 'high'] : []
    const formats = version >= 4.5 || (family === 'opus' && version === 4.1)
    return { thinking: 'budget', efforts, sampling: true, formats }
  }
  if (version === 4.6)
    return { thinking: 'adaptive', efforts: ['low', 'medium', 'high', 'max'], sampling: true, formats: true }
  if (version <= 5 && ['opus', 'sonnet', 'haiku'].includes(family)) {
    return { thinking: 'adaptive', efforts: EFFORTS, sampling: false, formats: true }
  }
  return NEWEST
}
