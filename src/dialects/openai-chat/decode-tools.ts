// The functions of a request and what the model may do with them, in today's form and in the old one.
import type { ChatRequest, Tool } from '../../core/request.ts'
import { invalid, refuse } from '../refuse.ts'
import { reportStray } from '../stray-fields.ts'
import type { ChatCompletionRequest } from './schema.ts'
import { ChatFunction, type ChatTool, type ChatToolChoice } from './schema-tools.ts'

type Tools = Pick<ChatRequest, 'tools' | 'toolChoice' | 'parallelToolCalls' | 'given'>

/**
 * A request in the old form (`functions`) can be told by its `given.tools`, and is answered in that form. A message of it
 * holds one call, so that it asks for no parallel ones.
 * @throws GatewayError `unsupported_parameter` for tools that are no functions, `invalid_request` for what cannot be called
 */
export function decodeTools(body: ChatCompletionRequest, unsupported: string[]): Tools {
  const decoded: Tools = { tools: [], toolChoice: { type: 'auto' }, parallelToolCalls: true, given: {} }
  if (body.functions?.length) {
    if (body.tools?.length) invalid('functions', 'functions is the old form of tools: send one of them.')
    decoded.tools = body.functions.map((item, index) => decodeFunction(item, `functions[${index}]`, unsupported))
    decoded.given.tools = 'functions'
    noteStrict(decoded, (index) => `functions[${index}].strict`)
    decoded.parallelToolCalls = false
    refuseTwins(decoded.tools, (index) => `functions[${index}].name`)
    chooseFunction(body, decoded, unsupported)
    return decoded
  }
  decoded.tools = (body.tools ?? []).map((tool, index) => decodeTool(tool, `tools[${index}]`, unsupported))
  refuseTwins(decoded.tools, (index) => `tools[${index}].function.name`)
  if (decoded.tools.length > 0) {
    decoded.given.tools = 'tools'
    noteStrict(decoded, (index) => `tools[${index}].function.strict`)
    if (body.parallel_tool_calls === false) {
      decoded.parallelToolCalls = false
      decoded.given.parallelToolCalls = 'parallel_tool_calls'
    }
  }
  if (body.tool_choice) chooseTool(body.tool_choice, decoded, unsupported)
  if (typeof body.function_call === 'object' && body.function_call)
    invalid('function_call', 'function_call needs functions to choose from.')
  return decoded
}

function decodeTool(tool: ChatTool, path: string, unsupported: string[]): Tool {
  if (tool.type === 'custom')
    refuse(
      `${path}.type`,
      `${path} is a custom tool, which no CLI can take: only tools of type "function" are supported.`,
    )
  reportStray(tool, { type: true, function: true }, path, unsupported)
  return decodeFunction(tool.function, `${path}.function`, unsupported)
}

function decodeFunction(item: ChatFunction, path: string, unsupported: string[]): Tool {
  reportStray(item, ChatFunction.entries, path, unsupported)
  const { name, description, parameters, strict } = item
  if (parameters && parameters.type !== undefined && parameters.type !== 'object')
    invalid(`${path}.parameters`, `${path}.parameters must be a JSON Schema of type "object".`)
  return {
    name,
    description: description ?? '',
    parameters: objectSchema(parameters ?? {}),
    strict: strict ?? false,
  }
}

/** Left as it is where it says what it is. Without a word it is that of a function without parameters. */
function objectSchema(parameters: Record<string, unknown>): Record<string, unknown> {
  if (parameters.type !== undefined) return parameters
  return Object.keys(parameters).length > 0 ? { type: 'object', ...parameters } : { type: 'object', properties: {} }
}

/** Names the first function whose arguments shall fit its schema strictly. */
function noteStrict({ tools, given }: Tools, pathOf: (index: number) => string): void {
  const index = tools.findIndex(({ strict }) => strict)
  if (index >= 0) given.strictTools = pathOf(index)
}

function refuseTwins(tools: readonly Tool[], pathOf: (index: number) => string): void {
  const names = new Set<string>()
  for (const [index, { name }] of tools.entries()) {
    if (names.has(name)) invalid(pathOf(index), `${pathOf(index)} is the name of another function already.`)
    names.add(name)
  }
}

function chooseTool(choice: ChatToolChoice, decoded: Tools, unsupported: string[]): void {
  if (choice === 'auto' || (choice === 'none' && decoded.tools.length === 0)) return
  if (typeof choice === 'object' && choice.type === 'custom')
    refuse('tool_choice.type', 'tool_choice names a custom tool, which no CLI can take: only functions are supported.')
  if (decoded.tools.length === 0) invalid('tool_choice', 'tool_choice needs tools to choose from.')
  const isOffered = (name: string) => decoded.tools.some((tool) => tool.name === name)
  decoded.given.toolChoice = 'tool_choice'
  if (typeof choice === 'string') {
    decoded.toolChoice = { type: choice }
  } else if (choice.type === 'function') {
    const { name } = choice.function
    reportStrayChoice(choice, 'tool_choice', unsupported)
    if (!isOffered(name))
      invalid('tool_choice.function.name', 'tool_choice.function.name is the name of none of the tools.')
    decoded.toolChoice = { type: 'named', name }
  } else {
    const { type: _, allowed_tools: allowedTools, ...stray } = choice
    const { mode, tools, ...strayInside } = allowedTools
    reportStray(stray, {}, 'tool_choice', unsupported)
    reportStray(strayInside, {}, 'tool_choice.allowed_tools', unsupported)
    for (const [index, tool] of tools.entries())
      reportStrayChoice(tool, `tool_choice.allowed_tools.tools[${index}]`, unsupported)
    const allowed = tools.map((tool) => tool.function.name)
    const stranger = allowed.findIndex((name) => !isOffered(name))
    const path = `tool_choice.allowed_tools.tools[${stranger}]`
    if (stranger >= 0) invalid(path, `${path} is none of the tools.`)
    decoded.tools = decoded.tools.filter(({ name }) => allowed.includes(name))
    decoded.toolChoice = { type: mode }
    // Which are allowed is seen to by then.
    if (mode === 'auto') delete decoded.given.toolChoice
  }
}

function reportStrayChoice(choice: { function: object }, path: string, unsupported: string[]): void {
  reportStray(choice, { type: true, function: true }, path, unsupported)
  reportStray(choice.function, { name: true }, `${path}.function`, unsupported)
}

function chooseFunction(
  { function_call: choice, tool_choice: current }: ChatCompletionRequest,
  decoded: Tools,
  unsupported: string[],
): void {
  if (current && current !== 'auto' && current !== 'none')
    invalid('tool_choice', 'tool_choice goes with tools; beside functions the old form is function_call.')
  if (!choice || choice === 'auto') return
  decoded.given.toolChoice = 'function_call'
  if (choice === 'none') {
    decoded.toolChoice = { type: 'none' }
    return
  }
  reportStray(choice, { name: true }, 'function_call', unsupported)
  if (!decoded.tools.some(({ name }) => name === choice.name))
    invalid('function_call.name', 'function_call.name is the name of none of the functions.')
  decoded.toolChoice = { type: 'named', name: choice.name }
}
