// A reader of regular expressions (ECMAScript with the flag `u`), as far as is needed to tell what they may cost and to write
// a text that they match.

/** `source` matches one character. */
export type Character = { type: 'character'; source: string }
export type RegexPart =
  | Character
  | { type: 'sequence' | 'choice'; parts: RegexPart[] }
  | { type: 'repeat'; part: RegexPart; least: number; most: number }
  /** A lookaround; it takes no character. */
  | { type: 'look'; part: RegexPart }

/** What is not read: a pattern that goes back to what it matched cannot be bounded. */
const BACK_REFERENCE = /^\\(?:[1-9]|k<)/
const ESCAPE = /^\\(?:[pP]\{[^}]*\}|u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[a-zA-Z]|[\s\S])/u
const GROUP = /^\((?:\?(?:(<?[=!])|:|<[^>=!][^>]*>))?/
const QUANTIFIER = /^(?:([*+?])|\{(\d+)(,(\d*))?\})\??/
const CLASS = /^\[(?:[^\]\\]|\\[\s\S])*\]/
const MODIFIERS = /^\(\?[a-z]*(?:-[a-z]*)?:/

/** Undefined for what is not read. Give it a source that `new RegExp(source, 'u')` takes. */
export function parseRegex(source: string): RegexPart | undefined {
  let rest = source
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    const match = pattern.exec(rest) ?? undefined
    if (match) rest = rest.slice(match[0].length)
    return match
  }

  function choice(): RegexPart | undefined {
    const parts: RegexPart[] = []
    do {
      const part = sequence()
      if (!part) return undefined
      parts.push(part)
    } while (take(/^\|/))
    return parts.length === 1 ? parts[0] : { type: 'choice', parts }
  }

  function sequence(): RegexPart | undefined {
    const parts: RegexPart[] = []
    const isOver = () => rest === '' || /^[|)]/.test(rest)
    while (!isOver()) {
      if (take(/^(?:[$^]|\\[bB])/)) continue
      const part = atom()
      if (!part) return undefined
      parts.push(quantified(part))
    }
    return { type: 'sequence', parts }
  }

  function atom(): RegexPart | undefined {
    if (BACK_REFERENCE.test(rest) || MODIFIERS.test(rest.replace(/^\(\?:/, '('))) return undefined
    const group = take(GROUP)
    if (group) {
      const inner = choice()
      if (!inner || !take(/^\)/)) return undefined
      return group[1] ? { type: 'look', part: inner } : inner
    }
    const [text] = take(CLASS) ?? take(ESCAPE) ?? take(/^[\s\S]/u) ?? []
    return text === undefined ? undefined : { type: 'character', source: text }
  }

  function quantified(part: RegexPart): RegexPart {
    const match = take(QUANTIFIER)
    if (!match) return part
    const [, sign, from, upTo, to] = match
    const least = sign ? (sign === '+' ? 1 : 0) : Number(from)
    const most = sign ? (sign === '?' ? 1 : Infinity) : upTo === undefined ? least : to ? Number(to) : Infinity
    return { type: 'repeat', part, least, most }
  }

  const part = choice()
  return rest === '' ? part : undefined
}
