// The content of one message of a request, as neutral parts. An empty text becomes no part.
import type { AssistantPart, TextPart, ToolResultPart, UserPart } from '../../core/request.ts'
import { formatInput } from '../tool-input.ts'
import { isVoid, report, reportStray } from '../stray-fields.ts'
import { decodeDocument, decodeImage, decodeSearchResult } from './decode-media.ts'
import { toReasoning } from './opaque.ts'
import * as schema from './schema-blocks.ts'
import type { AssistantBlock, SystemBlock, UserBlock } from './schema-messages.ts'

/** The texts of a system prompt or message. `path` is that of the content. */
export function decodeTexts(content: string | readonly SystemBlock[], path: string, unsupported: string[]): TextPart[] {
  if (typeof content === 'string') return textParts(content)
  return content.flatMap((block, index) =>
    block.type === 'text' ? decodeText(block, `${path}[${index}]`, unsupported) : [],
  )
}

/** What a user says beside results; also what results are made of. */
export function decodeUserBlock(
  block: Exclude<UserBlock, schema.ToolResultBlock> | schema.ResultBlock,
  path: string,
  unsupported: string[],
): UserPart[] {
  switch (block.type) {
    case 'text':
      return decodeText(block, path, unsupported)
    case 'image':
      return [decodeImage(block, path, unsupported)]
    case 'document':
      return decodeDocument(block, path, unsupported)
    case 'search_result':
      return [decodeSearchResult(block, path, unsupported)]
    case 'tool_reference':
      // The result of a search among tools. All of them are offered from the beginning, so that naming it is enough.
      return [{ type: 'text', text: `Tool found: ${block.tool_name}` }]
    default:
      return block satisfies never
  }
}

export function decodeResult(block: schema.ToolResultBlock, path: string, unsupported: string[]): ToolResultPart {
  reportStray(block, schema.AnthropicToolResultBlock.entries, path, unsupported)
  const { content } = block
  return {
    type: 'tool-result',
    id: block.tool_use_id,
    content:
      typeof content === 'string'
        ? textParts(content)
        : (content ?? []).flatMap((inner, index) => decodeUserBlock(inner, `${path}.content[${index}]`, unsupported)),
    isError: block.is_error ?? false,
  }
}

export function decodeAssistantBlock(block: AssistantBlock, path: string, unsupported: string[]): AssistantPart[] {
  switch (block.type) {
    case 'text':
      return decodeText(block, path, unsupported)
    case 'thinking':
      reportStray(block, schema.AnthropicThinkingBlock.entries, path, unsupported)
      return block.thinking === '' && !block.signature ? [] : [toReasoning(block.thinking, block.signature ?? '')]
    case 'redacted_thinking':
      return block.data === '' ? [] : [{ type: 'reasoning', text: '', encrypted: block.data }]
    case 'tool_use':
      reportStray(block, schema.AnthropicToolUseBlock.entries, path, unsupported)
      return [{ type: 'tool-call', id: block.id, name: block.name, arguments: formatInput(block.input) }]
    default:
      // A server block: what it was for stands in the text behind it.
      report(path, unsupported)
      return []
  }
}

export function textParts(text: string): TextPart[] {
  return text === '' ? [] : [{ type: 'text', text }]
}

function decodeText(block: schema.TextBlock, path: string, unsupported: string[]): TextPart[] {
  reportStray(block, schema.AnthropicTextBlock.entries, path, unsupported)
  if (!isVoid(block.citations)) report(`${path}.citations`, unsupported)
  return textParts(block.text)
}
