// Tools and output formats of a chat completion request.
import * as v from 'valibot'
import { notArray } from './not-array.ts'

/** OpenAI's own limit is lower; a request with more is no request but an attack. */
export const MAX_TOOLS = 1024

/** OpenAI's rule for names of functions. */
export const toolName = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, _ and -'))
const jsonSchema = notArray(v.record(v.string(), v.unknown()))

export const ChatTool = v.pipe(
  v.looseObject({
    type: v.literal('function'),
    function: v.looseObject({
      name: toolName,
      description: v.nullish(v.string()),
      parameters: v.pipe(v.nullish(jsonSchema), v.description('JSON Schema of the arguments.')),
      strict: v.nullish(v.boolean()),
    }),
  }),
  v.metadata({ title: 'Tool', description: 'A function that you run and the model may call.' }),
)

export const ChatToolChoice = v.pipe(
  v.union([
    v.picklist(['none', 'auto', 'required']),
    v.looseObject({ type: v.literal('function'), function: v.looseObject({ name: toolName }) }),
  ]),
  v.metadata({ title: 'Tool choice', description: 'Whether the model may, must or must not call a tool.' }),
)

export const ChatResponseFormat = v.pipe(
  v.variant('type', [
    v.looseObject({ type: v.literal('text') }),
    v.looseObject({ type: v.literal('json_object') }),
    v.looseObject({
      type: v.literal('json_schema'),
      json_schema: v.looseObject({
        name: toolName,
        description: v.nullish(v.string()),
        schema: v.nullish(jsonSchema),
        strict: v.nullish(v.boolean()),
      }),
    }),
  ]),
  v.metadata({ title: 'Response format', description: 'The form that the answer must have.' }),
)
