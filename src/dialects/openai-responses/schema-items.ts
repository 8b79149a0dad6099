// The items of a request's input.
import * as v from 'valibot'
import { messageContent, resultContent } from './schema-parts.ts'
import { tools } from './schema-tools.ts'

/** Far beyond any real conversation; each item costs memory and time in every layer. */
const MAX_ITEMS = 20_000
const MAX_SUMMARIES = 1000

const id = v.nullish(v.string())
const status = v.nullish(v.string())
const name = v.pipe(v.string(), v.nonEmpty(), v.maxLength(256))
const callId = v.pipe(
  v.string(),
  v.nonEmpty(),
  v.maxLength(256),
  v.regex(/^[ -~\u00A0-\uFFFF]*$/, 'must not hold control characters'),
)
const namespace = v.pipe(v.nullish(name), v.description('The namespace of the tool, where it has one.'))

export const ResponsesMessage = v.pipe(
  v.looseObject({
    type: v.nullish(v.literal('message')),
    role: v.picklist(['user', 'assistant', 'system', 'developer']),
    content: messageContent,
    id,
    status,
    phase: v.nullish(v.string()),
  }),
  v.metadata({ title: 'Message', description: 'What a person, the model, or your instructions say.' }),
)

export const ResponsesFunctionCall = v.pipe(
  v.looseObject({
    type: v.literal('function_call'),
    call_id: callId,
    name,
    namespace,
    arguments: v.pipe(v.string(), v.description('JSON text, as the model wrote it.')),
    id,
    status,
    caller: v.nullish(v.unknown()),
  }),
  v.metadata({ title: 'Function call', description: 'A call that the model made.' }),
)

export const ResponsesFunctionOutput = v.pipe(
  v.looseObject({
    type: v.literal('function_call_output'),
    call_id: callId,
    output: resultContent,
    id,
    status,
    name: v.nullish(v.string()),
    namespace: v.nullish(v.string()),
    caller: v.nullish(v.unknown()),
  }),
  v.metadata({ title: 'Function output', description: 'What your function gave.' }),
)

export const ResponsesCustomCall = v.pipe(
  v.looseObject({
    type: v.literal('custom_tool_call'),
    call_id: callId,
    name,
    namespace,
    input: v.string(),
    id,
    status,
    caller: v.nullish(v.unknown()),
  }),
  v.metadata({ title: 'Custom tool call', description: 'A call of a custom tool that the model made.' }),
)

export const ResponsesCustomOutput = v.pipe(
  v.looseObject({
    type: v.literal('custom_tool_call_output'),
    call_id: callId,
    output: resultContent,
    id,
    status,
    name: v.nullish(v.string()),
    caller: v.nullish(v.unknown()),
  }),
  v.metadata({ title: 'Custom tool output', description: 'What your custom tool gave.' }),
)

const texts = (type: string) =>
  v.pipe(v.array(v.looseObject({ type: v.literal(type), text: v.string() })), v.maxLength(MAX_SUMMARIES))

export const ResponsesReasoning = v.pipe(
  v.looseObject({
    type: v.literal('reasoning'),
    summary: v.nullish(texts('summary_text')),
    content: v.nullish(texts('reasoning_text')),
    encrypted_content: v.pipe(v.nullish(v.string()), v.description('As an earlier answer had it.')),
    id,
    status,
  }),
  v.metadata({ title: 'Reasoning', description: 'What the model thought earlier. Send it back as it came.' }),
)

export const ResponsesItemReference = v.pipe(
  // With a role it is a message, if perhaps a wrong one.
  v.looseObject({ type: v.nullish(v.literal('item_reference')), id: v.string(), role: v.optional(v.never()) }),
  v.metadata({ title: 'Item reference', description: 'An item of a stored response.' }),
)

export const ResponsesAdditionalTools = v.pipe(
  v.looseObject({ type: v.literal('additional_tools'), tools, id, role: v.nullish(v.string()) }),
  v.metadata({ title: 'Additional tools', description: 'Tools, as if they stood in `tools`.' }),
)

/** What OpenAI's own tools left in a conversation, or what changes nothing here. */
const FOREIGN = [
  'file_search_call',
  'computer_call',
  'computer_call_output',
  'web_search_call',
  'tool_search_call',
  'tool_search_output',
  'image_generation_call',
  'code_interpreter_call',
  'local_shell_call',
  'local_shell_call_output',
  'shell_call',
  'shell_call_output',
  'apply_patch_call',
  'apply_patch_call_output',
  'mcp_list_tools',
  'mcp_approval_request',
  'mcp_approval_response',
  'mcp_call',
  'program',
  'program_output',
  'configuration_update',
] as const

export const ResponsesForeignItem = v.pipe(
  v.looseObject({ type: v.picklist(FOREIGN) }),
  v.metadata({ title: 'Item of a hosted tool', description: 'Ignored, and named as such.' }),
)

export const ResponsesCompaction = v.pipe(
  v.looseObject({ type: v.picklist(['compaction', 'compaction_summary', 'compaction_trigger']) }),
  v.metadata({ title: 'Compaction', description: 'Refused: what it stands for can only be read by OpenAI.' }),
)

export const ResponsesInputItem = v.pipe(
  v.variant(
    'type',
    [
      ResponsesMessage,
      ResponsesFunctionCall,
      ResponsesFunctionOutput,
      ResponsesCustomCall,
      ResponsesCustomOutput,
      ResponsesReasoning,
      ResponsesItemReference,
      ResponsesAdditionalTools,
      ResponsesForeignItem,
      ResponsesCompaction,
    ],
    'must be an item: an object whose type is message, function_call, function_call_output, reasoning or item_reference',
  ),
  v.metadata({ title: 'Input item', description: 'One item of the conversation.' }),
)

export const inputItems = v.pipe(v.array(ResponsesInputItem), v.maxLength(MAX_ITEMS))

export type InputItem = v.InferOutput<typeof ResponsesInputItem>
export type MessageItem = v.InferOutput<typeof ResponsesMessage>
export type CallItem = v.InferOutput<typeof ResponsesFunctionCall> | v.InferOutput<typeof ResponsesCustomCall>
export type OutputItem = v.InferOutput<typeof ResponsesFunctionOutput> | v.InferOutput<typeof ResponsesCustomOutput>
export type ReasoningItem = v.InferOutput<typeof ResponsesReasoning>
