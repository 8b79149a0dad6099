// Arguments of a call: text in the neutral model, an object in Anthropic's and Google's APIs.

/** Where text that is no object stands, by Anthropic's own advice for such text. */
const INVALID = 'INVALID_JSON'

export function parseInput(text: string): Record<string, unknown> {
  if (text.trim() === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch {
    // A value like any other: the caller shall see what the model wrote.
  }
  return { [INVALID]: text }
}

/** The text again; what was no object comes out as the model wrote it. */
export function formatInput(input: unknown): string {
  if (typeof input !== 'object' || input === null) return JSON.stringify(input ?? {})
  const keys = Object.keys(input)
  const broken: unknown = keys.length === 1 && keys[0] === INVALID ? Reflect.get(input, INVALID) : undefined
  return typeof broken === 'string' ? broken : JSON.stringify(input)
}
