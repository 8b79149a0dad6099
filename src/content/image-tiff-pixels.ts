// From the samples of a TIFF row to red, green, blue and alpha of 8 bits each (TIFF 6.0, sections 3 to 6, 14, 16 and 18).
import type { TiffDirectory } from './image-tiff-directory.ts'

/** Photometric interpretations that are read, and how many samples of a pixel are colour in each. */
const WHITE_IS_ZERO = 0
const BLACK_IS_ZERO = 1
const RGB = 2
const PALETTE = 3
const CMYK = 5
const COLORS: Record<number, number> = { [WHITE_IS_ZERO]: 1, [BLACK_IS_ZERO]: 1, [RGB]: 3, [PALETTE]: 1, [CMYK]: 4 }

const UNSIGNED = 1
const CHUNKY = 1
const HORIZONTAL_DIFFERENCES = 2
const PREMULTIPLIED_ALPHA = 1
const ALPHA = 2

/** Whether this file stores pixels in a way that `expandRow` and `paintRow` read. */
export function isReadable(directory: TiffDirectory): boolean {
  const { bitsPerSample: bits, samplesPerPixel, photometric, predictor } = directory
  const colors = COLORS[photometric]
  if (!colors || samplesPerPixel < colors || samplesPerPixel > colors + 1) return false
  if (![1, 2, 4, 8, 16].includes(bits) || directory.sampleFormat !== UNSIGNED || directory.fillOrder !== 1) return false
  if (predictor !== 1 && (predictor !== HORIZONTAL_DIFFERENCES || bits < 8)) return false
  if (photometric === PALETTE && (bits > 8 || directory.colorMap.length < 3 << bits)) return false
  return directory.planar === CHUNKY || samplesPerPixel === 1
}

/** Bytes of a row that is `width` pixels wide. */
export function rowLength(directory: TiffDirectory, width: number): number {
  return Math.ceil((width * directory.samplesPerPixel * directory.bitsPerSample) / 8)
}

/**
 * Unpacks one row to one byte a sample: values as they are for up to 8 bits, the higher byte for 16. Differences between
 * neighbours are summed up in place, so a row can be read once only.
 */
export function expandRow(directory: TiffDirectory, row: Uint8Array, samples: Uint8Array): void {
  const { bitsPerSample: bits, samplesPerPixel, littleEndian } = directory
  const isDifference = directory.predictor === HORIZONTAL_DIFFERENCES
  if (bits === 8) {
    if (isDifference) {
      for (let index = samplesPerPixel; index < row.length; index++) row[index]! += row[index - samplesPerPixel]!
    }
    samples.set(row.subarray(0, samples.length))
    return
  }
  if (bits === 16) {
    const view = new DataView(row.buffer, row.byteOffset, row.byteLength)
    for (let index = 0; index < samples.length; index++) {
      const before =
        isDifference && index >= samplesPerPixel ? view.getUint16((index - samplesPerPixel) * 2, littleEndian) : 0
      const value = (view.getUint16(index * 2, littleEndian) + before) & 0xffff
      if (isDifference) view.setUint16(index * 2, value, littleEndian)
      samples[index] = value >> 8
    }
    return
  }
  const mask = (1 << bits) - 1
  for (let index = 0, bit = 0; index < samples.length; index++, bit += bits) {
    samples[index] = (row[bit >> 3]! >> (8 - bits - (bit & 7))) & mask
  }
}

/** Writes the samples of a row as pixels of four bytes to `target`, from byte `offset` on. */
export function paintRow(directory: TiffDirectory, samples: Uint8Array, target: Uint8Array, offset: number): void {
  const { photometric, samplesPerPixel, colorMap } = directory
  const colors = COLORS[photometric]!
  const extra = samplesPerPixel > colors ? directory.extraSamples[0] : undefined
  const scale = 255 / ((1 << Math.min(directory.bitsPerSample, 8)) - 1)
  const paletteSize = colorMap.length / 3
  for (let from = 0, to = offset; from < samples.length; from += samplesPerPixel, to += 4) {
    const first = samples[from]!
    switch (photometric) {
      case RGB:
        target[to] = first
        target[to + 1] = samples[from + 1]!
        target[to + 2] = samples[from + 2]!
        break
      case PALETTE:
        for (let color = 0; color < 3; color++) target[to + color] = colorMap[first + color * paletteSize]! >> 8
        break
      case CMYK:
        for (let color = 0; color < 3; color++) {
          target[to + color] = ((255 - samples[from + color]!) * (255 - samples[from + 3]!)) / 255
        }
        break
      default: {
        const gray = first * scale
        target.fill(photometric === WHITE_IS_ZERO ? 255 - gray : gray, to, to + 3)
      }
    }
    const alpha = extra === ALPHA || extra === PREMULTIPLIED_ALPHA ? samples[from + colors]! : 255
    target[to + 3] = alpha
    if (extra === PREMULTIPLIED_ALPHA) unmultiply(target, to, alpha)
  }
}

function unmultiply(target: Uint8Array, offset: number, alpha: number): void {
  if (alpha === 0) return
  for (let color = offset; color < offset + 3; color++) target[color] = Math.min(255, (target[color]! * 255) / alpha)
}
