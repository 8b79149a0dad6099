// Files written by libtiff 4.7.2 (20 by 14 pixels), read back pixel by pixel.
import { describe, expect, test } from 'bun:test'
import { deflateSync } from 'node:zlib'
import { array, assert, asyncProperty, constantFrom, nat, property, tuple, uint8Array } from 'fast-check'
import { readTiffDirectory } from '../../src/content/image-tiff-directory.ts'
import { decodeTiff } from '../../src/content/image-tiff.ts'
import { TIFF_COMPRESSIONS, unpackChunk } from '../../src/content/image-tiff-unpack.ts'
import { TIFF_FILES, type TiffFile } from './image-tiff-samples.ts'

const WIDTH = 20
const HEIGHT = 14
const MAX_PIXELS = 1_000_000
const noPause = async () => {}

type Color = (x: number, y: number) => number[]
const colorful: Color = (x, y) => [x * 12, y * 18, (x * y) & 255, 255]
const gray =
  (value: (x: number, y: number) => number): Color =>
  (x, y) => [...Array<number>(3).fill(value(x, y)), 255]

const TRUTH: [TiffFile, Color][] = [
  ['uncompressed', colorful],
  ['PackBits', colorful],
  ['LZW', colorful],
  ['LZW with differences', colorful],
  ['Deflate with differences', colorful],
  ['tiles', colorful],
  ['16 bits', colorful],
  ['alpha', (x, y) => [...colorful(x, y).slice(0, 3), x * 12 + 20]],
  ['4-bit gray', gray((x, y) => ((x + y) % 16) * 17)],
  ['8-bit gray', gray((x, y) => ((x + y) % 16) * 17)],
  ['1-bit white is zero', gray((x, y) => ((x + y) % 3 === 0 ? 255 : 0))],
]

async function pixelsOf(bytes: Uint8Array): Promise<Uint8Array> {
  const picture = await decodeTiff(bytes, MAX_PIXELS, noPause)
  if (typeof picture === 'string') throw new Error(picture)
  return picture.bitmap.pixels
}

describe('TIFF', () => {
  test.each(TRUTH)('%s', async (name, color) => {
    const expected = Array.from({ length: HEIGHT }, (_, y) => Array.from({ length: WIDTH }, (_, x) => color(x, y)))
    expect(await pixelsOf(TIFF_FILES[name])).toEqual(Uint8Array.from(expected.flat(2)))
  })

  test('sums up differences without changing the bytes it reads', async () => {
    const tags = { 256: 3, 257: 1, 262: 1, 277: 1, 278: 1, 317: 2 }
    const bytes = bigEndian({ ...tags, 258: 8 }, [250, 10, 1])
    const before = bytes.slice()
    expect(await pixelsOf(bytes)).toEqual(Uint8Array.of(250, 250, 250, 255, 4, 4, 4, 255, 5, 5, 5, 255))
    expect(bytes).toEqual(before)
    const deep = bigEndian({ ...tags, 258: 16 }, [0x01, 0xff, 0x00, 0x01, 0xff, 0x00])
    expect(await pixelsOf(deep)).toEqual(Uint8Array.of(1, 1, 1, 255, 2, 2, 2, 255, 1, 1, 1, 255))
  })

  test('big-endian files', async () => {
    const pixels = [10, 20, 30, 40, 50, 60]
    expect(await pixelsOf(bigEndian({ 256: 2, 257: 1, 258: 8, 259: 1, 262: 2, 277: 3, 278: 1 }, pixels))).toEqual(
      Uint8Array.of(10, 20, 30, 255, 40, 50, 60, 255),
    )
    const deep = bigEndian({ 256: 1, 257: 1, 258: 16, 259: 1, 262: 1, 277: 1, 278: 1 }, [0x12, 0x34])
    expect(await pixelsOf(deep)).toEqual(Uint8Array.of(0x12, 0x12, 0x12, 255))
  })

  test('CMYK, and alpha that the colours are multiplied with', async () => {
    const cmyk = bigEndian({ 256: 2, 257: 1, 258: 8, 259: 1, 262: 5, 277: 4, 278: 1 }, [0, 255, 0, 0, 0, 0, 0, 128])
    expect(await pixelsOf(cmyk)).toEqual(Uint8Array.of(255, 0, 255, 255, 127, 127, 127, 255))
    const alpha = bigEndian({ 256: 2, 257: 1, 258: 8, 259: 1, 262: 1, 277: 2, 278: 1, 338: 1 }, [60, 120, 0, 0])
    expect(await pixelsOf(alpha)).toEqual(Uint8Array.of(127, 127, 127, 120, 0, 0, 0, 0))
  })

  test.each(['fax', 'jpeg'] as const)('%s compression is a kind that is not read', async (name) => {
    expect(await decodeTiff(TIFF_FILES[name], MAX_PIXELS, noPause)).toBe('unsupported')
  })

  test.each([
    ['too many pixels', { 256: 40_000, 257: 40_000, 258: 1, 262: 1, 277: 1, 278: 1 }, 'too-large'],
    ['few pixels on enormous tiles', { 256: 1, 257: 1, 258: 8, 262: 1, 277: 1, 322: 65_535, 323: 65_535 }, 'too-large'],
    ['few pixels on large tiles', { 256: 1, 257: 1, 258: 8, 262: 1, 277: 1, 322: 8000, 323: 8000 }, 'too-large'],
    ['no tile width', { 256: 8, 257: 8, 258: 8, 262: 1, 277: 1, 322: 0, 323: 8 }, 'damaged'],
    ['no rows in a strip', { 256: 8, 257: 8, 258: 8, 262: 1, 277: 1, 278: 0 }, 'damaged'],
    ['fewer strips than rows', { 256: 8, 257: 8, 258: 8, 262: 1, 277: 1, 278: 1 }, 'damaged'],
    ['less data than pixels', { 256: 8, 257: 8, 258: 8, 262: 1, 277: 1, 278: 8 }, 'damaged'],
    ['a palette without colours', { 256: 1, 257: 1, 258: 8, 262: 3, 277: 1, 278: 1 }, 'unsupported'],
    ['32 bits', { 256: 1, 257: 1, 258: 32, 262: 1, 277: 1, 278: 1 }, 'unsupported'],
    ['floating point', { 256: 1, 257: 1, 258: 16, 262: 1, 277: 1, 278: 1, 339: 3 }, 'unsupported'],
    ['thousands of samples', { 256: 1, 257: 1, 258: 8, 262: 1, 277: 65_535, 278: 1 }, 'unsupported'],
  ])('%s: a value, no exception', async (_, tags, failure) => {
    expect(await decodeTiff(bigEndian(tags, [1, 2, 3, 4]), MAX_PIXELS, noPause)).toBe(failure as 'damaged')
  })

  test('every cut and every changed byte gives pictures or failures, never exceptions', async () => {
    const files = constantFrom(...Object.values(TIFF_FILES))
    const changes = array(tuple(nat(1200), nat(255)), { maxLength: 4 })
    await assert(
      asyncProperty(files, changes, nat(1200), async (file, places, cut) => {
        const bytes = file.slice(0, Math.max(file.length - cut, 0))
        for (const [place, value] of places) if (place < bytes.length) bytes[place] = value
        const picture = await decodeTiff(bytes, MAX_PIXELS, noPause)
        if (typeof picture !== 'string') expect(picture.bitmap.pixels.length).toBeLessThanOrEqual(MAX_PIXELS * 4)
      }),
      { numRuns: 400 },
    )
  })

  test('a directory at any place of any bytes never throws', () => {
    assert(
      property(uint8Array({ maxLength: 200 }), (tail) => {
        readTiffDirectory(Uint8Array.of(0x49, 0x49, 42, 0, 8, 0, 0, 0, ...tail))
        readTiffDirectory(tail)
      }),
    )
  })
})

describe('unpacking', () => {
  test('LZW: what an encoder packs comes back, through all code widths and cleared tables', async () => {
    const bytes = uint8Array({ maxLength: 300 })
    const repeat = nat(60)
    await assert(
      asyncProperty(bytes, repeat, constantFrom(2, 5, 255), async (piece, times, kinds) => {
        const data = Uint8Array.from(
          { length: piece.length * times },
          (_, index) => (piece[index % piece.length]! + index) % kinds,
        )
        const length = { needed: data.length, most: data.length }
        expect(await unpackChunk(packLzw(data), TIFF_COMPRESSIONS.lzw, length, noPause)).toEqual(data)
      }),
      { numRuns: 60 },
    )
  })

  test('a bomb stops at the size of its chunk, and lets others run meanwhile', async () => {
    const length = { needed: 4_000_000, most: 4_000_000 }
    let pauses = 0
    const count = async () => {
      pauses += 1
    }
    const zeros = new Uint8Array(8_000_000)
    expect((await unpackChunk(packLzw(zeros), TIFF_COMPRESSIONS.lzw, length, count))?.length).toBe(length.needed)
    expect(pauses).toBeGreaterThan(10)
    const runs = new Uint8Array(200_000).fill(0x81)
    expect((await unpackChunk(runs, TIFF_COMPRESSIONS.packBits, length, count))?.length).toBe(length.needed)
    const bomb = deflateSync(zeros)
    expect(await unpackChunk(bomb, TIFF_COMPRESSIONS.deflate, length, count)).toBeUndefined()
    const enough = { needed: 4_000_000, most: 8_000_000 }
    expect((await unpackChunk(bomb, TIFF_COMPRESSIONS.deflate, enough, count))?.length).toBe(enough.needed)
  })

  test.each(Object.values(TIFF_COMPRESSIONS))('compression %d never throws on garbage', async (compression) => {
    await assert(
      asyncProperty(uint8Array({ maxLength: 100 }), nat(1000), async (input, needed) => {
        const output = await unpackChunk(input, compression, { needed, most: needed }, noPause)
        if (output) expect(output.length).toBe(needed)
      }),
    )
  })
})

/** A TIFF of one strip or tile in big-endian order. */
function bigEndian(tags: Record<number, number>, data: number[]): Uint8Array {
  const dataOffset = 8
  const isTiled = 322 in tags
  const all = { 259: 1, ...tags, [isTiled ? 324 : 273]: dataOffset, [isTiled ? 325 : 279]: data.length }
  const entries = Object.entries(all).map(([id, value]) => [Number(id), value] as const)
  const start = dataOffset + data.length + (data.length % 2)
  const bytes = new Uint8Array(start + 2 + entries.length * 12 + 4)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, 0x4d4d002a)
  view.setUint32(4, start)
  bytes.set(data, dataOffset)
  view.setUint16(start, entries.length)
  for (const [index, [id, value]] of entries.toSorted(([a], [b]) => a - b).entries()) {
    const entry = start + 2 + index * 12
    view.setUint16(entry, id)
    view.setUint16(entry + 2, 4)
    view.setUint32(entry + 4, 1)
    view.setUint32(entry + 8, value)
  }
  return bytes
}

/** The plainest encoder that keeps to TIFF 6.0, section 13. */
function packLzw(data: Uint8Array): Uint8Array {
  const output: number[] = []
  let bits = 0
  let bitCount = 0
  let table = new Map<number, number>()
  let next = 258
  const width = () => (next < 512 ? 9 : next < 1024 ? 10 : next < 2048 ? 11 : 12)
  const put = (code: number) => {
    bits = ((bits << width()) | code) & 0xffffff
    bitCount += width()
    while (bitCount >= 8) {
      bitCount -= 8
      output.push((bits >> bitCount) & 255)
    }
  }
  put(256)
  let current = -1
  for (const byte of data) {
    const known = current < 0 ? byte : table.get(current * 256 + byte)
    if (known !== undefined) {
      current = known
      continue
    }
    put(current)
    table.set(current * 256 + byte, next++)
    current = byte
    if (next < 4095) continue
    put(256)
    table = new Map()
    next = 258
  }
  if (current >= 0) {
    put(current)
    next += 1
  }
  put(257)
  if (bitCount > 0) output.push((bits << (8 - bitCount)) & 255)
  return Uint8Array.from(output)
}
