// Tools and output formats of a request.
import * as v from 'valibot'
import { jsonSchema } from '../schema-fields.ts'

/** OpenAI's own limit is lower; a request with more is no request but an attack. */
const MAX_TOOLS = 1024

/** OpenAI's rule for names of functions. */
const toolName = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, _ and -'))

export const ResponsesFunctionTool = v.pipe(
  v.looseObject({
    type: v.literal('function'),
    name: toolName,
    description: v.nullish(v.string()),
    parameters: v.pipe(v.nullish(jsonSchema), v.description('JSON Schema of the arguments, of type object.')),
    strict: v.nullish(v.boolean()),
    output_schema: v.pipe(v.nullish(v.unknown()), v.description('Not honoured.')),
    defer_loading: v.pipe(
      v.nullish(v.boolean()),
      v.description('Without effect: all tools are offered from the beginning.'),
    ),
  }),
  v.metadata({ title: 'Function tool', description: 'A function that you run and the model may call.' }),
)

export const ResponsesCustomTool = v.pipe(
  v.looseObject({
    type: v.literal('custom'),
    name: toolName,
    description: v.nullish(v.string()),
    format: v.pipe(v.nullish(v.looseObject({ type: v.string() })), v.description('A grammar is not enforced.')),
    defer_loading: v.nullish(v.boolean()),
  }),
  v.metadata({
    title: 'Custom tool',
    description: 'A tool whose input is a text. The model is offered it as a function with one text.',
  }),
)

export const ResponsesNamespaceTool = v.pipe(
  v.looseObject({
    type: v.literal('namespace'),
    name: toolName,
    description: v.nullish(v.string()),
    tools: v.pipe(v.array(v.variant('type', [ResponsesFunctionTool, ResponsesCustomTool])), v.maxLength(MAX_TOOLS)),
  }),
  v.metadata({ title: 'Namespace', description: 'Tools under one name, which calls then carry as `namespace`.' }),
)

/** Tools that OpenAI runs itself, or that only its own models know. */
const HOSTED = [
  'web_search',
  'web_search_2025_08_26',
  'web_search_preview',
  'web_search_preview_2025_03_11',
  'file_search',
  'computer',
  'computer_use_preview',
  'code_interpreter',
  'image_generation',
  'local_shell',
  'shell',
  'apply_patch',
  'mcp',
  'tool_search',
  'programmatic_tool_calling',
] as const

export const ResponsesHostedTool = v.pipe(
  v.looseObject({ type: v.picklist(HOSTED) }),
  v.metadata({
    title: 'Hosted tool',
    description: 'Not available here. Beside functions it is ignored; alone, or where it is the tool of choice, a 400.',
  }),
)

const tool = v.variant('type', [
  ResponsesFunctionTool,
  ResponsesCustomTool,
  ResponsesNamespaceTool,
  ResponsesHostedTool,
])
export const tools = v.pipe(v.array(tool), v.maxLength(MAX_TOOLS))

const chosenTool = v.looseObject({ type: v.string(), name: v.nullish(v.string()) })

export const ResponsesToolChoice = v.pipe(
  v.union([
    v.picklist(['none', 'auto', 'required']),
    v.looseObject({
      type: v.literal('allowed_tools'),
      mode: v.picklist(['auto', 'required']),
      tools: v.pipe(v.array(chosenTool), v.nonEmpty()),
    }),
    chosenTool,
  ]),
  v.metadata({ title: 'Tool choice', description: 'Whether the model may, must or must not call a tool, and which.' }),
)

export const ResponsesTextFormat = v.pipe(
  v.variant('type', [
    v.looseObject({ type: v.literal('text') }),
    v.looseObject({ type: v.literal('json_object') }),
    v.looseObject({
      type: v.literal('json_schema'),
      name: toolName,
      description: v.nullish(v.string()),
      schema: jsonSchema,
      strict: v.nullish(v.boolean()),
    }),
  ]),
  v.metadata({ title: 'Text format', description: 'The form that the answer must have.' }),
)

export type ResponsesTool = v.InferOutput<typeof tool>
export type FunctionTool = v.InferOutput<typeof ResponsesFunctionTool>
export type CustomTool = v.InferOutput<typeof ResponsesCustomTool>
export type ResponsesToolChoice = v.InferOutput<typeof ResponsesToolChoice>
export type ResponsesTextFormat = v.InferOutput<typeof ResponsesTextFormat>
