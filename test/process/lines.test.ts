import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { LineTooLongError, splitLines } from '../../src/process/lines.ts'
import { megabytes, rejection } from './fake.ts'

const encode = (text: string) => new TextEncoder().encode(text)

function streamOf(chunks: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk)
      controller.close()
    },
  })
}

async function read(chunks: Uint8Array[], maxLength?: number): Promise<string[]> {
  const all: string[] = []
  for await (const lines of splitLines(streamOf(chunks), { maxLength })) all.push(...lines)
  return all
}

/** Cuts `bytes` behind the given positions. */
function cutAt(bytes: Uint8Array, positions: number[]): Uint8Array[] {
  const edges = [0, ...positions.toSorted((a, b) => a - b), bytes.length]
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge))
}

// CJK, emoji beyond the BMP, a family joined of four, a flag, combining characters, Arabic, U+2028 (no line break here), NUL.
const RICH = [
  '你好，世界',
  '👋🏽👩‍👩‍👧‍👦🇨🇭',
  'e\u0301a\u0308 n\u0303',
  'مرحبا',
  'a\u2028b\u2029c\u0085d',
  '\u0000\u001b[31m',
  '{"a":"𝒳𐍈"}',
]

describe('splitLines', () => {
  test('gives the same lines wherever the bytes are cut once', async () => {
    const bytes = encode(`${RICH.join('\n')}\r\n${RICH.join('')}\n\n\nlast`)
    const expected = [...RICH, RICH.join(''), 'last']
    for (let position = 0; position <= bytes.length; position++) {
      expect(await read(cutAt(bytes, [position]))).toEqual(expected)
    }
  })

  test('and when every byte comes alone', async () => {
    const bytes = encode(`${RICH.join('\n')}\n`)
    expect(await read([...bytes].map((byte) => new Uint8Array([byte])))).toEqual(RICH)
  })

  test('any text, cut anywhere any number of times', async () => {
    const piece = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom(...RICH, '\n', '\r\n', '\r', '\n\n'))
    await fc.assert(
      fc.asyncProperty(fc.array(piece), fc.array(fc.nat()), async (pieces, cuts) => {
        // Without a byte order mark in front, which a decoder takes away.
        const text = pieces.join('').replace(/^\uFEFF/, '')
        const bytes = encode(text)
        const expected = text
          .split('\n')
          .map((line) => line.replace(/\r$/, ''))
          .filter((line) => line !== '')
        expect(
          await read(
            cutAt(
              bytes,
              cuts.map((cut) => cut % (bytes.length + 1)),
            ),
          ),
        ).toEqual(expected)
      }),
      { numRuns: 300 },
    )
  })

  test('one array per read', async () => {
    const batches: string[][] = []
    for await (const lines of splitLines(streamOf(['a\nb\nc', 'd\n', 'e', 'f\n', '\n\n', 'g'].map(encode))))
      batches.push(lines)
    expect(batches).toEqual([['a', 'b'], ['cd'], ['ef'], ['g']])
  })

  test('a line break cut in two, and a lone carriage return, which is text', async () => {
    expect(await read(['a\r', '\nb\rc\r\n', '\r\n'].map(encode))).toEqual(['a', 'b\rc'])
  })

  test('invalid UTF-8 becomes U+FFFD, an unfinished character at the end too', async () => {
    expect(await read([new Uint8Array([0x61, 0xff, 0x62, 0x0a, 0x63, 0xe4, 0xb8])])).toEqual(['a\uFFFDb', 'c\uFFFD'])
  })

  test('an empty stream has no lines', async () => {
    expect(await read([])).toEqual([])
    expect(await read([encode('\n\r\n')])).toEqual([])
  })

  test('a line of the allowed length passes, one character more does not', async () => {
    for (const cut of [3, 5, 9, 10]) {
      expect(await read(cutAt(encode(`${'x'.repeat(10)}\n`), [cut]), 10)).toEqual(['x'.repeat(10)])
      for (const text of [`${'x'.repeat(11)}\n`, 'x'.repeat(11)]) {
        const error = await rejection(read(cutAt(encode(text), [cut]), 10))
        expect(error).toBeInstanceOf(LineTooLongError)
        expect(error).toHaveProperty('limit', 10)
      }
    }
  })

  test('the lines before one that is too long are still given', async () => {
    const lines = splitLines(streamOf([encode(`good\nfine\n${'x'.repeat(50)}\n`)]), { maxLength: 20 })
    expect(await lines.next()).toEqual({ done: false, value: ['good', 'fine'] })
    expect(await rejection(lines.next())).toBeInstanceOf(LineTooLongError)
  })

  test('an endless line throws at the cap, cancels the stream, and costs no more memory than the cap', async () => {
    const chunk = new Uint8Array(64 * 1024).fill(0x78)
    let pulled = 0
    let cancelled = false
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += chunk.length
        controller.enqueue(chunk.slice())
      },
      cancel() {
        cancelled = true
      },
    })
    const before = megabytes()
    expect(await rejection(splitLines(endless, { maxLength: 8 * 1024 * 1024 }).next())).toBeInstanceOf(LineTooLongError)
    expect(cancelled).toBe(true)
    expect(pulled).toBeLessThan(9 * 1024 * 1024)
    expect(megabytes() - before).toBeLessThan(150)
  })

  test('a long line in many chunks costs linear time', async () => {
    const chunks = (count: number) => Array.from({ length: count }, () => new Uint8Array(16 * 1024).fill(0x78))
    const time = async (count: number) => {
      const input = chunks(count)
      const started = performance.now()
      expect((await read(input))[0]).toHaveLength(count * 16 * 1024)
      return performance.now() - started
    }
    await time(100)
    const small = await time(100)
    const large = await time(1000)
    // 10 times the length; 100 times the time if each chunk searched or copied the whole line anew.
    expect(large).toBeLessThan(Math.max(small, 5) * 40)
  })

  test('a reader who stops cancels the stream', async () => {
    let cancelled = false
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(encode('a\n')),
      cancel() {
        cancelled = true
      },
    })
    for await (const lines of splitLines(stream)) {
      expect(lines).toEqual(['a'])
      break
    }
    expect(cancelled).toBe(true)
  })

  test('a broken stream is thrown on', async () => {
    const stream = new ReadableStream<Uint8Array>({ start: (controller) => controller.error(new Error('cut')) })
    expect(await rejection(splitLines(stream).next())).toEqual(new Error('cut'))
  })
})
