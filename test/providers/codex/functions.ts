// Functions of a caller, and what the service got of them.
import type { Tool } from '../../../src/core/request.ts'
import type { Call } from '../../upstream/replies/tool-calls.ts'
import type { Step } from '../../upstream/reply.ts'

export function tool(name: string, changes: Partial<Tool> = {}): Tool {
  return {
    name,
    description: `Does ${name}.`,
    parameters: { type: 'object', properties: {} },
    strict: false,
    ...changes,
  }
}

export const WEATHER = tool('get_weather', {
  description: 'The weather of a city.',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string', description: 'Its name' } },
    required: ['city'],
  },
})

/** A call as a step among others. */
export function callOf({ name, arguments: value, id = 'call_1' }: Call): Step {
  return { type: 'tool-call', id, name, pieces: Array.isArray(value) ? value : [JSON.stringify(value)] }
}

export type Item = { type: string } & Record<string, unknown>
type Offered = { type: string; name: string; description: string; parameters: unknown }

/** The functions in a request to the service. Models with "Responses lite" have them in an item of the conversation. */
export function functionsOf(body: unknown): Offered[] {
  const { tools = [], input } = body as { tools?: Offered[]; input: { type: string; tools?: { tools: Offered[] }[] }[] }
  const groups = input.filter(({ type }) => type === 'additional_tools').flatMap((item) => item.tools ?? [])
  return [...tools, ...groups.flatMap((group) => group.tools)]
}
