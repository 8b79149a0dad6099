// The content of one item, as neutral parts. An empty text becomes no part.
import type { DocumentPart, ImagePart, MediaSource, TextPart, UserPart } from '../../core/request.ts'
import { invalid, refuse } from '../refuse.ts'
import { isVoid, report, reportStray } from '../stray-fields.ts'
import * as schema from './schema-parts.ts'

/** Longest head of a data URL: only this much is searched, the data behind it may be megabytes. */
const MAX_HEAD = 256
/** Values of `detail` that ask for what is done anyway. */
const DETAILS = new Set<unknown>(['auto', 'original'])

/** `path` is that of the content. */
export function decodeContent(
  content: string | readonly schema.ContentPart[],
  path: string,
  unsupported: string[],
): UserPart[] {
  if (typeof content === 'string') return textParts(content)
  return content.flatMap((part, index) => decodePart(part, `${path}[${index}]`, unsupported))
}

/** The same where only text can stand. */
export function decodeTexts(
  content: string | readonly schema.ContentPart[],
  path: string,
  role: string,
  unsupported: string[],
): TextPart[] {
  return decodeContent(content, path, unsupported).map((part, index) => {
    if (part.type === 'text') return part
    const param = part.path ?? `${path}[${index}]`
    return invalid(param, `${param} cannot stand in a message of the role "${role}": only texts can.`)
  })
}

export function textParts(text: string): TextPart[] {
  return text === '' ? [] : [{ type: 'text', text }]
}

function decodePart(part: schema.ContentPart, path: string, unsupported: string[]): UserPart[] {
  switch (part.type) {
    case 'input_text':
      reportStray(part, schema.ResponsesInputText.entries, path, unsupported)
      return textParts(part.text)
    case 'output_text':
      reportStray(part, schema.ResponsesSaidText.entries, path, unsupported)
      if (!isVoid(part.annotations)) report(`${path}.annotations`, unsupported)
      return textParts(part.text)
    case 'refusal':
      reportStray(part, schema.ResponsesSaidRefusal.entries, path, unsupported)
      return textParts(part.refusal)
    case 'input_image':
      return [decodeImage(part, path, unsupported)]
    case 'input_file':
      return [decodeFile(part, path, unsupported)]
    case 'input_audio':
      return refuse(path, 'Audio is not supported: send input_text, input_image or input_file.')
    default:
      return part satisfies never
  }
}

function decodeImage(part: schema.InputImage, path: string, unsupported: string[]): ImagePart {
  reportStray(part, schema.ResponsesInputImage.entries, path, unsupported)
  if (!isVoid(part.detail) && !DETAILS.has(part.detail)) report(`${path}.detail`, unsupported)
  if (part.file_id) refuse(`${path}.file_id`, 'Uploaded files are not kept here: send the bytes in image_url.')
  const urlPath = `${path}.image_url`
  if (!part.image_url) return invalid(urlPath, `${urlPath} is required.`)
  return { type: 'image', source: readUrl(part.image_url, urlPath), path: urlPath }
}

function decodeFile(part: schema.InputFile, path: string, unsupported: string[]): DocumentPart {
  reportStray(part, schema.ResponsesInputFile.entries, path, unsupported)
  if (!isVoid(part.detail) && part.detail !== 'auto') report(`${path}.detail`, unsupported)
  if (part.file_id) refuse(`${path}.file_id`, 'Uploaded files are not kept here: send the bytes in file_data.')
  const title = part.filename ? { title: part.filename } : {}
  const dataPath = `${path}.file_data`
  const urlPath = `${path}.file_url`
  if (part.file_data) return { type: 'document', source: readData(part.file_data, dataPath), ...title, path: dataPath }
  if (part.file_url) return { type: 'document', source: readUrl(part.file_url, urlPath), ...title, path: urlPath }
  return invalid(dataPath, `${dataPath} or ${urlPath} is required.`)
}

function readData(data: string, path: string): MediaSource {
  if (/^[a-z][a-z0-9+.-]*:/i.test(data)) return readUrl(data, path)
  return { kind: 'data', mediaType: '', data: oneLine(data) }
}

/** A base64 data URL, or an http(s) address to be fetched later. The bytes themselves are checked where they are decoded. */
function readUrl(url: string, path: string): MediaSource {
  if (/^https?:\/\//i.test(url)) return { kind: 'url', url }
  if (!/^data:/i.test(url)) return invalid(path, `${path} must be a data: URL or an http(s) address.`)
  const head = url.slice(0, MAX_HEAD)
  const comma = head.indexOf(',')
  const [mediaType = '', ...parameters] = head.slice('data:'.length, comma).split(';')
  const data = oneLine(url.slice(comma + 1))
  if (comma < 0 || parameters.at(-1)?.trim().toLowerCase() !== 'base64' || data === '')
    return invalid(path, `${path} is not a base64 data URL: data:TYPE;base64,DATA.`)
  return { kind: 'data', mediaType: mediaType.trim().toLowerCase(), data }
}

const oneLine = (base64: string) => (/\s/.test(base64) ? base64.replace(/\s+/g, '') : base64)
