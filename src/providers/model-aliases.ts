import { isLegalModelName, type ModelName, parseModelName } from './model-name.ts'

/** What each alias stands for in the end. */
export type AliasTargets = ReadonlyMap<string, ModelName>

/**
 * Follows aliases that stand for aliases.
 * @throws Error for aliases that cannot be: no legal names, or names that lead back to themselves
 */
export function resolveAliases(aliases: Readonly<Record<string, string>>): AliasTargets {
  const targets = new Map<string, ModelName>()
  const follow = (alias: string, path: readonly string[]): ModelName => {
    const known = targets.get(alias)
    if (known) return known
    const next = [...path, alias]
    if (path.includes(alias)) throw new Error(`The model alias "${alias}" leads back to itself: ${next.join(' -> ')}`)
    const text = aliases[alias]!
    for (const name of [alias, text]) {
      if (!isLegalModelName(name)) throw new Error(`The model alias "${alias}": "${name}" is not a legal model name.`)
    }
    const parsed = parseModelName(text)
    const behind = [text, parsed.name].find((name) => Object.hasOwn(aliases, name))
    const target = behind === undefined ? parsed : combine(behind === text ? undefined : parsed, follow(behind, next))
    targets.set(alias, target)
    return target
  }
  for (const alias of Object.keys(aliases)) follow(alias, [])
  return targets
}

/** Reads a caller's name, and follows the alias that it is, as a whole or without its suffixes. */
export function parseWithAliases(text: string, targets: AliasTargets): ModelName {
  const whole = targets.get(text)
  if (whole) return whole
  const parsed = parseModelName(text)
  const target = targets.get(parsed.name)
  return target ? combine(parsed, target) : parsed
}

/** Suffixes nearer to the caller count first. */
function combine(outer: ModelName | undefined, target: ModelName): ModelName {
  return {
    name: target.name,
    effort: outer?.effort ?? target.effort,
    progress: outer?.progress || target.progress,
  }
}
