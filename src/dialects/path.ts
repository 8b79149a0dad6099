const PLAIN_KEY = /^[A-Za-z_$][\w$-]{0,63}$/
const MAX_KEY_LENGTH = 64

/**
 * `path` with one key more. A key of the caller that is not a plain name is quoted, escaped to ASCII and cut, so that a
 * path can stand in a header or a log line as it is.
 */
export function join(path: string, key: string): string {
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
