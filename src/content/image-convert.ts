// Formats that no model API takes (BMP, TIFF) become PNG.
import { GatewayError } from '../core/error.ts'
import { decodeTiff } from './image-tiff.ts'

/** Converted pictures are held as raw pixels for a moment: at 4 bytes each this is 64 MB, and the encoder holds a copy. */
export const MAX_CONVERTED_PIXELS = 16_000_000

/** How Bun.Image turns a picture upright, by TIFF's orientation: first the turn, then the mirror. */
const UPRIGHT: Record<number, { turn: number; mirror?: 'flip' | 'flop' }> = {
  2: { turn: 0, mirror: 'flop' },
  3: { turn: 180 },
  4: { turn: 0, mirror: 'flip' },
  5: { turn: 90, mirror: 'flop' },
  6: { turn: 90 },
  7: { turn: 270, mirror: 'flop' },
  8: { turn: 270 },
}

/**
 * Converts a BMP or TIFF file to PNG; the same bytes always give the same PNG. `signal` ends the work between two steps.
 * @throws GatewayError `invalid_request` with `param`, when the file is damaged or of a kind that is not read
 */
export async function convertToPng(
  format: 'bmp' | 'tiff',
  bytes: Uint8Array,
  signal: AbortSignal,
  param?: string,
): Promise<Uint8Array> {
  signal.throwIfAborted()
  const image =
    format === 'bmp' ? new Bun.Image(bytes, { maxPixels: MAX_CONVERTED_PIXELS }) : await openTiff(bytes, signal, param)
  try {
    return await image.png().bytes()
  } catch (cause) {
    signal.throwIfAborted()
    throw new GatewayError('invalid_request', `This ${format.toUpperCase()} image is damaged.`, { param, cause })
  }
}

async function openTiff(bytes: Uint8Array, signal: AbortSignal, param?: string): Promise<Bun.Image> {
  const picture = await decodeTiff(bytes, MAX_CONVERTED_PIXELS, async () => {
    await new Promise((resolve) => setImmediate(resolve))
    signal.throwIfAborted()
  })
  switch (picture) {
    case 'damaged':
      throw new GatewayError('invalid_request', 'This TIFF image is damaged.', { param })
    case 'unsupported':
      throw new GatewayError(
        'invalid_request',
        'This kind of TIFF image is not supported. Send PNG, JPEG, GIF or WebP, or a TIFF that is uncompressed or ' +
          'compressed with PackBits, LZW or Deflate.',
        { param },
      )
    case 'too-large':
      throw new GatewayError(
        'invalid_request',
        `A TIFF image may have at most ${MAX_CONVERTED_PIXELS / 1e6} megapixels.`,
        { param },
      )
  }
  const image = new Bun.Image(picture.bitmap.file, { maxPixels: MAX_CONVERTED_PIXELS })
  const upright = UPRIGHT[picture.orientation]
  if (upright) image.rotate(upright.turn)
  return upright?.mirror ? image[upright.mirror]() : image
}
