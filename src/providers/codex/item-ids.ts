import type { Item } from './history.ts'

/** How Codex (0.169.0) and OpenAI begin the ids of items. */
const PREFIXES = new Map([
  ['message', 'msg'],
  ['function_call', 'fc'],
  ['function_call_output', 'fco'],
  ['reasoning', 'rs'],
])

/**
 * The items with ids that follow from what they are and where they stand. Codex makes ids up where there are none, so that what the
 * service has seen of a conversation would look new to it with each turn.
 */
export function withIds(items: readonly Item[]): Item[] {
  return items.map((item, position) => {
    const prefix = PREFIXES.get(item.type)
    return prefix === undefined ? item : { ...item, id: `${prefix}_${idOf(item, position)}` }
  })
}

/** In the form of a UUID (version 8), as Codex's own are. */
function idOf(item: Item, position: number): string {
  const hash = new Bun.CryptoHasher('sha256').update(`${position}\n${JSON.stringify(item)}`).digest('hex')
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`
}
