// The cost of a JSON text, seen before it is parsed: a few megabytes of brackets keep a parser busy for seconds.
import { GatewayError } from '../core/error.ts'

/** Levels of arrays and objects within each other. */
export const MOST_DEPTH = 128
/** Arrays, objects, and entries behind the first, all together. So many different keys take a machine 0.4 s to read. */
export const MOST_VALUES = 200_000

const QUOTE = 0x22
const BACKSLASH = 0x5c

/**
 * Looks at the structure only; whether the text is JSON at all is the parser's to say. Takes about a millisecond for 30 MB
 * of text in strings.
 * @throws GatewayError `invalid_request`
 */
export function checkJsonShape(text: string): void {
  let depth = 0
  let values = 0
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at)
        if (at < 0) return
        break
      case 0x5b: // [
      case 0x7b: // {
        depth += 1
        values += 1
        break
      case 0x5d: // ]
      case 0x7d: // }
        depth -= 1
        break
      case 0x2c: // ,
        values += 1
        break
      default:
        continue
    }
    if (depth > MOST_DEPTH) refuse(`is nested deeper than ${MOST_DEPTH} levels`)
    if (values > MOST_VALUES) refuse(`has more than ${MOST_VALUES} values`)
  }
}

/** Where the string that begins at `start` has its closing quote; -1 when it has none. */
function endOfString(text: string, start: number): number {
  let end = start
  do {
    end = text.indexOf('"', end + 1)
  } while (end >= 0 && isEscaped(text, end))
  return end
}

function isEscaped(text: string, at: number): boolean {
  let first = at
  while (text.charCodeAt(first - 1) === BACKSLASH) first -= 1
  return (at - first) % 2 === 1
}

function refuse(what: string): never {
  throw new GatewayError('invalid_request', `The body ${what}.`)
}
