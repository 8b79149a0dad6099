// Tools and output formats of a chat completion request.
import * as v from 'valibot'
import { jsonSchema } from '../schema-fields.ts'

/** OpenAI's own limit is lower; a request with more is no request but an attack. */
export const MAX_TOOLS = 1024
/** OpenAI ends a description at 1,024 characters, many clients do not; this is far beyond both. */
const MAX_DESCRIPTION = 100_000

/**
 * OpenAI's rule is `^[A-Za-z0-9_-]{1,64}$`. Clients of other services send dots, slashes and longer names, and each CLI has a
 * rule of its own anyway, to which names are mapped.
 */
export const toolName = v.pipe(
  v.string(),
  v.regex(/^[ -~\u00A0-\u2027\u202A-\uFFFF]{1,128}$/, 'must be 1 to 128 characters, none of them a control character'),
)
const formatName = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, _ and -'))
const description = v.nullish(v.pipe(v.string(), v.maxLength(MAX_DESCRIPTION)))

export const ChatFunction = v.pipe(
  v.looseObject({
    name: toolName,
    description,
    parameters: v.pipe(v.nullish(jsonSchema), v.description('JSON Schema of the arguments, of type object.')),
    strict: v.nullish(v.boolean()),
  }),
  v.metadata({ title: 'Function', description: 'A function that you run and the model may call.' }),
)

export const ChatFunctionTool = v.pipe(
  v.looseObject({ type: v.literal('function'), function: ChatFunction }),
  v.metadata({ title: 'Function tool', description: 'A function that you run and the model may call.' }),
)

export const ChatTool = v.pipe(
  v.variant('type', [ChatFunctionTool, v.looseObject({ type: v.literal('custom') })]),
  v.metadata({ title: 'Tool', description: 'A function. Tools of type `custom` are refused.' }),
)

const functionName = v.looseObject({ type: v.literal('function'), function: v.looseObject({ name: toolName }) })

export const ChatToolChoice = v.pipe(
  v.union([
    v.picklist(['none', 'auto', 'required']),
    v.variant('type', [
      functionName,
      v.looseObject({
        type: v.literal('allowed_tools'),
        allowed_tools: v.looseObject({
          mode: v.picklist(['auto', 'required']),
          tools: v.pipe(v.array(functionName), v.nonEmpty(), v.maxLength(MAX_TOOLS)),
        }),
      }),
      v.looseObject({ type: v.literal('custom') }),
    ]),
  ]),
  v.metadata({ title: 'Tool choice', description: 'Whether the model may, must or must not call a tool.' }),
)

/** The old form of the tool choice. */
export const ChatFunctionChoice = v.union([v.picklist(['none', 'auto']), v.looseObject({ name: toolName })])

export const ChatResponseFormat = v.pipe(
  v.variant('type', [
    v.looseObject({ type: v.literal('text') }),
    v.looseObject({ type: v.literal('json_object') }),
    v.looseObject({
      type: v.literal('json_schema'),
      json_schema: v.looseObject({
        name: formatName,
        description,
        schema: v.pipe(v.nullish(jsonSchema), v.description('Required: the JSON Schema that the answer must fit.')),
        strict: v.pipe(
          v.nullish(v.boolean()),
          v.description('Passed on where the provider knows it. Answers are checked against the schema either way.'),
        ),
      }),
    }),
  ]),
  v.metadata({ title: 'Response format', description: 'The form that the answer must have.' }),
)

export type ChatTool = v.InferOutput<typeof ChatTool>
export type ChatFunction = v.InferOutput<typeof ChatFunction>
export type ChatToolChoice = v.InferOutput<typeof ChatToolChoice>
export type ChatResponseFormat = v.InferOutput<typeof ChatResponseFormat>
