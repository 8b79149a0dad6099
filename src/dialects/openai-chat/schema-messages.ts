// The messages of a chat completion request. Objects are loose: unknown fields are reported, not refused.
import * as v from 'valibot'
import { MAX_TOOLS, toolName } from './schema-tools.ts'

/** Far beyond any real message. */
const MAX_PARTS = 1000

const name = v.pipe(v.nullish(v.string()), v.description('Not honoured: no CLI knows names of participants.'))

export const ChatTextPart = v.pipe(
  v.looseObject({ type: v.literal('text'), text: v.string() }),
  v.metadata({ title: 'Text part', description: 'A piece of text.' }),
)

export const ChatImagePart = v.pipe(
  v.looseObject({
    type: v.literal('image_url'),
    image_url: v.looseObject({
      url: v.pipe(v.string(), v.nonEmpty(), v.description('`data:image/png;base64,…`, or an http(s) URL.')),
      detail: v.pipe(v.nullish(v.string()), v.description('Only `auto` is honoured.')),
    }),
  }),
  v.metadata({ title: 'Image part', description: 'An image, inline or by its address.' }),
)

export const ChatFilePart = v.pipe(
  v.looseObject({
    type: v.literal('file'),
    file: v.looseObject({
      file_data: v.pipe(
        v.nullish(v.string()),
        v.description('`data:application/pdf;base64,…`, the bare base64, or an http(s) URL.'),
      ),
      filename: v.nullish(v.string()),
      file_id: v.pipe(v.nullish(v.string()), v.description('Refused: uploaded files are not kept here.')),
    }),
  }),
  v.metadata({ title: 'File part', description: 'A PDF or text document, inline.' }),
)

export const ChatAudioPart = v.pipe(
  v.looseObject({ type: v.literal('input_audio'), input_audio: v.unknown() }),
  v.metadata({ title: 'Audio part', description: 'Refused: no CLI takes audio.' }),
)

export const ChatRefusalPart = v.pipe(
  v.looseObject({ type: v.literal('refusal'), refusal: v.string() }),
  v.metadata({ title: 'Refusal part', description: 'What the model said when it refused.' }),
)

export const ChatToolCall = v.pipe(
  v.looseObject({
    id: v.pipe(
      v.string(),
      v.nonEmpty(),
      v.maxLength(256),
      v.regex(/^[ -~\u00A0-\uFFFF]*$/, 'must not hold control characters'),
    ),
    type: v.optional(v.literal('function')),
    function: v.looseObject({
      name: toolName,
      arguments: v.pipe(v.string(), v.description('JSON text, as the model wrote it.')),
    }),
  }),
  v.metadata({ title: 'Tool call', description: 'A call that the model made.' }),
)

const ChatFunctionCall = v.looseObject({ name: toolName, arguments: v.string() })

/** A content of parts. */
const parts = <Item extends v.GenericSchema>(item: Item) => v.pipe(v.array(item), v.maxLength(MAX_PARTS))

const textContent = v.union([v.string(), parts(ChatTextPart)])
const partsContent = v.union([
  v.string(),
  parts(v.variant('type', [ChatTextPart, ChatImagePart, ChatFilePart, ChatAudioPart])),
])

export const ChatSystemMessage = v.pipe(
  v.looseObject({ role: v.literal('system'), content: textContent, name }),
  v.metadata({ title: 'System message', description: 'Instructions to the model.' }),
)

export const ChatDeveloperMessage = v.pipe(
  v.looseObject({ role: v.literal('developer'), content: textContent, name }),
  v.metadata({ title: 'Developer message', description: 'The newer name of a system message.' }),
)

export const ChatUserMessage = v.pipe(
  v.looseObject({ role: v.literal('user'), content: partsContent, name }),
  v.metadata({ title: 'User message', description: 'What the person says.' }),
)

export const ChatAssistantMessage = v.pipe(
  v.looseObject({
    role: v.literal('assistant'),
    content: v.nullish(v.union([v.string(), parts(v.variant('type', [ChatTextPart, ChatRefusalPart]))])),
    reasoning_content: v.pipe(
      v.nullish(v.string()),
      v.description('The model’s thinking, as an earlier answer gave it.'),
    ),
    refusal: v.nullish(v.string()),
    tool_calls: v.nullish(v.pipe(v.array(ChatToolCall), v.maxLength(MAX_TOOLS))),
    function_call: v.pipe(
      v.nullish(ChatFunctionCall),
      v.metadata({ description: 'The old form of `tool_calls`.', deprecated: true }),
    ),
    audio: v.pipe(v.nullish(v.unknown()), v.description('Refused: an earlier answer in sound.')),
    name,
  }),
  v.metadata({ title: 'Assistant message', description: 'What the model answered earlier.' }),
)

export const ChatToolMessage = v.pipe(
  v.looseObject({
    role: v.literal('tool'),
    tool_call_id: v.pipe(v.string(), v.nonEmpty()),
    content: partsContent,
    name: v.pipe(v.nullish(v.string()), v.description('Without effect: the call says which function it was.')),
  }),
  v.metadata({ title: 'Tool message', description: 'The result of a tool call.' }),
)

export const ChatFunctionMessage = v.pipe(
  v.looseObject({ role: v.literal('function'), name: toolName, content: v.nullable(v.string()) }),
  v.metadata({ title: 'Function message', description: 'The old form of a tool message.', deprecated: true }),
)

export const ChatMessage = v.pipe(
  v.variant('role', [
    ChatSystemMessage,
    ChatDeveloperMessage,
    ChatUserMessage,
    ChatAssistantMessage,
    ChatToolMessage,
    ChatFunctionMessage,
  ]),
  v.metadata({ title: 'Message', description: 'One message of the conversation.' }),
)

export type ChatMessage = v.InferOutput<typeof ChatMessage>
export type ChatFunctionCall = v.InferOutput<typeof ChatFunctionCall>
export type ChatAssistantMessage = v.InferOutput<typeof ChatAssistantMessage>
/** A part of a user's or a tool's message. */
export type ChatContentPart = v.InferOutput<
  typeof ChatTextPart | typeof ChatImagePart | typeof ChatFilePart | typeof ChatAudioPart
>
/** A part of what an assistant said. */
export type ChatSaidPart = v.InferOutput<typeof ChatTextPart | typeof ChatRefusalPart>
