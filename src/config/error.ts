/** One thing that is wrong: a whole sentence, and where it stands (`env PORT`, `file /etc/cligate.yaml:3`). */
export type Problem = { message: string; source: string }

/** The configuration cannot be used. Tells everything that is wrong at once, and no secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`
    const lines = problems.map(({ message, source }) => `  ${message} (${source})`)
    super([`The configuration has ${count}:`, ...lines].join('\n'))
    this.problems = problems
  }
}
