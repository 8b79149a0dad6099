// Reads baseline TIFF: strips or tiles; grey, palette, RGB or CMYK of 1 to 16 bits; raw, PackBits, LZW or Deflate.
// Written here because Bun.Image decodes TIFF on macOS and Windows only (ERR_IMAGE_FORMAT_UNSUPPORTED on Linux, Bun 1.4.5).
import { type Bitmap, createBitmap } from './image-bitmap.ts'
import { type TiffDirectory, readTiffDirectory } from './image-tiff-directory.ts'
import { expandRow, isReadable, paintRow, rowLength } from './image-tiff-pixels.ts'
import { TIFF_COMPRESSIONS, unpackChunk } from './image-tiff-unpack.ts'

/** `orientation` is TIFF's own number, 1 to 8: how the picture is to be turned for viewing. */
export type TiffPicture = { bitmap: Bitmap; orientation: number }
export type TiffFailure = 'damaged' | 'unsupported' | 'too-large'

/** Bytes that one strip or tile may unpack to. */
const MAX_CHUNK_BYTES = 128 * 1024 * 1024

const READABLE_COMPRESSIONS: readonly number[] = Object.values(TIFF_COMPRESSIONS)

/**
 * Decodes the first picture of the file. `maxPixels` bounds the memory; `breathe` is awaited between pieces of work of
 * about a millisecond, and may throw to end it. What cannot be decoded is a value, not an exception.
 */
export async function decodeTiff(
  bytes: Uint8Array,
  maxPixels: number,
  breathe: () => Promise<void>,
): Promise<TiffPicture | TiffFailure> {
  const directory = readTiffDirectory(bytes)
  if (!directory) return 'damaged'
  if (!READABLE_COMPRESSIONS.includes(directory.compression) || !isReadable(directory)) return 'unsupported'
  const { width, height, chunkWidth, chunkHeight, chunkOffsets, chunkByteCounts } = directory
  if (!(width > 0 && height > 0 && chunkWidth > 0 && chunkHeight > 0)) return 'damaged'
  const across = Math.ceil(width / chunkWidth)
  const down = Math.ceil(height / chunkHeight)
  if (width * height > maxPixels) return 'too-large'
  // The work is what the tiles cover: a little more than the picture, or, in a file made to harm, far more.
  if (across * chunkWidth * down * chunkHeight > maxPixels * 2) return 'too-large'
  const mostBytes = rowLength(directory, chunkWidth) * chunkHeight
  if (mostBytes > MAX_CHUNK_BYTES) return 'too-large'
  if (chunkOffsets.length < across * down || chunkByteCounts.length < across * down) return 'damaged'
  const bitmap = createBitmap(width, height)
  for (let index = 0; index < across * down; index++) {
    const offset = chunkOffsets[index]!
    const input = bytes.subarray(offset, offset + chunkByteCounts[index]!)
    const x = (index % across) * chunkWidth
    const y = Math.floor(index / across) * chunkHeight
    const rows = Math.min(chunkHeight, height - y)
    const needed = rowLength(directory, chunkWidth) * rows
    const chunk = await unpackChunk(input, directory.compression, { needed, most: mostBytes }, breathe)
    if (!chunk) return 'damaged'
    await paintChunk(directory, chunk, { x, y, rows }, bitmap, breathe)
  }
  return { bitmap, orientation: directory.orientation }
}

type Place = { x: number; y: number; rows: number }

const PIXELS_A_SLICE = 64 * 1024

async function paintChunk(
  directory: TiffDirectory,
  chunk: Uint8Array,
  { x, y, rows }: Place,
  bitmap: Bitmap,
  breathe: () => Promise<void>,
): Promise<void> {
  const { width, chunkWidth, samplesPerPixel } = directory
  const length = rowLength(directory, chunkWidth)
  const samples = new Uint8Array(Math.min(chunkWidth, width - x) * samplesPerPixel)
  const rowsASlice = Math.ceil(PIXELS_A_SLICE / chunkWidth)
  for (let row = 0; row < rows; row++) {
    // A copy where the file's own bytes would be changed: the caller may still need them.
    expandRow(directory, chunk.slice(row * length, (row + 1) * length), samples)
    paintRow(directory, samples, bitmap.pixels, ((y + row) * width + x) * 4)
    if (row % rowsASlice === rowsASlice - 1) await breathe()
  }
}
