// Decides what the bytes of an image or document are, and whether a model may get them.
import { GatewayError } from '../core/error.ts'
import type { MediaSource } from '../core/request.ts'
import { documentType } from './document-type.ts'
import { convertToPng } from './image-convert.ts'
import { imageSize } from './image-size.ts'
import { sniffFormat } from './magic-bytes.ts'

/** A file as it came: `base64` where it came that way, `mediaType` as the sender claims. */
export type IncomingFile = { bytes: Uint8Array; base64?: string; mediaType: string }

/** The same, to be sent on: what it is has been told from the bytes. */
export type CheckedFile = Extract<MediaSource, { kind: 'data' }>

/** Headers that claim more are refused: decoded, such an image takes 400 MB and more. */
const MAX_PIXELS = 100_000_000

/**
 * PNG, JPEG, GIF and WebP stay as they are; BMP and TIFF become PNG.
 * @throws GatewayError `invalid_request` or `request_too_large`, with `param`
 */
export async function checkImage(
  file: IncomingFile,
  maxBytes: number,
  signal: AbortSignal,
  param?: string,
): Promise<CheckedFile> {
  const refused = (message: string) => new GatewayError('invalid_request', message, { param })
  checkLength(file.bytes.length, maxBytes, 'image', param)
  const format = sniffFormat(file.bytes)
  if (!format || format === 'pdf')
    throw refused('This is not an image of an accepted type: PNG, JPEG, GIF, WebP, BMP or TIFF.')
  const size = imageSize(format, file.bytes)
  if (!size) throw refused(`This ${format.toUpperCase()} image is damaged or cut off: its header gives no size.`)
  if (size.width * size.height > MAX_PIXELS) {
    throw refused(
      `This image has ${size.width} x ${size.height} pixels; at most ${MAX_PIXELS / 1e6} megapixels are accepted.`,
    )
  }
  if (format !== 'bmp' && format !== 'tiff') {
    return { kind: 'data', mediaType: `image/${format}`, data: file.base64 ?? file.bytes.toBase64() }
  }
  const png = await oneAtATime(() => convertToPng(format, file.bytes, signal, param))
  checkLength(png.length, maxBytes, `${format.toUpperCase()} image, converted to PNG,`, param)
  return { kind: 'data', mediaType: 'image/png', data: png.toBase64() }
}

/**
 * PDF and UTF-8 text.
 * @throws GatewayError `invalid_request` or `request_too_large`, with `param`
 */
export function checkDocument(file: IncomingFile, maxBytes: number, param?: string): CheckedFile {
  checkLength(file.bytes.length, maxBytes, 'document', param)
  const mediaType = documentType(file.bytes, file.mediaType)
  if (!mediaType) {
    throw new GatewayError('invalid_request', 'This is not a document of an accepted type: PDF or text in UTF-8.', {
      param,
    })
  }
  return { kind: 'data', mediaType, data: file.base64 ?? file.bytes.toBase64() }
}

/** @throws GatewayError with `param`, for nothing at all and for too much */
function checkLength(length: number, maxBytes: number, what: string, param?: string): void {
  if (length === 0) throw new GatewayError('invalid_request', `This ${what} is empty.`, { param })
  if (length <= maxBytes) return
  const limit = `${maxBytes} bytes (${Number((maxBytes / 1024 / 1024).toFixed(2))} MB)`
  throw new GatewayError('request_too_large', `This ${what} has ${length} bytes; at most ${limit} are accepted.`, {
    param,
  })
}

let lastConversion: Promise<unknown> = Promise.resolve()

/** Each conversion holds up to some hundred megabytes for a moment, so they wait for each other, over all requests. */
function oneAtATime<Result>(work: () => Promise<Result>): Promise<Result> {
  const result = lastConversion.then(work)
  lastConversion = result.catch(() => {})
  return result
}
