// Small files for the tests of images and documents.

/** A PNG signature and header; the rest is missing, which nothing that reads headers only minds. */
export function pngHeader(width: number, height: number, length = 64): Uint8Array {
  const bytes = new Uint8Array(length)
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52])
  const view = new DataView(bytes.buffer)
  view.setUint32(16, width)
  view.setUint32(20, height)
  return bytes
}

/** A whole BMP of 24 bits, every pixel of the given colour. */
export function bitmapFile(width: number, height: number, [red, green, blue]: [number, number, number]): Uint8Array {
  const rowLength = Math.ceil((width * 3) / 4) * 4
  const bytes = new Uint8Array(54 + rowLength * height)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, 0x424d)
  view.setUint32(2, bytes.length, true)
  view.setUint32(10, 54, true)
  view.setUint32(14, 40, true)
  view.setInt32(18, width, true)
  view.setInt32(22, height, true)
  view.setUint16(26, 1, true)
  view.setUint16(28, 24, true)
  for (let row = 0; row < height; row++) {
    for (let x = 0; x < width; x++) bytes.set([blue, green, red], 54 + row * rowLength + x * 3)
  }
  return bytes
}

export const ONE_PIXEL_GIF = Uint8Array.fromBase64('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7')

/** Real files of 3 by 2 pixels in the formats that pass through, written by Bun's own encoders. */
export async function realImages(): Promise<Record<'png' | 'jpeg' | 'webp', Uint8Array>> {
  const source = bitmapFile(3, 2, [200, 100, 50])
  const [png, jpeg, webp] = await Promise.all([
    new Bun.Image(source).png().bytes(),
    new Bun.Image(source).jpeg().bytes(),
    new Bun.Image(source).webp({ lossless: true }).bytes(),
  ])
  return { png, jpeg, webp }
}

/** Pixels of a PNG of 8 bits a sample (RGB or RGBA) without interlacing, four bytes each. */
export function pngPixels(png: Uint8Array): { width: number; height: number; pixels: Uint8Array } {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength)
  const [width, height] = [view.getUint32(16), view.getUint32(20)]
  const channels = { 2: 3, 6: 4 }[png[25]!]
  if (png[24] !== 8 || !channels) throw new Error('not a PNG that this reads')
  const data: Uint8Array[] = []
  for (let offset = 8; offset < png.length; offset += 12 + view.getUint32(offset)) {
    const name = String.fromCharCode(...png.subarray(offset + 4, offset + 8))
    if (name === 'IDAT') data.push(png.subarray(offset + 8, offset + 8 + view.getUint32(offset)))
  }
  const raw = Bun.inflateSync(Buffer.concat(data).subarray(2))
  const pixels = new Uint8Array(width * height * 4).fill(255)
  const stride = width * channels
  const rows = new Uint8Array(stride * height)
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)]
    for (let x = 0; x < stride; x++) {
      const left = x >= channels ? rows[y * stride + x - channels]! : 0
      const up = y > 0 ? rows[(y - 1) * stride + x]! : 0
      const corner = x >= channels && y > 0 ? rows[(y - 1) * stride + x - channels]! : 0
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter!]!
      rows[y * stride + x] = raw[y * (stride + 1) + 1 + x]! + guess
      pixels[(y * width + Math.floor(x / channels)) * 4 + (x % channels)] = rows[y * stride + x]!
    }
  }
  return { width, height, pixels }
}

function paeth(left: number, up: number, corner: number): number {
  const [a, b, c] = [left, up, corner].map((value) => Math.abs(left + up - corner - value)) as [number, number, number]
  if (a <= b && a <= c) return left
  return b <= c ? up : corner
}
