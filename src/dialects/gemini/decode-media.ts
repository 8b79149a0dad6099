// Images and documents of a request, as neutral parts.
import type { DocumentPart, ImagePart, MediaSource } from '../../core/request.ts'
import { packed } from '../media-source.ts'
import { invalid, refuse } from '../refuse.ts'
import { reportStray } from '../stray-fields.ts'
import { type Blob, type FileData, GeminiBlob, GeminiFileData } from './schema-contents.ts'

/** `path` is that of the part that has it. */
export function decodeMedia(
  { inlineData, fileData }: { inlineData?: Blob | null; fileData?: FileData | null },
  path: string,
  unsupported: string[],
): ImagePart | DocumentPart | undefined {
  if (inlineData) {
    const field = `${path}.inlineData`
    reportStray(inlineData, GeminiBlob.entries, field, unsupported)
    const { mimeType, data, displayName } = inlineData
    const source: MediaSource = { kind: 'data', mediaType: mimeType.toLowerCase(), data: plainBase64(data) }
    return mediaPart(source, mimeType, displayName, `${field}.data`, `${field}.mimeType`)
  }
  if (!fileData) return undefined
  const field = `${path}.fileData`
  reportStray(fileData, GeminiFileData.entries, field, unsupported)
  const { fileUri: url, mimeType, displayName } = fileData
  const uriPath = `${field}.fileUri`
  if (!/^https?:\/\//i.test(url) || UPLOADED.test(url))
    refuse(
      uriPath,
      'Uploaded files are not kept here: send the bytes as inlineData, or an http(s) address of your own.',
    )
  const type = mimeType ?? (IMAGE_NAME.test(url) ? 'image/*' : 'application/pdf')
  return mediaPart({ kind: 'url', url }, type, displayName, uriPath, `${field}.mimeType`)
}

/** What Google's own file service gives out. */
const UPLOADED = /^https:\/\/[a-z.]*googleapis\.com\/v1[a-z0-9]*\/files\//i
const IMAGE_NAME = /\.(?:png|jpe?g|gif|webp|bmp|tiff?)(?:[?#]|$)/i

/** Google takes base64 of either alphabet, and Python's SDK sends the one of URLs. The bytes are checked where they are read. */
function plainBase64(data: string): string {
  const standard = /[-_]/.test(data) ? data.replaceAll('-', '+').replaceAll('_', '/') : data
  const text = packed(standard)
  return text.length % 4 === 0 ? text : text.padEnd(Math.ceil(text.length / 4) * 4, '=')
}

function mediaPart(
  source: MediaSource,
  mimeType: string,
  title: string | null | undefined,
  path: string,
  typePath: string,
): ImagePart | DocumentPart {
  const type = mimeType.toLowerCase()
  if (type.startsWith('image/')) return { type: 'image', source, path }
  if (/^(?:audio|video)\//.test(type))
    refuse(typePath, 'Audio and video are not supported: send text, images or documents.')
  if (!/^[\w.+-]+\/[\w.+*-]+/.test(type)) invalid(typePath, `${typePath} must be a media type, such as image/png.`)
  return { type: 'document', source, ...(title ? { title } : {}), path }
}
