// A BMP file as the way to hand raw pixels to Bun.Image, which takes files only.

/** `pixels` is the part of `file` that holds the picture: rows from the top, four bytes (red, green, blue, alpha) each pixel. */
export type Bitmap = { file: Uint8Array; pixels: Uint8Array }

/** File header and version 4 information header, the oldest that has an alpha mask. */
const HEADER_LENGTH = 14 + 108
const BIT_FIELDS = 3
const SRGB = 0x73524742

/** An empty, fully transparent bitmap. */
export function createBitmap(width: number, height: number): Bitmap {
  const length = width * height * 4
  const file = new Uint8Array(HEADER_LENGTH + length)
  const view = new DataView(file.buffer)
  view.setUint16(0, 0x424d)
  view.setUint32(2, file.length, true)
  view.setUint32(10, HEADER_LENGTH, true)
  view.setUint32(14, HEADER_LENGTH - 14, true)
  view.setInt32(18, width, true)
  // Negative: the first row is the top one.
  view.setInt32(22, -height, true)
  view.setUint16(26, 1, true)
  view.setUint16(28, 32, true)
  view.setUint32(30, BIT_FIELDS, true)
  view.setUint32(34, length, true)
  for (const [index, mask] of [0x000000ff, 0x0000ff00, 0x00ff0000, 0xff000000].entries()) {
    view.setUint32(54 + index * 4, mask, true)
  }
  view.setUint32(70, SRGB, true)
  return { file, pixels: file.subarray(HEADER_LENGTH) }
}
