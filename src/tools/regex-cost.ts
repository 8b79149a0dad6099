import { parseRegex, type RegexPart } from './regex-parts.ts'

/** More places for characters than any pattern of a schema has. */
const MOST_POSITIONS = 200
const MOST_STEPS = 1_000_000
/** From here on a bounded repetition is as dangerous as one without a bound. */
const MANY = 8

/**
 * Whether matching could take time that is exponential in the length of the text. Engines that backtrack try every way in
 * which a text can be read; there are exponentially many where one loop can be read in two ways and come back to its
 * beginning (EDA: Weber and Seidl 1991, "On the degree of ambiguity of finite automata"). Looked for on the automaton of
 * Glushkov, in which a place of the pattern is a state. What is too large to be looked through counts as dangerous.
 */
export function isExponential(source: string): boolean {
  const part = parseRegex(source)
  if (!part) return true
  const looks: RegexPart[] = [part]
  // A lookaround is a match of its own.
  for (const look of looks) if (isAmbiguous(look, looks)) return true
  return false
}

type Ends = { first: number[]; last: number[]; empty: boolean }
const NOTHING: Ends = { first: [], last: [], empty: true }

function isAmbiguous(pattern: RegexPart, looks: RegexPart[]): boolean {
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
    if (sources.length >= MOST_POSITIONS) tooLarge = true
    if (tooLarge) return NOTHING
    switch (part.type) {
      case 'character': {
        const position = sources.push(part.source) - 1
        follow.push(new Map())
        return { first: [position], last: [position], empty: false }
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
      case 'repeat': {
        if (part.most === 0) return NOTHING
        if (part.most < MANY) {
          const copies = Array.from({ length: part.most }, (_, index) => {
            const ends = walk(part.part)
            return index < part.least ? ends : { ...ends, empty: true }
          })
          return copies.reduce(join, NOTHING)
        }
        const ends = walk(part.part)
        connect(ends.last, ends.first)
        // Rounds that take nothing count where they are counted: (a?){100}.
        if (ends.empty && (part.least > 1 || part.most < Infinity)) connect(ends.last, ends.first)
        return { ...ends, empty: ends.empty || part.least === 0 }
      }
      default:
        return part satisfies never
    }
  }
  walk(pattern)
  return tooLarge || hasAmbiguousLoop(sources, follow)
}

/** A loop of pairs of states that begins and ends with a state beside itself, and on the way has two that differ. */
function hasAmbiguousLoop(sources: readonly string[], follow: readonly Map<number, number>[]): boolean {
  const count = sources.length
  const overlaps = overlapsOf(sources)
  let steps = 0
  /** Pairs that `from` can reach, in steps that both can read. */
  const reach = (from: number): Set<number> | undefined => {
    const seen = new Set<number>()
    const queue = [from]
    for (let pair = queue.pop(); pair !== undefined; pair = queue.pop()) {
      for (const one of follow[Math.floor(pair / count)]!.keys()) {
        for (const other of follow[pair % count]!.keys()) {
          steps += 1
          if (steps > MOST_STEPS) return undefined
          const next = one * count + other
          if (seen.has(next) || !overlaps(one, other)) continue
          seen.add(next)
          queue.push(next)
        }
      }
    }
    return seen
  }
  for (let state = 0; state < count; state += 1) {
    const same = state * count + state
    const reached = reach(same)
    if (!reached) return true
    if (!reached.has(same)) continue
    // One edge that two loops make, one in the other: (a+)+.
    for (const [next, times] of follow[state]!) {
      if (times > 1 && (next === state || reach(next * count + next)?.has(same) !== false)) return true
    }
    for (const pair of reached) {
      if (Math.floor(pair / count) === pair % count) continue
      if (reach(pair)?.has(same) !== false) return true
    }
  }
  return false
}

/** Tells whether a character exists that both places match, by trying those that the pattern is about. */
function overlapsOf(sources: readonly string[]): (one: number, other: number) => boolean {
  const samples = [...new Set([...BASIC, ...Array.from(sources.join(''))])]
  const sets = sources.map((source) => {
    const matcher = new RegExp(`^${source === '/' ? '\\/' : source}$`, 'u')
    return samples.map((character) => matcher.test(character))
  })
  const known = sets.map((set) => sets.map((other) => set.some((matches, index) => matches && other[index]!)))
  return (one, other) => known[one]![other]!
}

const BASIC = [
  Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)),
  ['\u00a0', 'é', 'Ä', 'ß', 'я', '漢', '٣', '\u2028', '…', '€', '😀', '\u0301'],
].flat()
