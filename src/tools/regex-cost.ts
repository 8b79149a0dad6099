// What matching a pattern may cost. Engines that backtrack try every way in which a text can be read.
import { type Automaton, automataOf, characterTest } from './regex-automaton.ts'

const MOST_STEPS = 1_000_000

/**
 * Whether the time may be exponential in the length of the text: where one loop can be read in two ways and come back to its
 * beginning (EDA: Weber and Seidl 1991, "On the degree of ambiguity of finite automata"). What is too large to be looked
 * through counts as dangerous, and so does what goes back to what it matched.
 */
export function isExponential(source: string): boolean {
  const automata = automataOf(source)
  return !automata || automata.some(hasAmbiguousLoop)
}

/** A loop of pairs of states that begins and ends with a state beside itself, and on the way has two that differ. */
function hasAmbiguousLoop({ sources, follow }: Automaton): boolean {
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

/** Tells whether a character exists that both states take, by trying those that the pattern is about. */
function overlapsOf(sources: readonly string[]): (one: number, other: number) => boolean {
  const samples = [...new Set([...BASIC, ...Array.from(sources.join(''))])]
  const sets = sources.map((source) => {
    const test = characterTest(source)
    return samples.map((character) => test.test(character))
  })
  const known = sets.map((set) => sets.map((other) => set.some((matches, index) => matches && other[index]!)))
  return (one, other) => known[one]![other]!
}

const BASIC = [
  Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)),
  ['\u00a0', 'é', 'Ä', 'ß', 'я', '漢', '٣', '\u2028', '…', '€', '😀', '\u0301'],
].flat()

/** Steps of an engine that are some tenths of a second. */
const MOST_WAYS = 20_000_000
/** Steps of the counting itself, for all texts and patterns of one value. */
const MOST_COUNTED = 5_000_000

/** Counts how many ways there are to read texts, which bounds how long an engine can look for one that matches. */
export type RegexMeter = {
  /** Whether the texts that were measured so far can be matched in a time that nobody notices. */
  isCheap(source: string, text: string): boolean
}

export function createRegexMeter(): RegexMeter {
  let ways = 0
  let counted = 0
  const measure = ({ sources, first, follow, anchored }: Automaton, text: string): boolean => {
    const tests = sources.map(characterTest)
    let counts = new Map<number, number>()
    let begun = false
    for (const character of text) {
      const next = new Map<number, number>()
      const add = (state: number, times: number) => {
        counted += 1
        if (tests[state]!.test(character)) next.set(state, (next.get(state) ?? 0) + times)
      }
      if (!anchored || !begun) for (const state of first) add(state, 1)
      begun = true
      for (const [state, times] of counts) for (const [to, edges] of follow[state]!) add(to, times * edges)
      for (const times of next.values()) ways += times
      if (ways > MOST_WAYS || counted > MOST_COUNTED) return false
      counts = next
    }
    return true
  }
  return {
    isCheap: (source, text) => automataOf(source)?.every((automaton) => measure(automaton, text)) ?? false,
  }
}
