// The models that Claude Code asks beside the chosen one.
import { isLegalModelName, parseModelName, providerByPattern } from '../../providers/model-name.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Beside its own model Claude Code asks others by what they are good for (2.1.329): of a helper that wants a small one, for a
 * title, for the text of a page. By default these are Claude's, which the gate may not have, or has on another account.
 */
export function claudeCodeModels(chosen: string): Environment {
  const model = isOfClaude(chosen) ? undefined : chosen
  return {
    ANTHROPIC_DEFAULT_HAIKU_MODEL: model,
    ANTHROPIC_DEFAULT_SONNET_MODEL: model,
    ANTHROPIC_DEFAULT_OPUS_MODEL: model,
    ANTHROPIC_DEFAULT_FABLE_MODEL: model,
  }
}

/**
 * What of an environment is to be changed in settings that have one already. A variable without a value goes out only where it is
 * what `claudeCodeModels` gave for the model before: what else stands there is the person's own.
 */
export function claudeCodeEnvironment(set: Environment, before: unknown): Environment {
  const old = (typeof before === 'object' && before !== null ? before : {}) as Readonly<Record<string, unknown>>
  const previous = old['ANTHROPIC_MODEL']
  const written = typeof previous === 'string' ? claudeCodeModels(previous) : {}
  return Object.fromEntries(
    Object.entries(set).filter(([name, value]) => value !== undefined || (name in old && old[name] === written[name])),
  )
}

/** By whatever name the gateway has it: with an effort, as one that shows its progress, behind its provider. */
function isOfClaude(model: string): boolean {
  if (!isLegalModelName(model)) return false
  const { name } = parseModelName(model)
  return name.startsWith('claude/') || providerByPattern(name) === 'claude'
}
