/** A stop string, ready to be looked for: `fallback` is its Knuth-Morris-Pratt table. */
export type StopPattern = { text: string; fallback: Uint32Array }

/** What a piece of text comes to: what may be shown now, and the stop string that ends the text behind it, if one does. */
type Scanned = { text: string; stop?: string }

export interface StopMatcher {
  /** Takes the next piece; keeps back what may be the beginning of a stop string. */
  push(piece: string): Scanned
  /** The text is over: gives what was kept back. */
  end(): Scanned
}

export function compileStop(text: string): StopPattern {
  const fallback = new Uint32Array(text.length)
  for (let at = 1, matched = 0; at < text.length; at += 1) {
    while (matched > 0 && text[at] !== text[matched]) matched = fallback[matched - 1]!
    if (text[at] === text[matched]) matched += 1
    fallback[at] = matched
  }
  return { text, fallback }
}

/**
 * Looks for the leftmost of some strings in a text that comes in pieces; of two that begin at the same place the shorter
 * counts. Each character is looked at once for each string, however the text is cut and however it repeats itself.
 */
export function createStopMatcher(patterns: readonly StopPattern[]): StopMatcher {
  /** How many characters of each stop string the text ends with. */
  const matched = new Uint32Array(patterns.length)
  let held = ''
  /** Where `held` begins in the whole text, and where the text ends. */
  let heldFrom = 0
  let end = 0
  let found: { from: number; stop: string } | undefined

  /** The first place at which a stop string may begin that the text has not finished yet. */
  const earliestOpen = () => patterns.reduce((from, _, index) => Math.min(from, end - matched[index]!), end)

  const step = (code: number) => {
    end += 1
    for (const [index, { text, fallback }] of patterns.entries()) {
      let length = matched[index]!
      while (length > 0 && text.charCodeAt(length) !== code) length = fallback[length - 1]!
      if (text.charCodeAt(length) === code) length += 1
      if (length === text.length) {
        const from = end - length
        if (!found || from < found.from) found = { from, stop: text }
        length = fallback[length - 1]!
      }
      matched[index] = length
    }
  }

  const cut = (): Scanned | undefined => {
    // A longer string that began earlier would win: the match stands when none is left.
    if (!found || earliestOpen() < found.from) return undefined
    return { text: held.slice(0, found.from - heldFrom), stop: found.stop }
  }

  return {
    push(piece) {
      held += piece
      for (let at = 0; at < piece.length; at += 1) {
        step(piece.charCodeAt(at))
        const result = found && cut()
        if (result) return result
      }
      const keepFrom = Math.min(earliestOpen(), found?.from ?? end) - heldFrom
      const text = held.slice(0, keepFrom)
      held = held.slice(keepFrom)
      heldFrom += keepFrom
      return { text }
    },
    end() {
      return found ? { text: held.slice(0, found.from - heldFrom), stop: found.stop } : { text: held }
    },
  }
}
