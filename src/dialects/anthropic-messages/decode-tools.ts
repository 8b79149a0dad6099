// The tools of a request and what the model may do with them.
import type { ChatRequest, Tool } from '../../core/request.ts'
import { invalid, refuse } from '../refuse.ts'
import { isVoid, report, reportStray } from '../stray-fields.ts'
import type { CountRequest } from './schema.ts'
import type { MessageParam } from './schema-messages.ts'
import { AnthropicTool, type AnthropicToolChange, type AnthropicToolChoice } from './schema-tools.ts'

type Tools = Pick<ChatRequest, 'tools' | 'toolChoice' | 'parallelToolCalls' | 'given'>

const TOOL_NAME = /^[A-Za-z0-9_-]{1,128}$/

/** @throws GatewayError `unsupported_parameter` for Anthropic's own tools, `invalid_request` for what cannot be called */
export function decodeTools(body: CountRequest, unsupported: string[]): Tools {
  if (body.mcp_servers?.length)
    refuse('mcp_servers', 'The gateway connects to no MCP servers for a caller: offer their tools in tools.')
  const tools = (body.tools ?? []).map((tool, index) => decodeTool(tool, `tools[${index}]`, unsupported))
  const offered = new Map(tools.map((tool) => [tool.name, tool]))
  if (offered.size < tools.length) {
    const second = tools.findIndex(({ name }, index) => tools.findIndex((tool) => tool.name === name) < index)
    invalid(`tools[${second}].name`, `tools[${second}].name is the name of another tool already.`)
  }
  applyChanges(body.messages, offered, unsupported)
  const names = new Set(offered.keys())
  const decoded: Tools = {
    tools: [...offered.values()],
    toolChoice: { type: 'auto' },
    parallelToolCalls: true,
    given: {},
  }
  if (offered.size > 0) decoded.given.tools = 'tools'
  const strict = body.tools?.findIndex((tool) => tool.strict) ?? -1
  if (strict >= 0) decoded.given.strictTools = `tools[${strict}].strict`
  if (body.tool_choice) decodeChoice(body.tool_choice, names, decoded, unsupported)
  return decoded
}

/**
 * Claude Code (2.1.329) adds and removes tools in the middle of a conversation. What counts for the answer is which there
 * are at its end; those that were to be loaded later are there from the beginning.
 */
function applyChanges(messages: readonly MessageParam[], offered: Map<string, Tool>, unsupported: string[]): void {
  const known = new Map(offered)
  for (const [index, { role, content }] of messages.entries()) {
    if (role !== 'system' || !Array.isArray(content)) continue
    for (const [position, block] of content.entries()) {
      if (block.type !== 'text')
        applyChange(block, `messages[${index}].content[${position}]`, { known, offered }, unsupported)
    }
  }
}

type Toolbox = { known: Map<string, Tool>; offered: Map<string, Tool> }

function applyChange(
  block: AnthropicToolChange,
  path: string,
  { known, offered }: Toolbox,
  unsupported: string[],
): void {
  const { tool } = block
  switch (tool.type) {
    case 'tool_definition': {
      const added = decodeTool(tool.definition, `${path}.tool.definition`, unsupported)
      known.set(added.name, added)
      offered.set(added.name, added)
      return
    }
    case 'tool_reference': {
      const named = known.get(tool.name)
      if (!named) return invalid(`${path}.tool.name`, `${path}.tool.name is the name of none of the tools.`)
      if (block.type === 'tool_removal') offered.delete(tool.name)
      else offered.set(tool.name, named)
      return
    }
    default:
      refuse(`${path}.tool`, 'The gateway connects to no MCP servers for a caller: offer their tools in tools.')
  }
}

function decodeTool(tool: AnthropicTool, path: string, unsupported: string[]): Tool {
  const { type, name, input_schema: parameters } = tool
  if (type && type !== 'custom')
    refuse(
      `${path}.type`,
      `${path} is a tool of Anthropic's own, which is not available here. Only tools of type "custom", with an input_schema, are.`,
    )
  if (name === undefined || !TOOL_NAME.test(name))
    return invalid(`${path}.name`, `${path}.name must be 1 to 128 letters, digits, _ and -.`)
  if (!parameters) return invalid(`${path}.input_schema`, `${path}.input_schema is required: an object.`)
  if (parameters.type !== undefined && parameters.type !== 'object')
    invalid(`${path}.input_schema.type`, `${path}.input_schema.type must be "object".`)
  reportStray(tool, AnthropicTool.entries, path, unsupported)
  if (!isVoid(tool.input_examples)) report(`${path}.input_examples`, unsupported)
  const callers = tool.allowed_callers
  if (Array.isArray(callers) && callers.some((caller) => caller !== 'direct'))
    report(`${path}.allowed_callers`, unsupported)
  return {
    name,
    description: tool.description ?? '',
    parameters: parameters.type === undefined ? { type: 'object', ...parameters } : parameters,
    strict: tool.strict ?? false,
  }
}

const CHOICE_FIELDS = { type: true, disable_parallel_tool_use: true }

function decodeChoice(choice: AnthropicToolChoice, names: Set<string>, decoded: Tools, unsupported: string[]): void {
  const known = choice.type === 'tool' ? { ...CHOICE_FIELDS, name: true } : CHOICE_FIELDS
  reportStray(choice, known, 'tool_choice', unsupported)
  if (choice.type !== 'none' && choice.disable_parallel_tool_use) {
    decoded.parallelToolCalls = false
    if (names.size > 0) decoded.given.parallelToolCalls = 'tool_choice.disable_parallel_tool_use'
  }
  switch (choice.type) {
    case 'auto':
      return
    case 'none':
      decoded.toolChoice = { type: 'none' }
      break
    case 'any':
      if (names.size === 0) invalid('tool_choice', 'tool_choice "any" needs tools to choose from.')
      decoded.toolChoice = { type: 'required' }
      break
    case 'tool':
      if (!names.has(choice.name)) invalid('tool_choice.name', 'tool_choice.name is the name of none of the tools.')
      decoded.toolChoice = { type: 'named', name: choice.name }
      break
    default:
      choice satisfies never
  }
  if (names.size > 0) decoded.given.toolChoice = 'tool_choice'
}
