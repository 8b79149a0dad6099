/** The most tokens of an answer, by the beginning of the model's name, where they are known (as Qwen Code 0.24.4 has them). */
const LIMITS: readonly [RegExp, number][] = [
  [/^(qwen3\.\d|coder-model$)/, 65_536],
  [/^qwen/, 32_768],
  [/^gpt-4/, 16_384],
  [/^deepseek-chat/, 8192],
]

/**
 * What `max_tokens` is where nobody says. It is always sent: else Qwen Code asks a second time, in silence, when an answer ends
 * for its length, and the caller gets the text twice.
 */
export function outputLimit(model: string): number {
  return LIMITS.find(([name]) => name.test(model.toLowerCase()))?.[1] ?? 32_000
}
