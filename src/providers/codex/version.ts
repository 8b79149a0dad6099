/** The version in what `codex --version` says: `codex-cli 0.169.0`. Undefined where there is none. */
export function parseVersion(said: string): string | undefined {
  return /\b(\d+\.\d+\.\d+)\b/.exec(said)?.[1]
}

/** Whether `version` is `minimum` or newer. One that is not known counts as newer: its start tells. */
export function isAtLeast(version: string | undefined, minimum: string): boolean {
  return version === undefined || Bun.semver.order(version, minimum) >= 0
}
