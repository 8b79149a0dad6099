// The schema as a flat list of its keys: what names, types and notes each one has.
import * as v from 'valibot'
import { ConfigSchema } from './schema.ts'
import type { SettingNotes } from './setting.ts'

/** How the text of a variable or flag becomes a value. */
export type SettingKind = 'number' | 'boolean' | 'text' | 'list' | 'record'

/** One key. `path` is `server.port`; `variable` is `CLIGATE_SERVER__PORT`. */
export type Setting = {
  path: string
  variable: string
  kind: SettingKind
  description: string
  fallback: unknown
  notes: SettingNotes
}

const KINDS: Record<string, SettingKind> = {
  number: 'number',
  boolean: 'boolean',
  string: 'text',
  picklist: 'text',
  array: 'list',
  record: 'record',
}

/** All keys, in the order of the schema. */
export const SETTINGS: readonly Setting[] = listSettings(ConfigSchema, [])

/** The names of sections: `server`, `providers.claude.warm`. */
export const SECTIONS: ReadonlySet<string> = new Set(
  SETTINGS.flatMap(({ path }) => {
    const names = path.split('.').slice(0, -1)
    return names.map((_, index) => names.slice(0, index + 1).join('.'))
  }),
)

const byPath = new Map(SETTINGS.map((setting) => [setting.path, setting]))

/** The key that `path` names or lies in: `server.api_keys.0` lies in `server.api_keys`. */
export function settingAt(path: string): Setting | undefined {
  const setting = byPath.get(path)
  if (setting || !path.includes('.')) return setting
  return settingAt(path.slice(0, path.lastIndexOf('.')))
}

function listSettings(schema: v.GenericSchema, names: string[]): Setting[] {
  const inner = unwrap(schema)
  if ('entries' in inner) {
    const entries = Object.entries(inner.entries as Record<string, v.GenericSchema>)
    return entries.flatMap(([name, entry]) => listSettings(entry, [...names, name]))
  }
  const kind = KINDS[inner.type]
  if (!kind) throw new Error(`${names.join('.')}: the loader knows no settings of type ${inner.type}`)
  return [
    {
      path: names.join('.'),
      variable: `CLIGATE_${names.join('__').toUpperCase()}`,
      kind,
      description: v.getDescription(inner) ?? '',
      fallback: 'default' in schema ? schema.default : undefined,
      notes: v.getMetadata(inner) as SettingNotes,
    },
  ]
}

function unwrap(schema: v.GenericSchema): v.GenericSchema {
  return schema.type === 'optional' && 'wrapped' in schema ? (schema.wrapped as v.GenericSchema) : schema
}
