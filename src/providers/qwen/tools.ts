// The caller's functions, as fields of the request to the service. Qwen Code (0.24.4) passes them on and does not know them itself, so that
// it can run none: a call is one of a tool that it does not have. It needs no MCP server, and no time, for them.
import type { ChatRequest, Tool, ToolChoice } from '../../core/request.ts'
import { mapToolNames, type NameRules, type ToolNames } from '../../tools/names.ts'
import type { Fields } from '../fields.ts'
import type { Service } from './service.ts'

/** What OpenAI's API takes as a name. */
const RULES: NameRules = { legal: /[A-Za-z0-9_-]/, maxLength: 64, reserved: () => false }

/**
 * Sent in place of the list of tools, which would be empty: DashScope, OpenAI and others refuse an empty list with status 400
 * ("[] is too short - 'tools'"). The model may not call it, and nothing would happen if it did.
 */
export const INERT_TOOLS = {
  tools: [
    {
      type: 'function',
      function: { name: 'unavailable', description: 'Not available.', parameters: { type: 'object', properties: {} } },
    },
  ],
  tool_choice: 'none',
}

export function functionNames(tools: readonly Tool[]): ToolNames {
  return mapToolNames(
    tools.map(({ name }) => name),
    RULES,
  )
}

/** Names that the model may call in this request, as the service knows them. */
export function callable({ tools, toolChoice }: Pick<ChatRequest, 'tools' | 'toolChoice'>): ToolNames {
  const names = functionNames(tools)
  return toolChoice.type === 'none' ? { ...names, toCaller: () => undefined } : names
}

type Asked = Pick<ChatRequest, 'tools' | 'toolChoice' | 'parallelToolCalls' | 'given'>

/** The fields `tools`, `tool_choice` and `parallel_tool_calls`. */
export function functionFields({ tools, toolChoice, parallelToolCalls, given }: Asked, service: Service): Fields {
  if (tools.length === 0) return INERT_TOOLS
  const names = functionNames(tools)
  // DashScope allows one call unless told otherwise; elsewhere several are usual, and not every service knows the field.
  const isTold = given.parallelToolCalls !== undefined || !parallelToolCalls || service.dashScope
  return {
    tools: tools.map((tool) => ({ type: 'function', function: declaration(tool, names) })),
    tool_choice: choice(toolChoice, names),
    ...(isTold ? { parallel_tool_calls: parallelToolCalls } : {}),
  }
}

function declaration({ name, description, parameters, strict }: Tool, names: ToolNames): object {
  return {
    name: names.toCli(name),
    ...(description === '' ? {} : { description }),
    parameters,
    ...(strict ? { strict } : {}),
  }
}

function choice(wanted: ToolChoice, names: ToolNames): unknown {
  return wanted.type === 'named' ? { type: 'function', function: { name: names.toCli(wanted.name) } } : wanted.type
}
