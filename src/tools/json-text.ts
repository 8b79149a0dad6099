// JSON inside of other text.

/**
 * Where the JSON object or array that begins at `from` ends, as the index behind it; undefined where it does not. Only its
 * brackets and strings are looked at, so what is found may still be no JSON.
 */
export function endOfJson(text: string, from: number): number | undefined {
  let depth = 0
  for (let at = from; at < text.length; at += 1) {
    const character = text[at]
    if (character === '"') {
      const end = endOfString(text, at)
      if (end === undefined) return undefined
      at = end - 1
    } else if (character === '{' || character === '[') depth += 1
    else if (character === '}' || character === ']') {
      depth -= 1
      if (depth === 0) return at + 1
    }
  }
  return undefined
}

function endOfString(text: string, from: number): number | undefined {
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1
    else if (text[at] === '"') return at + 1
  }
  return undefined
}

const FENCE = /^[ \t]*```[^\n`]*\n([\s\S]*?)^[ \t]*```[ \t]*$/gm
/** Places at which a value is tried: prose with more brackets than that is no answer. */
const MOST_PLACES = 20

/**
 * What may be the JSON that an answer was asked for, best first: the whole of it, what stands in code fences, and objects
 * and arrays among prose. Each is trimmed.
 */
export function* jsonCandidates(text: string): Generator<string> {
  yield text.trim()
  for (const [, fenced = ''] of text.matchAll(FENCE)) yield fenced.trim()
  let at = 0
  for (let places = 0; places < MOST_PLACES; places += 1) {
    const found = text.slice(at).search(/[{[]/)
    if (found < 0) return
    const from = at + found
    const end = endOfJson(text, from)
    if (end !== undefined) yield text.slice(from, end)
    at = end ?? from + 1
  }
}
