import { agentsOf } from './agents.ts'
import type { Config } from './schema.ts'
import { SETTINGS } from './settings.ts'

/** The texts that must appear in no log: all values of secret keys. */
export function secretsOf(config: Config): string[] {
  const settings = SETTINGS.filter((setting) => setting.notes.secret).map(({ path }) => path)
  const agents = agentsOf(config).map(([name]) => `providers.${name}.env`)
  return [...settings, ...agents].flatMap((path) => textsIn(valueAt(config, path)))
}

/** The value of the key with this path. */
export function valueAt(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((place, name) => (place as Record<string, unknown> | undefined)?.[name], value)
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}
