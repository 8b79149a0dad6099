// The content of one item, as neutral parts. An empty text becomes no part.
import type { DocumentPart, ImagePart, TextPart, UserPart } from '../../core/request.ts'
import { readData, readUrl } from '../media-source.ts'
import { invalid, refuse } from '../refuse.ts'
import { isVoid, report, reportStray } from '../stray-fields.ts'
import * as schema from './schema-parts.ts'

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
