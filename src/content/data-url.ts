// Inline data: `data:` URLs (RFC 2397, as the Fetch standard reads them) and bare base64.

/** Decoded bytes with the same bytes as canonical base64: padded, without white space. */
export type InlineData = { bytes: Uint8Array; base64: string }

/** What a `data:` URL holds. `mediaType` is what it claims, lower case and without parameters; may be empty. */
export type DataUrl = InlineData & { mediaType: string }

const HEAD_LENGTH = 1024

/**
 * Decodes base64. White space and missing padding are tolerated, as browsers do; the URL-safe alphabet, stray characters
 * and wrong padding are not. `undefined` when it is not base64. A text that is canonical already is handed back, not copied.
 */
export function decodeBase64(text: string): InlineData | undefined {
  try {
    const bytes = Uint8Array.fromBase64(text, { lastChunkHandling: 'loose' })
    return { bytes, base64: isCanonical(text, bytes) ? text : bytes.toBase64() }
  } catch {
    return undefined
  }
}

/** Reads a `data:` URL; `undefined` when it is not one or its data is damaged. Never throws. */
export function parseDataUrl(url: string): DataUrl | undefined {
  // Only the head is searched: the body may be megabytes without a comma.
  const head = url.slice(0, HEAD_LENGTH)
  const comma = head.indexOf(',')
  if (comma < 0 || !/^data:/i.test(head)) return undefined
  const [claimed = '', ...parameters] = head.slice('data:'.length, comma).split(';')
  const mediaType = claimed.trim().toLowerCase()
  const isBase64 = parameters.at(-1)?.trim().toLowerCase() === 'base64'
  const body = url.slice(comma + 1)
  const decoded = isBase64 ? decodeBase64Body(body) : decodePercent(body)
  return decoded && { mediaType, ...decoded }
}

/** A base64 body may be percent-encoded on top (`%2B` for `+`). */
function decodeBase64Body(body: string): InlineData | undefined {
  if (!body.includes('%')) return decodeBase64(body)
  const unescaped = unescapeAscii(body)
  return unescaped === undefined ? undefined : decodeBase64(unescaped)
}

function unescapeAscii(body: string): string | undefined {
  try {
    return decodeURIComponent(body)
  } catch {
    return undefined
  }
}

/** `%` and two digits are a byte, everything else is itself in UTF-8. A `%` without digits is damage. */
function decodePercent(body: string): InlineData | undefined {
  if (/%(?![0-9a-f]{2})/i.test(body)) return undefined
  const source = new TextEncoder().encode(body)
  const bytes = new Uint8Array(source.length)
  let length = 0
  for (let index = 0; index < source.length; index++) {
    const byte = source[index]!
    const escaped = byte === 0x25
    bytes[length++] = escaped ? hexDigit(source[index + 1]!) * 16 + hexDigit(source[index + 2]!) : byte
    if (escaped) index += 2
  }
  const decoded = bytes.subarray(0, length)
  return { bytes: decoded, base64: decoded.toBase64() }
}

/** The value of an ASCII hex digit: bit 6 tells letters from digits. */
function hexDigit(code: number): number {
  return (code & 0x0f) + (code & 0x40 ? 9 : 0)
}

function isCanonical(text: string, bytes: Uint8Array): boolean {
  if (text.length !== Math.ceil(bytes.length / 3) * 4) return false
  // Equal length leaves one other form: bits set behind the last byte (`AB==`), which strict decoders refuse.
  const whole = bytes.length - (bytes.length % 3)
  return text.endsWith(bytes.subarray(whole).toBase64())
}
