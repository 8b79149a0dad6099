// What a file is, told by its first bytes: never by what the caller claims it to be.

export type ImageFormat = 'png' | 'jpeg' | 'gif' | 'webp' | 'bmp' | 'tiff'
export type MediaFormat = ImageFormat | 'pdf'

/** Header sizes that a BMP's second header may claim; with them `BM` is not just two letters of a text. */
const BITMAP_HEADERS = new Set([12, 16, 40, 52, 56, 64, 108, 124])

/** The format of a file, or `undefined` when it is none of those that are accepted. */
export function sniffFormat(bytes: Uint8Array): MediaFormat | undefined {
  if (startsWith(bytes, '\x89PNG\r\n\x1a\n')) return 'png'
  if (startsWith(bytes, '\xff\xd8\xff')) return 'jpeg'
  if (startsWith(bytes, 'GIF87a') || startsWith(bytes, 'GIF89a')) return 'gif'
  if (startsWith(bytes, 'RIFF') && startsWith(bytes, 'WEBP', 8)) return 'webp'
  if (startsWith(bytes, '%PDF-')) return 'pdf'
  if (startsWith(bytes, 'II*\0') || startsWith(bytes, 'MM\0*')) return 'tiff'
  if (startsWith(bytes, 'BM') && BITMAP_HEADERS.has((bytes[14] ?? 0) | ((bytes[15] ?? 0) << 8))) return 'bmp'
  return undefined
}

function startsWith(bytes: Uint8Array, magic: string, offset = 0): boolean {
  for (let index = 0; index < magic.length; index++) {
    if (bytes[offset + index] !== magic.charCodeAt(index)) return false
  }
  return true
}
