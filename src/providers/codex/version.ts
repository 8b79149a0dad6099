/** The version in what `codex --version` says: `codex-cli 0.169.0`. Undefined where there is none. */
export function parseVersion(said: string): string | undefined {
  return /\b(\d+\.\d+\.\d+)\b/.exec(said)?.[1]
}
