// Values made wrong step by step: what a broken program, a careless client or an attacker would send.
import * as fc from 'fast-check'

/** The seed of a run: that of CLIGATE_SEED, to see a failure again, or a new one. It is printed. */
export function announcedSeed(what: string): number {
  const seed = Number(process.env['CLIGATE_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
  console.log(`${what}: CLIGATE_SEED=${seed}`)
  return seed
}

/** What stands in places where something else was expected. */
export const anything: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1.5,
    1e308,
    '',
    '__proto__',
    'text',
    [],
    {},
    [[]],
    '\ud800',
    '\0',
    'a'.repeat(300),
  ),
  fc.constantFrom<unknown>('data:image/png;base64,AAAA', 'http://127.0.0.1/', 'file:///etc/passwd', '--help', '../..'),
  fc.string({ unit: 'binary', maxLength: 10 }),
  fc.jsonValue({ maxDepth: 3 }),
)

type Edit = {
  at: number
  kind: 'replace' | 'remove' | 'repeat' | 'rename' | 'wrap' | 'swap'
  value: unknown
  key: string
}

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(10_000),
  kind: fc.constantFrom('replace', 'replace', 'remove', 'repeat', 'rename', 'wrap', 'swap'),
  value: anything,
  key: fc.constantFrom('__proto__', 'constructor', 'toString', 'type', 'role', 'content', 'x', ''),
})

/** One of the samples with some edits anywhere in it; always a copy. */
export function mutated(samples: readonly unknown[], edits = 4): fc.Arbitrary<unknown> {
  return fc
    .tuple(fc.constantFrom(...samples), fc.array(edit, { maxLength: edits }))
    .map(([sample, list]) => list.reduce<unknown>(apply, structuredClone(sample)))
}

/** The list with members changed, left out, doubled and out of order. */
export function mutatedList(lists: readonly (readonly unknown[])[]): fc.Arbitrary<unknown[]> {
  return fc
    .tuple(fc.constantFrom(...lists), fc.array(fc.record({ edit, member: fc.nat(200) }), { maxLength: 6 }))
    .map(([list, changes]) => {
      const members: unknown[] = structuredClone([...list])
      for (const { edit: change, member } of changes) {
        if (members.length === 0) break
        const place = member % members.length
        if (change.kind === 'remove') members.splice(place, 1)
        else if (change.kind === 'repeat') members.splice(place, 0, structuredClone(members[place]))
        else if (change.kind === 'swap') members.push(...members.splice(place, 1))
        else members[place] = apply(members[place], change)
      }
      return members
    })
}

type Place = { holder: Record<string, unknown>; key: string }

function placesIn(value: unknown, found: Place[] = []): Place[] {
  if (typeof value !== 'object' || value === null) return found
  for (const [key, inner] of Object.entries(value)) {
    found.push({ holder: value as Record<string, unknown>, key })
    placesIn(inner, found)
  }
  return found
}

function apply(value: unknown, { at, kind, value: given, key }: Edit): unknown {
  // Of its own, for a later edit may go into it.
  const other = structuredClone(given)
  const places = placesIn(value)
  const place = places[at % Math.max(1, places.length)]
  if (!place) return other
  const { holder } = place
  const old = holder[place.key]
  switch (kind) {
    case 'replace':
      holder[place.key] = other
      break
    case 'remove':
      if (Array.isArray(holder)) holder.splice(Number(place.key), 1)
      else delete holder[place.key]
      break
    case 'repeat':
      if (Array.isArray(holder)) holder.push(structuredClone(old))
      else set(holder, key, structuredClone(old))
      break
    case 'rename':
      if (Array.isArray(holder)) break
      delete holder[place.key]
      set(holder, key, old)
      break
    case 'wrap':
      holder[place.key] = [old, other]
      break
    case 'swap': {
      const second = places[(at * 7 + 3) % places.length]!
      // Not into itself: JSON has no cycles.
      const theirs = structuredClone(second.holder[second.key])
      second.holder[second.key] = structuredClone(old)
      if (Object.hasOwn(holder, place.key)) holder[place.key] = theirs
      break
    }
    default:
      kind satisfies never
  }
  return value
}

/** As JSON.parse does it: `__proto__` becomes a key like any other. */
function set(holder: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true })
}
