// Keeps secrets out of everything that is shown or logged: by the name of a field, and by what a value looks like.
import { GatewayError } from '../core/error.ts'

const REDACTED = '[redacted]'

/** Bounds of what one log line may carry, so that a huge value costs neither memory nor disk. */
const LIMITS = { depth: 6, entries: 100, text: 8192 }

const SECRET_NAME =
  /(?:api_?keys?|access_?key|private_?key|authorization|cookie|pass(?:word|wd|phrase)|secrets?|credentials?|token|bearer)$/i

/** Whether a field, header or variable of this name holds a secret: `x-api-key`, `refreshToken`, `AWS_SECRET_ACCESS_KEY`. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.replaceAll('-', '_'))
}

/**
 * What keys and tokens look like, wherever they stand. The group `kept` stays readable.
 * Sources: the key formats of OpenAI and Anthropic (`sk-`), Google (`AIza`, `ya29.`), GitHub, Slack, AWS; RFC 6750; JWT.
 */
const SECRET_VALUES = [
  /(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{6,}/,
  /AIza[A-Za-z0-9_-]{20,}/,
  /ya29\.[A-Za-z0-9_.-]{8,}/,
  /gh[pousr]_[A-Za-z0-9]{20,}/,
  /github_pat_[A-Za-z0-9_]{20,}/,
  /xox[abeoprs]-[A-Za-z0-9-]{10,}/,
  /AKIA[A-Z0-9]{16}/,
  /cligate_[A-Za-z0-9]{16,}/,
  /eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/,
  /(?<kept>Bearer +)[A-Za-z0-9._~+/=-]{6,}/,
  /(?<kept>Basic +)[A-Za-z0-9+/=]{12,}/,
  /(?<kept>:\/\/[^\s/:@]*:)[^\s/@]+(?=@)/,
  /(?<kept>[?&](?:key|code)=)[^&\s"'#]+/,
  /(?<kept>(?:api[_-]?key|access[_-]?key|token|secret|password|passwd|authorization|cookie)\\?["']?(?: *[:=] *)\\?["']?(?:(?:Bearer|Basic) +)?)[^\s"'\\,;&)}\]]{4,}/,
  /(?<kept>-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/,
]

/** Takes secrets out of texts and of the fields of a log line. */
export type Redactor = {
  text(value: string): string
  /** A copy that JSON can hold: secrets gone, errors told, cycles and excess cut. */
  fields(value: object): Record<string, unknown>
}

/** @param secrets texts to hide wherever they appear, such as the configured keys; those under 8 characters are left */
export function createRedactor(secrets: readonly string[] = []): Redactor {
  const known = secrets.filter((secret) => secret.length >= 8).toSorted((a, b) => b.length - a.length)
  const patterns = [...known.map(RegExp.escape), ...SECRET_VALUES.map((pattern) => pattern.source)]
  const any = new RegExp(patterns.join('|'), 'gi')

  const text = (value: string): string => {
    if (value.length <= LIMITS.text) return value.replace(any, `$<kept>${REDACTED}`)
    // Looks a little past the cut, so that a secret lying across it is seen whole.
    const seen = value.slice(0, LIMITS.text + 1024).replace(any, `$<kept>${REDACTED}`)
    return `${seen.slice(0, LIMITS.text)}… (${value.length} characters)`
  }

  const value = (name: string, given: unknown, depth: number): unknown => {
    switch (typeof given) {
      case 'string':
        return isSecretName(name) && given !== '' ? REDACTED : text(given)
      case 'number':
      case 'boolean':
      case 'undefined':
        return given
      case 'bigint':
        return given.toString()
      case 'object':
        break
      default:
        return undefined
    }
    if (given === null) return null
    if (isSecretName(name)) return REDACTED
    if (depth >= LIMITS.depth) return '[too deep]'
    if (given instanceof Date) return Number.isNaN(given.getTime()) ? null : given.toISOString()
    if (given instanceof Error) return object(describeError(given), depth)
    if (Array.isArray(given)) return given.slice(0, LIMITS.entries).map((item) => value('', item, depth + 1) ?? null)
    if (ArrayBuffer.isView(given)) return `[${given.byteLength} bytes]`
    return object(given, depth)
  }

  const object = (given: object, depth: number): Record<string, unknown> => {
    const entries = Object.entries(given).slice(0, LIMITS.entries)
    return Object.fromEntries(entries.map(([name, item]) => [name, value(name, item, depth + 1)]))
  }

  return { text, fields: (given) => object(given, 0) }
}

/** An error that the gateway made itself is told by its message; where something else went wrong, that is its cause. */
function describeError(error: Error): Record<string, unknown> {
  const code = 'code' in error ? error.code : undefined
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(error instanceof GatewayError || !error.stack ? {} : { stack: error.stack }),
    ...(error.cause === undefined ? {} : { cause: error.cause }),
  }
}
