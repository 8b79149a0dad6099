// Finds the command that a command line names, and refuses what it does not know: citty itself ignores unknown options.
import type { ArgsDef, CommandDef } from 'citty'
import { nearest } from '../config/nearest.ts'

/** The command line is wrong; the message says how, for people. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export type Chosen = {
  command: CommandDef
  /** The names that led to it: `['config', 'show']`. */
  path: string[]
  /** What follows the command's name. */
  rest: string[]
}

/** Follows the names at the start of `words` down to a command. @throws UsageError for a name that is none */
export async function choose(root: CommandDef, words: readonly string[]): Promise<Chosen> {
  let chosen: Chosen = { command: root, path: [], rest: [...words] }
  while (chosen.command.subCommands) {
    const children = await resolved(chosen.command.subCommands)
    const name = chosen.rest[0]
    if (name === undefined || name.startsWith('-')) break
    if (!Object.hasOwn(children, name)) {
      const near = nearest(name, Object.keys(children))
      throw new UsageError(`Unknown command ${quoted(name)}.${near ? ` Did you mean ${near}?` : ''}`)
    }
    const command: CommandDef = await resolved(children[name]!)
    chosen = { command, path: [...chosen.path, name], rest: chosen.rest.slice(1) }
  }
  return chosen
}

/** @throws UsageError for an option the command does not have, or a word too many */
export async function checkOptions({ command, rest }: Chosen): Promise<void> {
  const definitions: ArgsDef = await resolved(command.args ?? {})
  const names = new Map<string, 'boolean' | 'value'>()
  let words = 0
  for (const [name, definition] of Object.entries(definitions)) {
    if (definition.type === 'positional') {
      words += 1
      continue
    }
    const kind = definition.type === 'boolean' ? 'boolean' : 'value'
    names.set(`--${name}`, kind)
    if (kind === 'boolean') names.set(`--no-${name}`, kind)
    const aliases = 'alias' in definition ? [definition.alias ?? []].flat() : []
    for (const alias of aliases) names.set(`-${alias}`, kind)
  }
  for (let index = 0; index < rest.length; index += 1) {
    const word = rest[index]!
    if (!word.startsWith('-')) {
      words -= 1
      if (words < 0) throw new UsageError(`Unexpected word ${quoted(word)}.`)
      continue
    }
    const [name, value] = split(word)
    const kind = names.get(name)
    if (kind === undefined) {
      const near = nearest(name, names.keys())
      throw new UsageError(`Unknown option ${quoted(name)}.${near ? ` Did you mean ${near}?` : ''}`)
    }
    if (kind === 'boolean' || value !== undefined) continue
    index += 1
    if (rest[index] === undefined) throw new UsageError(`Option ${name} needs a value.`)
  }
}

/** citty allows values, promises and functions of both in most places. */
async function resolved<T>(value: T | Promise<T> | (() => T) | (() => Promise<T>)): Promise<T> {
  return await (typeof value === 'function' ? (value as () => T | Promise<T>)() : value)
}

function split(word: string): [name: string, value: string | undefined] {
  const at = word.indexOf('=')
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)]
}

function quoted(text: string): string {
  return JSON.stringify(text)
}
