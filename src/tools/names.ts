// Names of the caller's functions as a CLI takes them, and back. Callers choose freely; each CLI has its own rules.

export type NameRules = {
  /** What a character has to match to stay as it is. */
  legal: RegExp
  maxLength: number
  /** Names that the CLI keeps for itself. */
  reserved(name: string): boolean
}

export type ToolNames = {
  /** The name that the CLI is told. A name that was never offered (old history) is mapped by the same rules. */
  toCli(name: string): string
  /** The caller's own name; undefined for one that nobody offered. */
  toCaller(name: string): string | undefined
}

/**
 * Maps names reversibly, case kept. A legal name stays itself. The same names in the same order map to the same, so that the
 * prompt cache of the provider finds them again.
 */
export function mapToolNames(names: readonly string[], rules: NameRules): ToolNames {
  const forward = new Map<string, string>()
  const backward = new Map<string, string>()
  const isLegal = (name: string) => name === cleaned(name, rules) && !rules.reserved(name)
  // Names that may stay go first: no mapped one takes their place.
  for (const name of [...names.filter(isLegal), ...names.filter((other) => !isLegal(other))]) {
    if (forward.has(name)) continue
    const mapped = isLegal(name) ? name : freeName(name, rules, backward)
    forward.set(name, mapped)
    backward.set(mapped, name)
  }
  return {
    toCli: (name) => forward.get(name) ?? (isLegal(name) ? name : freeName(name, rules, new Map())),
    toCaller: (name) => backward.get(name),
  }
}

function cleaned(name: string, { legal, maxLength }: NameRules): string {
  const mapped = name.replace(/./gsu, (character) => (legal.test(character) ? character : '_'))
  return mapped.slice(0, maxLength) || '_'
}

function freeName(name: string, rules: NameRules, taken: ReadonlyMap<string, string>): string {
  const base = cleaned(name, rules)
  for (let number = 1; ; number += 1) {
    const suffix = number === 1 ? '' : `_${number}`
    // Behind and not in front: what is reserved is often a prefix, which the letter takes away.
    const plain = base.slice(0, rules.maxLength - suffix.length) + suffix
    const candidate = rules.reserved(plain) ? `t_${plain}`.slice(0, rules.maxLength) : plain
    if (!taken.has(candidate) && !rules.reserved(candidate)) return candidate
  }
}
