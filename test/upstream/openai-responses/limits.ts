// The rate-limit headers that ChatGPT sends with each answer to Codex.

export type CodexWindow = {
  /** 0 to 100. */
  usedPercent: number
  windowMinutes: number
  /** Seconds since 1970 when the window opens again. */
  resetsAt: number
}

/** Headers for any answer, good or bad: give them as `headers` to a reply. */
export function codexLimitHeaders(windows: { primary?: CodexWindow; secondary?: CodexWindow }): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, window] of Object.entries(windows)) {
    headers[`x-codex-${name}-used-percent`] = String(window.usedPercent)
    headers[`x-codex-${name}-window-minutes`] = String(window.windowMinutes)
    headers[`x-codex-${name}-reset-at`] = String(window.resetsAt)
  }
  return headers
}
