// The web tools of Claude Code (2.1.329) that the setting `chat.web` lets run in a turn, and what is seen of their calls.
import type { ChatEvent } from '../../core/event.ts'
import { asFields, type Fields, fieldsAt, listAt, textAt } from '../fields.ts'

/**
 * The search alone: Anthropic's service does it. `WebFetch` fetches from this machine, also from addresses of the loopback and of
 * its network, and can only be kept from that by itself.
 */
export const WEB_TOOLS: ReadonlySet<string> = new Set(['WebSearch'])

/** How often a turn may ask the model: one more than it can search. */
const MOST_ROUNDS = 25

/** No price may end the turn between a search and the answer. Without permission, Claude Code asks for it and waits. */
export const WEB_ARGUMENTS: readonly string[] = [
  '--allowedTools',
  [...WEB_TOOLS].join(','),
  '--permission-prompt-tool',
  'stdio',
  '--max-turns',
  String(MOST_ROUNDS),
]

/** What the model asks a web tool for, once all of it is there. */
export function activityStart(name: string, json: string): ChatEvent {
  return { type: 'tool-activity', name, phase: 'start', detail: parsed(json) }
}

/** What came of the calls in `running` (names by their ids), which are over then: from the line with their results. */
export function activityEnds(running: Map<string, string>, message: Fields): ChatEvent[] {
  const results = listAt(fieldsAt(message, 'message'), 'content') ?? []
  return results.flatMap((result): ChatEvent[] => {
    const id = textAt(asFields(result), 'tool_use_id') ?? ''
    const name = running.get(id)
    if (name === undefined) return []
    running.delete(id)
    const failed = asFields(result)?.['is_error'] === true
    const detail = failed ? { failed } : { sources: sourcesOf(message) }
    return [{ type: 'tool-activity', name, phase: 'end', detail }]
  })
}

function sourcesOf(message: Fields): { title: string; url: string }[] {
  const answers = listAt(fieldsAt(message, 'tool_use_result'), 'results') ?? []
  const found = answers.flatMap((answer) => listAt(asFields(answer), 'content') ?? [])
  return found.flatMap((source) => {
    const [title, url] = [textAt(asFields(source), 'title'), textAt(asFields(source), 'url')]
    return title === undefined || url === undefined ? [] : [{ title, url }]
  })
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return {}
  }
}
