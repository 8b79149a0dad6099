// Width and height of an image from its header alone: nothing is decompressed, so an image bomb costs nothing here.
import type { ImageFormat } from './magic-bytes.ts'
import { readTiffDirectory } from './image-tiff-directory.ts'

/** In pixels. */
export type ImageSize = { width: number; height: number }

/** The size that an image's header claims; `undefined` when the header is damaged or cut off. Never throws. */
export function imageSize(format: ImageFormat, bytes: Uint8Array): ImageSize | undefined {
  const size = readSize(format, bytes)
  return size && size.width > 0 && size.height > 0 ? size : undefined
}

function readSize(format: ImageFormat, bytes: Uint8Array): ImageSize | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  switch (format) {
    case 'png':
      return pngSize(view)
    case 'jpeg':
      return jpegSize(view)
    case 'gif':
      return view.byteLength < 10 ? undefined : { width: view.getUint16(6, true), height: view.getUint16(8, true) }
    case 'webp':
      return webpSize(view)
    case 'bmp':
      return bitmapSize(view)
    case 'tiff':
      return readTiffDirectory(bytes)
    default:
      return format satisfies never
  }
}

function pngSize(view: DataView): ImageSize | undefined {
  if (view.byteLength < 24 || view.getUint32(12) !== 0x49484452) return undefined
  return { width: view.getUint32(16), height: view.getUint32(20) }
}

/** Walks the segments to the frame header (SOF0 to SOF15, without DHT, JPG and DAC, whose numbers lie between). */
function jpegSize(view: DataView): ImageSize | undefined {
  let offset = 2
  while (offset + 9 <= view.byteLength) {
    if (view.getUint8(offset) !== 0xff) return undefined
    const marker = view.getUint8(offset + 1)
    // Fill bytes may stand before any marker.
    if (marker === 0xff) {
      offset += 1
      continue
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
    if (isFrame) return { height: view.getUint16(offset + 5), width: view.getUint16(offset + 7) }
    const isBare = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)
    // A scan before any frame header, or the end of the image.
    if (marker === 0xda || marker === 0xd9) return undefined
    const length = isBare ? 0 : view.getUint16(offset + 2)
    if (!isBare && length < 2) return undefined
    offset += 2 + length
  }
  return undefined
}

/** The three kinds of WebP: lossy `VP8 `, lossless `VP8L`, and extended `VP8X` (RFC 9649). */
function webpSize(view: DataView): ImageSize | undefined {
  // 25 bytes is the header of the shortest kind, the lossless one.
  if (view.byteLength < 25) return undefined
  const kind = view.getUint32(12)
  if (kind !== 0x5650384c && view.byteLength < 30) return undefined
  switch (kind) {
    case 0x56503820:
      return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff }
    case 0x5650384c: {
      const bits = view.getUint32(21, true)
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
    }
    case 0x56503858:
      return { width: uint24(view, 24) + 1, height: uint24(view, 27) + 1 }
    default:
      return undefined
  }
}

function uint24(view: DataView, offset: number): number {
  return view.getUint16(offset, true) | (view.getUint8(offset + 2) << 16)
}

/** The oldest header (12 bytes) has 16-bit sizes; in later ones a negative height means that the top row comes first. */
function bitmapSize(view: DataView): ImageSize | undefined {
  if (view.byteLength < 26) return undefined
  if (view.getUint32(14, true) === 12) return { width: view.getUint16(18, true), height: view.getUint16(20, true) }
  return { width: view.getInt32(18, true), height: Math.abs(view.getInt32(22, true)) }
}
