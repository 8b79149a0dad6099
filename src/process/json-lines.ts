/** A line of a CLI's output. What is no JSON object is a value too, never an exception. */
export type JsonLine = { ok: true; value: Record<string, unknown>; line: string } | { ok: false; line: string }

/** Reads one line as a JSON object. Never throws; JSON that is no object (a number, an array, null) is not ok. */
export function parseJsonLine(line: string): JsonLine {
  try {
    const value: unknown = JSON.parse(line)
    return isObject(value) ? { ok: true, value, line } : { ok: false, line }
  } catch {
    return { ok: false, line }
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
