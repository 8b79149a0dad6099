// The configuration as people and programs may see it: without its secrets.
import { toJsonSchema } from '@valibot/to-json-schema'
import type { LoadedConfig } from './load.ts'
import { ConfigSchema } from './schema.ts'
import { agentsOf } from './agents.ts'
import { valueAt } from './secrets.ts'
import { SETTINGS } from './settings.ts'

/** One key as it is shown; a secret's value is `[redacted]`. */
export type ShownSetting = { path: string; value: unknown; source: string; description: string }

/** All keys, or only those that something other than the defaults has set. */
export function shownSettings({ config, sources }: LoadedConfig, all: boolean): ShownSetting[] {
  const agents = agentsOf(config).map(([name, agent]) => ({
    path: `providers.${name}`,
    value: { ...agent, env: redacted(agent.env) },
    source: sources[`providers.${name}`] ?? 'default',
    description: 'An agent that speaks ACP.',
  }))
  const settings = SETTINGS.flatMap(({ path, notes, description }) => {
    const source = sources[path] ?? 'default'
    if (!all && source === 'default') return []
    const value = valueAt(config, path)
    return [{ path, value: notes.secret ? redacted(value) : value, source, description }]
  })
  return [...settings, ...agents]
}

/** The JSON Schema of the file, for editors. */
export function configJsonSchema(): Record<string, unknown> {
  const schema = toJsonSchema(ConfigSchema, {
    typeMode: 'input',
    target: 'draft-2020-12',
    ignoreActions: ['metadata', 'check'],
  })
  return { ...schema, title: 'cligate configuration' }
}

function redacted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redacted)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.keys(value).map((name) => [name, '[redacted]']))
  }
  return value === undefined ? undefined : '[redacted]'
}
