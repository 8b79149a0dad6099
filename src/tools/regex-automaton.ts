import { parseRegex, type RegexPart } from './regex-parts.ts'

/**
 * The automaton of Glushkov: each place of a pattern that takes a character is a state. Edges that several loops make are
 * counted so often. A lookaround is an automaton of its own, since it is a match of its own.
 */
export type Automaton = {
  /** What each state matches, as the source of a pattern for one character. */
  sources: string[]
  /** States that may begin a match. */
  first: number[]
  /** A match begins at the beginning of the text only. */
  anchored: boolean
  /** For each state those that may follow, and in how many ways. */
  follow: Map<number, number>[]
}

/** More states than any pattern of a schema has. */
const MOST_STATES = 200
/** From here on a bounded repetition is as dangerous as one without a bound. */
const MANY = 8

type Ends = { first: number[]; last: number[]; empty: boolean }
const NOTHING: Ends = { first: [], last: [], empty: true }

/** Undefined for a pattern that is not read, or that is too large to be looked through. */
export function automataOf(source: string): Automaton[] | undefined {
  const whole = parseRegex(source)
  if (!whole) return undefined
  const looks: RegexPart[] = [whole]
  const automata: Automaton[] = []
  for (const part of looks) {
    const automaton = build(part, looks)
    if (!automaton) return undefined
    automata.push({ ...automaton, anchored: part === whole && part.type !== 'choice' && source.startsWith('^') })
  }
  return automata
}

function build(pattern: RegexPart, looks: RegexPart[]): Omit<Automaton, 'anchored'> | undefined {
  const sources: string[] = []
  const follow: Map<number, number>[] = []
  let tooLarge = false

  const connect = (from: readonly number[], to: readonly number[]) => {
    for (const one of from) for (const other of to) follow[one]!.set(other, (follow[one]!.get(other) ?? 0) + 1)
  }
  const join = (left: Ends, right: Ends): Ends => {
    connect(left.last, right.first)
    return {
      first: left.empty ? [...left.first, ...right.first] : left.first,
      last: right.empty ? [...left.last, ...right.last] : right.last,
      empty: left.empty && right.empty,
    }
  }
  const walk = (part: RegexPart): Ends => {
    if (sources.length >= MOST_STATES) tooLarge = true
    if (tooLarge) return NOTHING
    switch (part.type) {
      case 'character': {
        const state = sources.push(part.source) - 1
        follow.push(new Map())
        return { first: [state], last: [state], empty: false }
      }
      case 'look':
        looks.push(part.part)
        return NOTHING
      case 'sequence':
        return part.parts.reduce((ends, next) => join(ends, walk(next)), NOTHING)
      case 'choice': {
        const all = part.parts.map(walk)
        return {
          first: all.flatMap(({ first }) => first),
          last: all.flatMap(({ last }) => last),
          empty: all.some(({ empty }) => empty),
        }
      }
      case 'repeat':
        return repeat(part)
      default:
        return part satisfies never
    }
  }
  const repeat = ({ part, least, most }: Extract<RegexPart, { type: 'repeat' }>): Ends => {
    if (most < MANY) {
      const copies = Array.from({ length: most }, (_, index) => {
        const ends = walk(part)
        return index < least ? ends : { ...ends, empty: true }
      })
      return copies.reduce(join, NOTHING)
    }
    const ends = walk(part)
    connect(ends.last, ends.first)
    // Rounds that take nothing count where they are counted: (a?){100}.
    if (ends.empty && (least > 1 || most < Infinity)) connect(ends.last, ends.first)
    return { ...ends, empty: ends.empty || least === 0 }
  }
  const { first } = walk(pattern)
  return tooLarge ? undefined : { sources, first, follow }
}

/** A test for the one character that a state takes. */
export function characterTest(source: string): RegExp {
  return new RegExp(`^${source === '/' ? '\\/' : source}$`, 'su')
}
