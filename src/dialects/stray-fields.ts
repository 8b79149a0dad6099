// Fields that nothing behind the gateway can honour are reported by their paths, never dropped in silence.

const PLAIN_KEY = /^[A-Za-z_$][\w$-]{0,63}$/
const MAX_KEY_LENGTH = 64
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

/**
 * `path` with one key more. A key of the caller that is not a plain name is quoted, escaped to ASCII and cut, so that a
 * path can stand in a header or a log line as it is.
 */
function join(path: string, key: string): string {
  if (!PLAIN_KEY.test(key)) return `${path}[${quote(key)}]`
  return path === '' ? key : `${path}.${key}`
}

function quote(key: string): string {
  const cut = key.length > MAX_KEY_LENGTH ? `${key.slice(0, MAX_KEY_LENGTH)}...` : key
  return JSON.stringify(cut).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
