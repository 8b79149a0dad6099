// The first directory of a TIFF file (TIFF 6.0, section 2): where its pixels lie and how they are stored.

/** Sizes in pixels, offsets and counts in bytes. A chunk is a strip or a tile. */
export type TiffDirectory = {
  width: number
  height: number
  bitsPerSample: number
  samplesPerPixel: number
  compression: number
  photometric: number
  predictor: number
  planar: number
  fillOrder: number
  orientation: number
  sampleFormat: number
  /** Meaning of the samples beyond the colour: 1 is premultiplied alpha, 2 is alpha. */
  extraSamples: number[]
  colorMap: number[]
  chunkWidth: number
  chunkHeight: number
  chunkOffsets: number[]
  chunkByteCounts: number[]
  littleEndian: boolean
}

type Tag = { type: number; count: number; valueOffset: number }

/** Bytes of a value, by the number of its type; the types that no tag read here uses are left out. */
const TYPE_SIZES: Record<number, number> = { 1: 1, 3: 2, 4: 4 }
/** Enough strips or tiles for any image within the pixel limit; a file that claims more is refused. */
const MAX_VALUES = 200_000
const MAX_TAGS = 4096

/** Reads the first directory; `undefined` when the file is damaged, cut off, or a BigTIFF. Never throws. */
export function readTiffDirectory(bytes: Uint8Array): TiffDirectory | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.byteLength < 8) return undefined
  const littleEndian = view.getUint8(0) === 0x49
  if (view.getUint16(2, littleEndian) !== 42) return undefined
  const tags = readTags(view, littleEndian)
  if (!tags) return undefined
  const values = (id: number) => readValues(view, tags.get(id), littleEndian)
  const value = (id: number, standard: number) => values(id)[0] ?? standard
  const width = value(256, 0)
  const height = value(257, 0)
  const isTiled = tags.has(322)
  return {
    width,
    height,
    bitsPerSample: value(258, 1),
    samplesPerPixel: value(277, 1),
    compression: value(259, 1),
    photometric: value(262, 1),
    predictor: value(317, 1),
    planar: value(284, 1),
    fillOrder: value(266, 1),
    orientation: value(274, 1),
    sampleFormat: value(339, 1),
    extraSamples: values(338),
    colorMap: values(320),
    chunkWidth: isTiled ? value(322, 0) : width,
    chunkHeight: isTiled ? value(323, 0) : Math.min(value(278, height), height),
    chunkOffsets: values(isTiled ? 324 : 273),
    chunkByteCounts: values(isTiled ? 325 : 279),
    littleEndian,
  }
}

function readTags(view: DataView, littleEndian: boolean): Map<number, Tag> | undefined {
  const start = view.getUint32(4, littleEndian)
  if (start + 2 > view.byteLength) return undefined
  const count = view.getUint16(start, littleEndian)
  if (count > MAX_TAGS || start + 2 + count * 12 > view.byteLength) return undefined
  const tags = new Map<number, Tag>()
  for (let index = 0; index < count; index++) {
    const entry = start + 2 + index * 12
    const type = view.getUint16(entry + 2, littleEndian)
    const valueCount = view.getUint32(entry + 4, littleEndian)
    // Values of up to four bytes stand in the entry itself.
    const isInline = (TYPE_SIZES[type] ?? 0) * valueCount <= 4
    const valueOffset = isInline ? entry + 8 : view.getUint32(entry + 8, littleEndian)
    tags.set(view.getUint16(entry, littleEndian), { type, count: valueCount, valueOffset })
  }
  return tags
}

/** The values of a tag; none when it is missing, of another type, or points outside the file. */
function readValues(view: DataView, tag: Tag | undefined, littleEndian: boolean): number[] {
  const size = TYPE_SIZES[tag?.type ?? 0]
  if (!tag || !size || tag.count > MAX_VALUES || tag.valueOffset + tag.count * size > view.byteLength) return []
  return Array.from({ length: tag.count }, (_, index) => {
    const offset = tag.valueOffset + index * size
    if (size === 1) return view.getUint8(offset)
    return size === 2 ? view.getUint16(offset, littleEndian) : view.getUint32(offset, littleEndian)
  })
}
