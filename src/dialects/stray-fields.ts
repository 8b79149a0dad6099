// Fields that nothing behind the gateway can honour are reported by their paths, never dropped in silence.
import { join } from './path.ts'

/** More paths than any caller reads; a body of a million unknown fields does not become a million paths. */
const MAX_PATHS = 100

/** Adds a path to those that are not honoured; `...` stands for what is beyond the limit. */
export function report(path: string, paths: string[]): void {
  if (paths.length < MAX_PATHS) paths.push(path)
  else if (paths.length === MAX_PATHS) paths.push('...')
}

/** Adds the paths of fields that `known` does not list. Empty ones are left out: SDKs echo `annotations: []`. */
export function reportStray(value: object, known: object, path: string, paths: string[]): void {
  for (const [key, field] of Object.entries(value)) {
    if (!Object.hasOwn(known, key) && !isVoid(field)) report(join(path, key), paths)
  }
}

/** Whether a value asks for nothing. */
export function isVoid(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}
