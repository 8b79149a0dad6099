import { describe, expect, test } from 'bun:test'
import { assert, constantFrom, nat, property, uint8Array } from 'fast-check'
import { imageSize } from '../../src/content/image-size.ts'
import { sniffFormat } from '../../src/content/magic-bytes.ts'
import { bitmapFile, ONE_PIXEL_GIF, pngHeader, realImages } from './media-samples.ts'

const FORMATS = ['png', 'jpeg', 'gif', 'webp', 'bmp', 'tiff'] as const
const fromHex = (text: string) => Uint8Array.fromHex(text.replaceAll(/\s/g, ''))
const webp = (kind: string, rest: string) =>
  fromHex(`52494646 00000000 57454250 ${Buffer.from(kind).toString('hex')} 00000000 ${rest}`)

describe('image sizes from headers', () => {
  test('real files', async () => {
    const images = await realImages()
    for (const format of ['png', 'jpeg', 'webp'] as const) {
      expect(imageSize(format, images[format])).toEqual({ width: 3, height: 2 })
    }
    expect(imageSize('gif', ONE_PIXEL_GIF)).toEqual({ width: 1, height: 1 })
    expect(imageSize('bmp', bitmapFile(5, 7, [0, 0, 0]))).toEqual({ width: 5, height: 7 })
  })

  test.each([
    ['PNG of the largest size', 'png', pngHeader(0x7fffffff, 0x7fffffff), 0x7fffffff, 0x7fffffff],
    ['lossy WebP', 'webp', webp('VP8 ', '300100 9d012a 4001 f000'), 320, 240],
    ['lossy WebP with scaling bits', 'webp', webp('VP8 ', '300100 9d012a 4041 f080'), 320, 240],
    ['lossless WebP', 'webp', webp('VP8L', '2f 3fc13b00'), 320, 240],
    ['extended WebP', 'webp', webp('VP8X', '10000000 3f0100 ef0000'), 320, 240],
    ['BMP with the top row first', 'bmp', topDownBitmap(), 4, 3],
    [
      'BMP with the oldest header',
      'bmp',
      fromHex('424d 00000000 00000000 1a000000 0c000000 0400 0300 0100 1800'),
      4,
      3,
    ],
    ['JPEG with a long profile before the frame', 'jpeg', jpegWith(60_000), 320, 240],
    ['JPEG with its tables first', 'jpeg', fromHex('ffd8 ffc4 0004 0000 ffc0 0011 08 00f0 0140 03'), 320, 240],
    ['JPEG with fill bytes', 'jpeg', fromHex('ffd8 ffffff c0 0011 08 00f0 0140 03'), 320, 240],
  ] as const)('%s', (_, format, bytes, width, height) => {
    expect(imageSize(format, bytes)).toEqual({ width, height })
  })

  test.each([
    ['PNG without IHDR', 'png', pngHeader(1, 1).fill(0, 12, 16)],
    ['PNG of no width', 'png', pngHeader(0, 1)],
    ['JPEG that ends before its frame', 'jpeg', fromHex('ffd8 ffe0 0004 0000')],
    ['JPEG with a scan before any frame', 'jpeg', fromHex('ffd8 ffda 0008 0000 0000 0000 ffc0 0011 08 00f0 0140 03')],
    ['JPEG whose segment has no length', 'jpeg', fromHex('ffd8 ffe0 0000 0000 0000 0000 0000')],
    ['WebP of an unknown kind', 'webp', webp('VP9 ', '00'.repeat(20))],
    ['TIFF whose directory lies outside', 'tiff', fromHex('49492a00 ffffff7f')],
    ['TIFF that is cut in its directory', 'tiff', fromHex('49492a00 08000000 0500 0001')],
  ] as const)('%s has none', (_, format, bytes) => {
    expect(imageSize(format, bytes)).toBeUndefined()
  })

  test('every cut of a real file gives its size or none, and none of the first bytes do', async () => {
    const images = await realImages()
    for (const format of ['png', 'jpeg', 'webp'] as const) {
      const bytes = images[format]
      for (let length = 0; length <= bytes.length; length++) {
        const size = imageSize(format, bytes.subarray(0, length))
        if (length < 20) expect(size).toBeUndefined()
        if (size) expect(size).toEqual({ width: 3, height: 2 })
      }
    }
  })

  test('no bytes make it throw or run for ever', () => {
    assert(
      property(constantFrom(...FORMATS), uint8Array({ maxLength: 300 }), nat(7), (format, bytes, offset) => {
        // Not at the start of its buffer, as bytes that were cut out of something are.
        const size = imageSize(format, bytes.subarray(offset))
        if (size) expect(size.width > 0 && size.height > 0).toBe(true)
        sniffFormat(bytes)
      }),
    )
  })
})

function topDownBitmap(): Uint8Array {
  const bytes = bitmapFile(4, 3, [0, 0, 0])
  new DataView(bytes.buffer).setInt32(22, -3, true)
  return bytes
}

function jpegWith(profileLength: number): Uint8Array {
  const head = fromHex('ffd8 ffe2')
  const frame = fromHex('ffc2 0011 08 00f0 0140 03 000000')
  const segment = new Uint8Array(profileLength)
  new DataView(segment.buffer).setUint16(0, profileLength)
  return new Uint8Array([...head, ...segment, ...frame])
}
