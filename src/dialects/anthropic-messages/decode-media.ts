// Images, documents and search results of a request, as neutral parts.
import type { DocumentPart, ImagePart, MediaSource, TextPart } from '../../core/request.ts'
import { packed } from '../media-source.ts'
import { invalid, refuse } from '../refuse.ts'
import { isVoid, report, reportStray } from '../stray-fields.ts'
import * as schema from './schema-blocks.ts'

type Part = TextPart | ImagePart | DocumentPart

/** `path` is that of the block. */
export function decodeImage(block: schema.ImageBlock, path: string, unsupported: string[]): ImagePart {
  reportStray(block, schema.AnthropicImageBlock.entries, path, unsupported)
  if (!isVoid(block.transformations)) report(`${path}.transformations`, unsupported)
  return { type: 'image', ...readSource(block.source, `${path}.source`) }
}

/** A document is one part, but for one of blocks: its images stand between its texts. */
export function decodeDocument(block: schema.DocumentBlock, path: string, unsupported: string[]): Part[] {
  reportStray(block, schema.AnthropicDocumentBlock.entries, path, unsupported)
  reportCitations(block.citations, path, unsupported)
  const { source } = block
  const title = block.title ? { title: block.title } : {}
  const context: TextPart[] = block.context ? [{ type: 'text', text: block.context }] : []
  switch (source.type) {
    case 'base64':
    case 'url':
    case 'file':
      return [...context, { type: 'document', ...readSource(source, `${path}.source`), ...title }]
    case 'text':
      return [...context, textDocument(source.data, title, `${path}.source.data`)]
    case 'content': {
      const contentPath = `${path}.source.content`
      const blocks = typeof source.content === 'string' ? [textBlock(source.content)] : source.content
      const parts = blocks.flatMap((inner, index): Part[] => {
        const innerPath = `${contentPath}[${index}]`
        if (inner.type === 'image') return [decodeImage(inner, innerPath, unsupported)]
        reportStray(inner, schema.AnthropicTextBlock.entries, innerPath, unsupported)
        return inner.text === '' ? [] : [textDocument(inner.text, title, contentPath)]
      })
      return [...context, ...parts]
    }
    default:
      return source satisfies never
  }
}

export function decodeSearchResult(block: schema.SearchResultBlock, path: string, unsupported: string[]): TextPart {
  reportStray(block, schema.AnthropicSearchResultBlock.entries, path, unsupported)
  reportCitations(block.citations, path, unsupported)
  const texts = block.content.map(({ text }) => text)
  return { type: 'text', text: [`Search result: ${block.title}`, `Source: ${block.source}`, '', ...texts].join('\n') }
}

const textBlock = (text: string): schema.TextBlock => ({ type: 'text', text })

function textDocument(text: string, title: { title?: string }, path: string): DocumentPart {
  const data = Buffer.from(text).toString('base64')
  return { type: 'document', source: { kind: 'data', mediaType: 'text/plain', data }, ...title, path }
}

type Source = Extract<schema.ImageBlock['source'], { type: 'base64' | 'url' | 'file' }>

/** The bytes themselves are checked where they are decoded. */
function readSource(source: Source, path: string): { source: MediaSource; path: string } {
  switch (source.type) {
    case 'base64':
      return {
        source: { kind: 'data', mediaType: source.media_type, data: packed(source.data) },
        path: `${path}.data`,
      }
    case 'url':
      if (!/^https?:\/\//i.test(source.url)) invalid(`${path}.url`, `${path}.url must be an http(s) address.`)
      return { source: { kind: 'url', url: source.url }, path: `${path}.url` }
    case 'file':
      return refuse(`${path}.file_id`, 'Uploaded files are not kept here: send the bytes as a base64 source.')
    default:
      return source satisfies never
  }
}

function reportCitations(citations: unknown, path: string, unsupported: string[]): void {
  if (typeof citations === 'object' && citations !== null && Reflect.get(citations, 'enabled') === true)
    report(`${path}.citations`, unsupported)
}
