// What a document is: a PDF by its first bytes, or text when all of it is UTF-8.
import { isUtf8 } from 'node:buffer'
import { sniffFormat } from './magic-bytes.ts'

/**
 * The media type of a document: `application/pdf`, the claimed `text/...`, or `text/plain` for text that claims something
 * else. `undefined` for everything that is neither. `claimed` may carry parameters; it is never trusted to say PDF.
 */
export function documentType(bytes: Uint8Array, claimed: string): string | undefined {
  const format = sniffFormat(bytes)
  if (format === 'pdf') return 'application/pdf'
  if (format !== undefined || !isText(bytes)) return undefined
  const essence = claimed.split(';')[0]!.trim().toLowerCase()
  return /^text\/[a-z0-9.+-]{1,64}$/.test(essence) ? essence : 'text/plain'
}

/** UTF-8 without NUL, which text does not have and UTF-16 and most binary formats do. */
function isText(bytes: Uint8Array): boolean {
  return bytes.length > 0 && !bytes.includes(0) && isUtf8(bytes)
}
