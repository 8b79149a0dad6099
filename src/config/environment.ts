// Configuration from environment variables, real ones and those of a .env file.
import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import type { Problem } from './error.ts'
import { type Layer, parseText } from './layer.ts'
import { nearest } from './nearest.ts'
import { SETTINGS, type Setting } from './settings.ts'

export type Variables = Readonly<Record<string, string | undefined>>

/** Names the configuration file; not a key itself. */
export const CONFIG_VARIABLE = 'CLIGATE_CONFIG'

const byVariable = new Map(SETTINGS.map((setting) => [setting.variable, setting]))
const flatNames = SETTINGS.flatMap((setting) => (setting.notes.environment ?? []).map((flat) => ({ setting, flat })))

/**
 * Values of the well-known names and of `CLIGATE_SECTION__KEY`, which win over them. An empty variable counts as unset.
 * @param label begins the name of the source: `env` or `.env`
 */
export function readVariables(variables: Variables, label: string, folder: string, problems: Problem[]): Layer {
  const layer: Layer = new Map()
  for (const { setting, flat } of flatNames) {
    const text = variables[flat.name]
    if (!text) continue
    const value = flat.item ? [text] : parseText(text, setting.kind)
    const scaled = flat.divisor && typeof value === 'number' ? value / flat.divisor : value
    layer.set(setting.path, { value: scaled, source: `${label} ${flat.name}`, folder })
  }
  for (const [name, text] of Object.entries(variables)) {
    if (!name.startsWith('CLIGATE_') || name === CONFIG_VARIABLE || !text) continue
    const setting = byVariable.get(name)
    if (setting) layer.set(setting.path, { value: parseText(text, setting.kind), source: `${label} ${name}`, folder })
    else problems.push({ message: `${name} is no setting${suggestion(name)}`, source: label })
  }
  return layer
}

/**
 * The variables of a `.env` file.
 * @param required whether it is a problem that there is none
 */
export function readDotEnv(file: string, required: boolean, problems: Problem[]): Variables {
  try {
    return parseEnv(readFileSync(file, 'utf8'))
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
    if (missing && !required) return {}
    problems.push({
      message: `cannot be read: ${error instanceof Error ? error.message : 'unknown error'}`,
      source: required ? `file ${file}` : '.env',
    })
    return {}
  }
}

function suggestion(name: string): string {
  const rest = name.slice('CLIGATE_'.length)
  const sameKey = SETTINGS.find((setting: Setting) => setting.path.split('.').at(-1)?.toUpperCase() === rest)
  const found = sameKey?.variable ?? nearest(name, [...byVariable.keys(), CONFIG_VARIABLE])
  return found ? `; did you mean ${found}?` : ''
}
