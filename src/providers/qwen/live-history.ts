// The caller's conversation for a session of Qwen Code (0.24.4) that is open already. Pure.
import { asFields } from '../fields.ts'
import { type Entry, messageOf, type Part, userText } from './history.ts'

/** What a session holds that has read these entries from its file. `reminders` are what it begins with by itself. */
export function toHistory(reminders: readonly string[], entries: readonly Entry[]): object[] {
  const own: Entry = { type: 'user', parts: reminders.map((text) => ({ text })) }
  return [...(reminders.length > 0 ? [own] : []), ...entries].map(messageOf)
}

/**
 * Whether each call has one result, right behind it. Where one is missing, a session that reads them from its file invents it; what
 * comes twice it leaves out.
 */
export function hasAllResults(entries: readonly Entry[]): boolean {
  const open = new Set<unknown>()
  for (const { type, parts } of entries) {
    if (type !== 'tool_result' && open.size > 0) return false
    for (const part of parts) {
      const [call, result] = [asFields(part['functionCall']), asFields(part['functionResponse'])]
      if (call) open.add(call['id'])
      if (result && !open.delete(result['id'])) return false
    }
  }
  return open.size === 0
}

/** How many of them it takes for turns, when it reads them from its file. */
export function countTurns(entries: readonly Entry[]): number {
  return entries.filter(({ type, parts }) => type === 'user' && parts.some(isSaid)).length
}

const isSaid = ({ text }: Part) => typeof text === 'string' && /\S/.test(text)

/** So many turns in which nothing is said. The last is answered: there is nothing that it could ask the service about. */
export function blankEntries(turns: number): Entry[] {
  return [...Array.from({ length: turns }, () => userText('-')), { type: 'assistant', parts: [{ text: '-' }] }]
}
