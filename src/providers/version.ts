/** The version in what a CLI says of itself: `2.1.329 (Claude Code)`, `codex-cli 0.169.0`. Undefined where there is none. */
export function parseVersion(said: string): string | undefined {
  return /\b(\d+\.\d+\.\d+)\b/.exec(said)?.[1]
}

/** Whether `version` is `minimum` or newer. One that is not known counts as newer: the first start tells. */
export function isAtLeast(version: string | undefined, minimum: string): boolean {
  if (version === undefined) return true
  const [have, want] = [version, minimum].map((text) => text.split('.').map((part) => Number.parseInt(part, 10)))
  for (const [position, number] of want!.entries()) {
    const own = have![position] ?? 0
    if (own !== number) return own > number
  }
  return true
}
