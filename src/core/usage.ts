/** Tokens and cost of a turn as the provider reports them. */
export type Usage = {
  /** All tokens of the prompt, those read from and written to the provider's cache included. */
  input: number
  /** All tokens of the answer, reasoning included. */
  output: number
  cachedRead: number
  cacheWrite: number
  reasoning: number
  /** What the CLI says the turn cost, in US dollars. Absent where it says nothing. */
  costUsd?: number
  /** True where the numbers are counted here and not by the provider. */
  estimated?: boolean
}

/** The usage of several answers to one request. */
export function sumUsage(all: Usage[]): Usage | undefined {
  const [first, ...rest] = all
  if (!first) return undefined
  return rest.reduce(
    (sum, usage) => ({
      input: sum.input + usage.input,
      output: sum.output + usage.output,
      cachedRead: sum.cachedRead + usage.cachedRead,
      cacheWrite: sum.cacheWrite + usage.cacheWrite,
      reasoning: sum.reasoning + usage.reasoning,
      ...(sum.costUsd === undefined && usage.costUsd === undefined
        ? {}
        : { costUsd: (sum.costUsd ?? 0) + (usage.costUsd ?? 0) }),
      ...(sum.estimated || usage.estimated ? { estimated: true } : {}),
    }),
    first,
  )
}
