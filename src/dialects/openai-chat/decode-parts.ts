// The content of one message of a chat completion request, as neutral parts.
import type { AssistantPart, TextPart, UserPart } from '../../core/request.ts'
import { readData, readUrl } from '../media-source.ts'
import { invalid, refuse } from '../refuse.ts'
import { report, reportStray } from '../stray-fields.ts'
import * as schema from './schema-messages.ts'

/** Content of every role but assistant's. `path` is that of the message. */
export function decodeContent(
  content: string | schema.ChatContentPart[],
  path: string,
  unsupported: string[],
): UserPart[] {
  if (typeof content === 'string') return textParts(content)
  return content.flatMap((part, index) => decodePart(part, `${path}.content[${index}]`, unsupported))
}

function decodePart(part: schema.ChatContentPart, path: string, unsupported: string[]): UserPart[] {
  switch (part.type) {
    case 'text':
      reportStray(part, schema.ChatTextPart.entries, path, unsupported)
      return textParts(part.text)
    case 'image_url': {
      const { url, detail, ...stray } = part.image_url
      reportStray(part, schema.ChatImagePart.entries, path, unsupported)
      reportStray(stray, {}, `${path}.image_url`, unsupported)
      if (detail && detail !== 'auto') report(`${path}.image_url.detail`, unsupported)
      const urlPath = `${path}.image_url.url`
      return [{ type: 'image', source: readUrl(url, urlPath), path: urlPath }]
    }
    case 'file': {
      const { file_data: data, filename, file_id: id, ...stray } = part.file
      reportStray(part, schema.ChatFilePart.entries, path, unsupported)
      reportStray(stray, {}, `${path}.file`, unsupported)
      if (id) refuse(`${path}.file.file_id`, 'Uploaded files are not kept here: send the bytes in file_data.')
      const dataPath = `${path}.file.file_data`
      if (!data) return invalid(dataPath, `${dataPath} is required.`)
      const title = filename ? { title: filename } : {}
      return [{ type: 'document', source: readData(data, dataPath), ...title, path: dataPath }]
    }
    case 'input_audio':
      return refuse(`${path}.input_audio`, 'Audio is not supported: send text, image_url or file.')
    default:
      return part satisfies never
  }
}

/** Thinking first, then what was said, then the calls: the order in which a model writes them. */
export function decodeAssistant(
  message: schema.ChatAssistantMessage,
  path: string,
  unsupported: string[],
): AssistantPart[] {
  if (message.audio) refuse(`${path}.audio`, 'Audio is not supported: send the transcript as content.')
  const parts: AssistantPart[] = []
  if (message.reasoning_content) parts.push({ type: 'reasoning', text: message.reasoning_content })
  if (typeof message.content === 'string') parts.push(...textParts(message.content))
  else parts.push(...decodeSaid(message.content ?? [], path, unsupported))
  if (message.refusal) parts.push({ type: 'text', text: message.refusal })
  for (const [index, call] of (message.tool_calls ?? []).entries()) {
    const callPath = `${path}.tool_calls[${index}]`
    const { name, arguments: text, ...stray } = call.function
    reportStray(call, schema.ChatToolCall.entries, callPath, unsupported)
    reportStray(stray, {}, `${callPath}.function`, unsupported)
    parts.push({ type: 'tool-call', id: call.id, name, arguments: text })
  }
  if (message.function_call) parts.push(decodeFunctionCall(message.function_call, path, unsupported))
  return parts
}

/** A call in the old form, which has no id: its place in the conversation is one, and stays the same from turn to turn. */
function decodeFunctionCall(call: schema.ChatFunctionCall, path: string, unsupported: string[]): AssistantPart {
  const { name, arguments: text, ...stray } = call
  reportStray(stray, {}, `${path}.function_call`, unsupported)
  return { type: 'tool-call', id: functionCallId(path), name, arguments: text }
}

export function functionCallId(path: string): string {
  return `call_${path.replace(/\W+/g, '_').replace(/_$/, '')}`
}

function decodeSaid(content: readonly schema.ChatSaidPart[], path: string, unsupported: string[]): TextPart[] {
  return content.flatMap((part, index) => {
    const isText = part.type === 'text'
    const known = isText ? schema.ChatTextPart.entries : schema.ChatRefusalPart.entries
    reportStray(part, known, `${path}.content[${index}]`, unsupported)
    return textParts(isText ? part.text : part.refusal)
  })
}

function textParts(text: string): TextPart[] {
  return text === '' ? [] : [{ type: 'text', text }]
}
