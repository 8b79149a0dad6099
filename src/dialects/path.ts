const PLAIN_KEY = /^[A-Za-z_$][\w$-]{0,63}$/
const MAX_KEY_LENGTH = 64

/**
 * The path of a field in OpenAI's style: `messages[2].content[0].image_url.url`. A key of the caller that is not a plain
 * name is quoted, escaped to ASCII and cut, so that a path can stand in a header or a log line as it is.
 */
export function pathOf(keys: readonly unknown[]): string {
  return keys.reduce<string>((path, key) => join(path, key), '')
}

/** `path` with one key more. */
export function join(path: string, key: unknown): string {
  if (typeof key === 'number') return `${path}[${key}]`
  const name = String(key)
  if (!PLAIN_KEY.test(name)) return `${path}[${quote(name)}]`
  return path === '' ? name : `${path}.${name}`
}

function quote(name: string): string {
  const cut = name.length > MAX_KEY_LENGTH ? `${name.slice(0, MAX_KEY_LENGTH)}...` : name
  return JSON.stringify(cut).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
