// Decompression of one TIFF chunk. The output has its full size before a byte is unpacked, so no input can outgrow it.
import { promisify } from 'node:util'

/** Loaded when the first such image comes: with the module comes all of Node's streams. */
async function inflateBytes(input: Uint8Array, options: { maxOutputLength: number }): Promise<Uint8Array> {
  const { inflate } = await import('node:zlib')
  return await promisify<Uint8Array, { maxOutputLength: number }, Uint8Array>(inflate)(input, options)
}

/** TIFF's numbers for the compressions that are read; the others (fax, JPEG, ...) are refused before this is called. */
export const TIFF_COMPRESSIONS = { none: 1, lzw: 5, deflate: 8, packBits: 32773, oldDeflate: 32946 } as const

/** Bytes unpacked between two chances for other requests to run: about a millisecond. */
const SLICE = 256 * 1024
const CLEAR = 256
const END = 257

/** Bytes that are needed of a chunk, and bytes that it may hold: a last strip may go on below the image. */
export type ChunkLength = { needed: number; most: number }

/**
 * Unpacks the needed bytes of `input`; `undefined` when it is damaged or holds less. `breathe` is awaited now and then, so
 * that a large chunk does not hold the event loop.
 */
export async function unpackChunk(
  input: Uint8Array,
  compression: number,
  { needed, most }: ChunkLength,
  breathe: () => Promise<void>,
): Promise<Uint8Array | undefined> {
  switch (compression) {
    case TIFF_COMPRESSIONS.none:
      return input.length >= needed ? input.subarray(0, needed) : undefined
    case TIFF_COMPRESSIONS.deflate:
    case TIFF_COMPRESSIONS.oldDeflate:
      return unpackDeflate(input, needed, most)
    case TIFF_COMPRESSIONS.packBits:
      return inSlices(unpackPackBits(input, new Uint8Array(needed)), breathe)
    case TIFF_COMPRESSIONS.lzw:
      return inSlices(unpackLzw(input, new Uint8Array(needed)), breathe)
    default:
      return undefined
  }
}

async function inSlices(
  work: Generator<undefined, Uint8Array | undefined>,
  breathe: () => Promise<void>,
): Promise<Uint8Array | undefined> {
  let step = work.next()
  while (!step.done) {
    await breathe()
    step = work.next()
  }
  return step.value
}

/** On a thread of its own. */
async function unpackDeflate(input: Uint8Array, needed: number, most: number): Promise<Uint8Array | undefined> {
  try {
    const output = await inflateBytes(input, { maxOutputLength: most })
    return output.length >= needed ? output.subarray(0, needed) : undefined
  } catch {
    return undefined
  }
}

/** Runs of one byte and stretches of literals (TIFF 6.0, section 9). */
function* unpackPackBits(input: Uint8Array, output: Uint8Array): Generator<undefined, Uint8Array | undefined> {
  let read = 0
  let written = 0
  let pause = SLICE
  while (written < output.length && read < input.length) {
    const header = input[read++]!
    if (header < 128) {
      const literal = input.subarray(read, read + Math.min(header + 1, output.length - written))
      output.set(literal, written)
      read += header + 1
      written += literal.length
    } else if (header > 128) {
      const end = Math.min(written + 257 - header, output.length)
      output.fill(input[read++] ?? 0, written, end)
      written = end
    }
    if (written >= pause) {
      pause = written + SLICE
      yield
    }
  }
  return written === output.length ? output : undefined
}

/** LZW with codes of 9 to 12 bits, high bits first (TIFF 6.0, section 13). */
function* unpackLzw(input: Uint8Array, output: Uint8Array): Generator<undefined, Uint8Array | undefined> {
  // Each code is an earlier stretch of the output and one byte more: where it began, and how long it is.
  const starts = new Uint32Array(4096)
  const lengths = new Uint32Array(4096)
  let next = END + 1
  let width = 9
  let bits = 0
  let bitCount = 0
  let read = 0
  let written = 0
  let previousStart = -1
  let previousLength = 0
  let pause = SLICE
  while (written < output.length) {
    while (bitCount < width && read < input.length) {
      bits = ((bits << 8) | input[read++]!) & 0xffffff
      bitCount += 8
    }
    if (bitCount < width) return undefined
    bitCount -= width
    const code = (bits >>> bitCount) & ((1 << width) - 1)
    if (code === END) return undefined
    if (code === CLEAR) {
      next = END + 1
      width = 9
      previousStart = -1
      continue
    }
    if (code > next || (code === next && previousStart < 0)) return undefined
    // The code that is just being defined is the previous stretch and its own first byte.
    if (previousStart >= 0 && next < 4096) {
      starts[next] = previousStart
      lengths[next] = previousLength + 1
      next += 1
    }
    previousStart = written
    if (code < CLEAR) {
      output[written++] = code
      previousLength = 1
    } else {
      if (code >= next) return undefined
      const start = starts[code]!
      previousLength = Math.min(lengths[code]!, output.length - written)
      // Byte by byte: the stretch may run into the bytes that are being written.
      for (let index = 0; index < previousLength; index++) output[written + index] = output[start + index]!
      written += previousLength
    }
    // Codes widen one code early, as all TIFF writers do.
    if (next >= (1 << width) - 1 && width < 12) width += 1
    if (written >= pause) {
      pause = written + SLICE
      yield
    }
  }
  return output
}
