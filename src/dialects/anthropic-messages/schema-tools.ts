// Tools of a request.
import * as v from 'valibot'
import { cacheControl } from './schema-blocks.ts'

const toolName = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,128}$/, 'must be 1 to 128 letters, digits, _ and -'))
const hint = (description: string) => v.pipe(v.nullish(v.unknown()), v.description(description))

export const AnthropicTool = v.pipe(
  v.looseObject({
    type: v.pipe(
      v.nullish(v.string()),
      v.description('`custom`, or left out. Anthropic’s own tools (`web_search_…`, `bash_…`) are refused.'),
    ),
    name: v.pipe(v.optional(v.string()), v.description('1 to 128 letters, digits, `_` and `-`. Required.')),
    description: v.nullish(v.string()),
    input_schema: v.pipe(
      v.optional(v.record(v.string(), v.unknown())),
      v.description('JSON Schema of the input, of type object. Required.'),
    ),
    strict: v.nullish(v.boolean()),
    cache_control: cacheControl,
    defer_loading: hint('Without effect: every tool is offered from the beginning.'),
    eager_input_streaming: hint('Without effect: the input is streamed as the CLI gives it.'),
    allowed_callers: hint('Only `direct` is honoured.'),
    input_examples: hint('Not honoured.'),
  }),
  v.metadata({ title: 'Tool', description: 'A function that you run and the model may call.' }),
)

const disable_parallel_tool_use = v.nullish(v.boolean())

export const AnthropicToolChoice = v.pipe(
  v.variant('type', [
    v.looseObject({ type: v.literal('auto'), disable_parallel_tool_use }),
    v.looseObject({ type: v.literal('any'), disable_parallel_tool_use }),
    v.looseObject({ type: v.literal('tool'), name: toolName, disable_parallel_tool_use }),
    v.looseObject({ type: v.literal('none') }),
  ]),
  v.metadata({ title: 'Tool choice', description: 'Whether the model may, must or must not call a tool.' }),
)

const toolReference = v.looseObject({ type: v.literal('tool_reference'), name: toolName })
const serverReference = v.looseObject({ type: v.picklist(['mcp_tool_reference', 'mcp_toolset_reference']) })

export const AnthropicToolAdditionBlock = v.pipe(
  v.looseObject({
    type: v.literal('tool_addition'),
    tool: v.variant('type', [
      toolReference,
      v.looseObject({ type: v.literal('tool_definition'), definition: AnthropicTool }),
      serverReference,
    ]),
    cache_control: cacheControl,
  }),
  v.metadata({ title: 'Tool addition block', description: 'From here on the model may call this tool.' }),
)

export const AnthropicToolRemovalBlock = v.pipe(
  v.looseObject({
    type: v.literal('tool_removal'),
    tool: v.variant('type', [toolReference, serverReference]),
    cache_control: cacheControl,
  }),
  v.metadata({ title: 'Tool removal block', description: 'From here on the model may not call this tool.' }),
)

export type AnthropicToolChange = v.InferOutput<typeof AnthropicToolAdditionBlock | typeof AnthropicToolRemovalBlock>
export type AnthropicTool = v.InferOutput<typeof AnthropicTool>
export type AnthropicToolChoice = v.InferOutput<typeof AnthropicToolChoice>
