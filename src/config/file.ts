// Configuration from a cligate.yaml file.
import { readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Variables } from './environment.ts'
import type { Problem } from './error.ts'
import { type Layer, parseText } from './layer.ts'
import { nearest } from './nearest.ts'
import { SECTIONS, SETTINGS, type Setting, settingAt } from './settings.ts'
import { brokenLine, keyLines } from './yaml-lines.ts'

const VARIABLE = /\$(\$\{)|\$\{([^}]*)\}/g

/**
 * The keys of a file. `${NAME}` and `${NAME:-otherwise}` in texts become the variable's text; `$${` stands for `${`.
 * Keys without a value count as unset. What is wrong is added to `problems`, and the rest is read all the same.
 */
export function readConfigFile(path: string, variables: Variables, problems: Problem[], warnings: string[]): Layer {
  const layer: Layer = new Map()
  const at = (line?: number) => `file ${path}${line === undefined ? '' : `:${line}`}`
  let text: string
  let content: unknown
  try {
    text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '')
  } catch (error) {
    problems.push({ message: `cannot be read: ${error instanceof Error ? error.message : 'unknown'}`, source: at() })
    return layer
  }
  try {
    content = Bun.YAML.parse(text)
  } catch (error) {
    const why = error instanceof Error ? error.message.replace('YAML Parse error: ', '') : 'unknown'
    problems.push({ message: `is not valid YAML: ${why}`, source: at(brokenLine(text)) })
    return layer
  }
  const { lines, repeated } = keyLines(text)
  for (const { path: key, line } of Array.isArray(content) ? [] : repeated)
    problems.push({ message: `${key} is set twice`, source: at(line) })

  const lineOf = (key: string): number | undefined => {
    const line = lines.get(key)
    return line !== undefined || !key.includes('.') ? line : lineOf(key.slice(0, key.lastIndexOf('.')))
  }
  const readSection = (value: unknown, names: string[]) => {
    if (value === null) return
    if (typeof value !== 'object' || Array.isArray(value)) {
      const what = names.length > 0 ? names.join('.') : 'the file'
      problems.push({ message: `${what} must hold "key: value" lines`, source: at(lineOf(names.join('.'))) })
      return
    }
    for (const [name, item] of Object.entries(value)) {
      const key = [...names, name].join('.')
      const setting = settingAt(key)
      if (setting?.path === key) readValue(setting, item)
      else if (SECTIONS.has(key)) readSection(item, [...names, name])
      else if (names.join('.') === 'providers' && isAgent(item)) readAgent(key, item)
      else problems.push({ message: `${key} is unknown${suggestion(names, name)}`, source: at(lineOf(key)) })
    }
  }
  const readValue = (setting: Setting, given: unknown) => {
    if (given === null) return
    const source = at(lineOf(setting.path))
    const unset = new Set<string>()
    const value = expand(given, variables, unset)
    for (const name of unset) problems.push({ message: `${setting.path} needs ${name}, which is not set`, source })
    if (unset.size > 0) return
    if (setting.notes.secret && sameText(given, value)) warnIfReadable(path, setting.path, warnings)
    // A variable is a text, whatever the key's type: `port: ${MY_PORT}`.
    const typed = typeof value === 'string' && value !== given ? parseText(value, setting.kind) : value
    const written = setting.kind === 'record' ? textsOf(typed) : typed
    layer.set(setting.path, { value: written, source, folder: dirname(path) })
  }
  const readAgent = (key: string, given: Agent) => {
    const source = at(lineOf(key))
    const unset = new Set<string>()
    const agent = expand(given, variables, unset) as Agent
    for (const name of unset) problems.push({ message: `${key} needs ${name}, which is not set`, source })
    if (agent['env'] && sameText(given['env'], agent['env'])) warnIfReadable(path, `${key}.env`, warnings)
    layer.set(key, { value: { ...agent, env: textsOf(agent['env'] ?? {}) }, source, folder: dirname(path) })
  }
  readSection(content, [])
  return layer
}

/** A provider under a name of the owner's own: what tells it from a misspelt one is that it says its kind. */
type Agent = Record<string, unknown> & { kind: unknown }

function isAgent(value: unknown): value is Agent {
  return typeof value === 'object' && value !== null && 'kind' in value
}

function expand(value: unknown, variables: Variables, unset: Set<string>): unknown {
  if (Array.isArray(value)) return value.map((item) => expand(item, variables, unset))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, expand(item, variables, unset)]))
  }
  if (typeof value !== 'string') return value
  return value.replace(VARIABLE, (whole, escaped: string | undefined, expression: string | undefined) => {
    if (escaped) return escaped
    const [, name = '', otherwise] = /^([A-Za-z_]\w*)(?::-(.*))?$/s.exec(expression ?? '') ?? []
    const found = variables[name] || otherwise
    if (found === undefined) unset.add(whole)
    return found ?? ''
  })
}

/** `1` and `true` as texts: what a map of texts holds, but YAML reads as something else. */
function textsOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const entries = Object.entries(value).filter(([, item]) => item !== null)
  return Object.fromEntries(
    entries.map(([name, item]) => [name, typeof item === 'number' || typeof item === 'boolean' ? String(item) : item]),
  )
}

function sameText(given: unknown, expanded: unknown): boolean {
  const empty = JSON.stringify(given) === '[]' || JSON.stringify(given) === '{}'
  return !empty && JSON.stringify(given) === JSON.stringify(expanded)
}

function warnIfReadable(path: string, key: string, warnings: string[]): void {
  const mode = statSync(path).mode & 0o777
  if ((mode & 0o077) === 0 || process.platform === 'win32') return
  warnings.push(`${path} holds secrets (${key}) and others can read it (mode ${mode.toString(8)}): chmod 600 ${path}`)
}

function suggestion(names: string[], name: string): string {
  const prefix = names.map((part) => `${part}.`).join('')
  const all = [...SETTINGS.map((setting) => setting.path), ...SECTIONS]
  const siblings = all.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length).split('.')[0]!)
  const elsewhere = SETTINGS.map((setting) => setting.path).find((path) => path.split('.').at(-1) === name)
  const near = nearest(name, siblings)
  const meant = elsewhere ?? (near && `${prefix}${near}`)
  return meant ? `; did you mean ${meant}?` : ''
}
