// What a settings file becomes. Pure: text in, text out.
import { CommandError } from '../exit-code.ts'
import type { SettingsChange } from './client.ts'

const BEGIN = '# >>> cligate >>>'
const END = '# <<< cligate <<<'

/**
 * The new text of the file. What is not ours stays, to the letter but for JSON, which is formatted anew.
 * @throws CommandError for a file that cannot be understood: it is not touched then
 */
export function changedSettings(text: string, change: SettingsChange): string {
  switch (change.kind) {
    case 'json': {
      const before = parseJson(text, change.path)
      const merge = typeof change.merge === 'function' ? change.merge(before) : change.merge
      return `${JSON.stringify(merged(before, merge), null, 2)}\n`
    }
    case 'env':
      return withLines(text, change.set, (name) => new RegExp(`^\\s*(?:export\\s+)?${escaped(name)}\\s*=`), envLine)
    case 'yaml':
      return withLines(text, change.set, (name) => new RegExp(`^${escaped(name)}\\s*:`), yamlLine)
    case 'block':
      return withBlock(text, change.text)
    default:
      return change satisfies never
  }
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
const envLine = (name: string, value: string) => `${name}=${/^[\w./:@-]*$/.test(value) ? value : JSON.stringify(value)}`
const yamlLine = (name: string, value: string) => `${name}: ${JSON.stringify(value)}`

function withLines(
  text: string,
  set: Record<string, string>,
  pattern: (name: string) => RegExp,
  write: (name: string, value: string) => string,
): string {
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n')
  for (const [name, value] of Object.entries(set)) {
    const matcher = pattern(name)
    const at = lines.findIndex((line) => matcher.test(line))
    if (at < 0) lines.push(write(name, value))
    else lines[at] = write(name, value)
  }
  return `${lines.join('\n')}\n`
}

function withBlock(text: string, block: string): string {
  const ours = `${BEGIN}\n${block}\n${END}\n`
  const begin = text.indexOf(BEGIN)
  const end = text.indexOf(END, begin)
  if (begin >= 0 && end >= 0) return text.slice(0, begin) + ours + text.slice(end + END.length).replace(/^\n/, '')
  return text === '' ? ours : `${text.replace(/\n*$/, '\n\n')}${ours}`
}

function parseJson(text: string, path: string): Record<string, unknown> {
  if (text.trim() === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch {
    // Comments, for one: they would be lost.
  }
  throw new CommandError(`~/${path} is not plain JSON, so it is left as it is. Run the command without --write.`)
}

function merged(old: object, change: object): object {
  const result: Record<string, unknown> = { ...old }
  for (const [name, value] of Object.entries(change) as [string, unknown][]) {
    const before = Object.hasOwn(result, name) ? result[name] : undefined
    result[name] = isObject(before) && isObject(value) ? merged(before, value) : value
  }
  return result
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
