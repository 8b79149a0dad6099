import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../src/core/error.ts'
import { MAX_CONVERTED_PIXELS, convertToPng } from '../../src/content/image-convert.ts'
import { TIFF_FILES } from './image-tiff-samples.ts'
import { bitmapFile, pngPixels } from './media-samples.ts'

const signal = new AbortController().signal

describe('conversion to PNG', () => {
  test('BMP: every pixel is kept', async () => {
    const { width, height, pixels } = pngPixels(await convertToPng('bmp', bitmapFile(5, 3, [200, 100, 50]), signal))
    expect([width, height]).toEqual([5, 3])
    expect(pixels).toEqual(Uint8Array.from({ length: 5 * 3 * 4 }, (_, index) => [200, 100, 50, 255][index % 4]!))
  })

  test('TIFF: every pixel is kept, transparency too', async () => {
    const { width, height, pixels } = pngPixels(await convertToPng('tiff', TIFF_FILES.alpha, signal))
    expect([width, height]).toEqual([20, 14])
    const [x, y] = [7, 9]
    expect([...pixels.subarray((y * 20 + x) * 4, (y * 20 + x) * 4 + 4)]).toEqual([x * 12, y * 18, x * y, x * 12 + 20])
  })

  test('a TIFF that lies on its side is turned upright', async () => {
    const { width, height, pixels } = pngPixels(await convertToPng('tiff', TIFF_FILES['orientation 6'], signal))
    expect([width, height]).toEqual([14, 20])
    // Orientation 6: the first stored row is the right edge of the picture.
    const [x, y] = [3, 11]
    const [storedX, storedY] = [y, 13 - x]
    expect([...pixels.subarray((y * 14 + x) * 4, (y * 14 + x) * 4 + 3)]).toEqual([
      storedX * 12,
      storedY * 18,
      (storedX * storedY) & 255,
    ])
  })

  test.each([2, 3, 4, 5, 7, 8])('orientation %d', async (orientation) => {
    const file = TIFF_FILES['orientation 6'].slice()
    setOrientation(file, orientation)
    const { width, height, pixels } = pngPixels(await convertToPng('tiff', file, signal))
    const turned = orientation > 4
    expect([width, height]).toEqual(turned ? [14, 20] : [20, 14])
    for (const [x, y] of [
      [1, 2],
      [9, 12],
    ] as const) {
      const [across, down] = turned ? [y, x] : [x, y]
      const storedX = [2, 3, 7, 8].includes(orientation) ? 19 - across : across
      const storedY = [3, 4, 6, 7].includes(orientation) ? 13 - down : down
      const at = (y * width + x) * 4
      expect([...pixels.subarray(at, at + 2)]).toEqual([storedX * 12, storedY * 18])
    }
  })

  test('the same bytes give the same PNG, which prompt caches depend on', async () => {
    const [one, two] = await Promise.all([1, 2].map(() => convertToPng('tiff', TIFF_FILES.LZW, signal)))
    expect(one).toEqual(two!)
  })

  test('damaged files are the sender’s fault, and are named', async () => {
    for (const [format, bytes] of [
      ['bmp', bitmapFile(5, 3, [0, 0, 0]).subarray(0, 60)],
      ['bmp', new Uint8Array(80)],
      ['tiff', TIFF_FILES.LZW.subarray(0, 700)],
      ['tiff', TIFF_FILES.fax],
    ] as const) {
      const error = await convertToPng(format, bytes, signal, 'messages[0]').catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(GatewayError)
      expect(error).toMatchObject({ code: 'invalid_request', param: 'messages[0]' })
    }
  })

  test('a bitmap that claims more pixels than may be decoded is refused', async () => {
    const bomb = bitmapFile(5, 3, [0, 0, 0])
    const view = new DataView(bomb.buffer)
    view.setInt32(18, MAX_CONVERTED_PIXELS, true)
    await expect(convertToPng('bmp', bomb, signal)).rejects.toMatchObject({ code: 'invalid_request' })
  })

  test('nothing is begun for a caller who has left', async () => {
    await expect(convertToPng('bmp', bitmapFile(5, 3, [0, 0, 0]), AbortSignal.abort())).rejects.toMatchObject({
      name: 'AbortError',
    })
  })
})

function setOrientation(file: Uint8Array, orientation: number): void {
  const view = new DataView(file.buffer)
  const start = view.getUint32(4, true)
  for (let index = 0; index < view.getUint16(start, true); index++) {
    const entry = start + 2 + index * 12
    if (view.getUint16(entry, true) === 274) view.setUint16(entry + 8, orientation, true)
  }
}
