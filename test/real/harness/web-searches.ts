// Searches of the web by the simulated model, and what the service was asked with.
import type { World } from '../../providers/claude/world.ts'
import { text } from '../../upstream/replies/text.ts'
import { toolCalls } from '../../upstream/replies/tool-calls.ts'
import { searched } from '../../upstream/replies/web-search.ts'

type Asked = Pick<World, 'upstream'>

export type Body = {
  tools: { name: string; type?: string }[]
  messages: { role: string; content: unknown }[]
} & Record<string, unknown>

export const SOURCES = [{ title: 'Rome today', url: 'https://weather.example/rome' }]
/** A call of the tool of Claude Code. */
export const search = (query: string) => ({ id: `toolu_${query}`, name: 'WebSearch', arguments: { query } })

/** The model looks something up, and answers. */
export function oneSearch(world: Asked): void {
  world.upstream.next(
    toolCalls([search('rome')], { text: ['Let me see. '] }),
    searched('rome', SOURCES, 'Sunny.'),
    text('It is sunny.'),
  )
}

/** What the service was asked with, in order. */
export const bodies = (world: Asked): Body[] => world.upstream.turns.map((turn) => turn.json as Body)
/** The tools that it was offered. */
export const namesIn = (body: Body | undefined): string[] => (body?.tools ?? []).map(({ name }) => name)
