import { describe, expect, test } from 'bun:test'
import { assert, constantFrom, property, uint8Array } from 'fast-check'
import { sniffFormat } from '../../src/content/magic-bytes.ts'
import { bitmapFile, ONE_PIXEL_GIF, pngHeader, realImages } from './media-samples.ts'

const ascii = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0))

describe('magic bytes', () => {
  test('real files', async () => {
    const images = await realImages()
    for (const [format, bytes] of Object.entries(images)) expect(sniffFormat(bytes)).toBe(format as keyof typeof images)
    expect(sniffFormat(ONE_PIXEL_GIF)).toBe('gif')
    expect(sniffFormat(bitmapFile(2, 2, [1, 2, 3]))).toBe('bmp')
    expect(sniffFormat(pngHeader(1, 1))).toBe('png')
  })

  test.each([
    ['GIF87a', 'GIF87a\x01\0\x01\0', 'gif'],
    ['little-endian TIFF', 'II*\0\x08\0\0\0', 'tiff'],
    ['big-endian TIFF', 'MM\0*\0\0\0\x08', 'tiff'],
    ['PDF', '%PDF-1.7\n', 'pdf'],
  ] as const)('%s', (_, start, format) => {
    expect(sniffFormat(ascii(start))).toBe(format)
  })

  test.each([
    ['nothing', ''],
    ['half a PNG signature', '\x89PNG\r\n'],
    ['a PNG signature with line ends changed by a text transfer', '\x89PNG\n\x1a\n\0\0\0\0'],
    ['two of three JPEG bytes', '\xff\xd8'],
    ['RIFF that is a WAV', 'RIFF\0\0\0\0WAVEfmt '],
    ['RIFF cut before its kind', 'RIFF\0\0\0\0WEB'],
    ['a text that begins with BM', 'BMW is a maker of cars and motorcycles'],
    ['BigTIFF', 'II+\0\x08\0\0\0'],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['HTML', '<!doctype html>'],
    ['AVIF', '\0\0\0\x1cftypavif'],
    ['HEIC', '\0\0\0\x18ftypheic'],
    ['a signature that is not at the start', ' GIF89a'],
    ['an ELF program', '\x7fELF\x02\x01\x01'],
    ['ZIP', 'PK\x03\x04'],
  ])('is not taken in by %s', (_, start) => {
    expect(sniffFormat(ascii(start))).toBeUndefined()
  })

  test('looks at the start alone and never throws', () => {
    const starts = constantFrom(
      '',
      '\x89PNG\r\n\x1a\n',
      '\xff\xd8\xff',
      'GIF89a',
      'RIFF',
      'II*\0',
      'MM\0*',
      'BM',
      '%PDF-',
    )
    assert(
      property(starts, uint8Array({ maxLength: 40 }), uint8Array({ maxLength: 40 }), (start, middle, end) => {
        const bytes = new Uint8Array([...ascii(start), ...middle])
        const format = sniffFormat(bytes)
        if (bytes.length >= 16) expect(sniffFormat(new Uint8Array([...bytes, ...end]))).toBe(format!)
      }),
    )
  })
})
