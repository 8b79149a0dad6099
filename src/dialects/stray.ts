// Fields of a request that nobody can honour: gathered by their paths, so that callers are told.
import { join } from './path.ts'

/** More paths than any caller reads; a body of a million unknown fields does not become a million paths. */
const MAX_PATHS = 100

/** Adds a path to those that are not honoured; `...` stands for what is beyond the limit. */
export function report(path: string, paths: string[]): void {
  if (paths.length < MAX_PATHS) paths.push(path)
  else if (paths.length === MAX_PATHS) paths.push('...')
}

/** Adds the paths of fields that `known` does not list. Empty ones are left out: SDKs echo `citations: null`. */
export function reportStray(value: object, known: object, path: string, paths: string[]): void {
  for (const [key, field] of Object.entries(value)) {
    if (!Object.hasOwn(known, key) && !isVoid(field)) report(join(path, key), paths)
  }
}

export function isVoid(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}
