// The tools of a request and what the model may do with them.
import type { ChatRequest, Tool } from '../../core/request.ts'
import { invalid, refuse } from '../refuse.ts'
import { isVoid, report, reportStray } from '../stray-fields.ts'
import * as schema from './schema-tools.ts'
import { CUSTOM_PARAMETERS, modelName, type WireTool, wireToolOf } from './tool-names.ts'

export type DecodedTools = Pick<ChatRequest, 'tools' | 'toolChoice' | 'parallelToolCalls' | 'given'> & {
  /** By the name that the model knows. */
  wire: Map<string, WireTool>
  /** The tools that are offered, as the caller wrote them. */
  offered: schema.ResponsesTool[]
}

/** What is asked for of tools. */
type ToolFields = {
  tools?: schema.ResponsesTool[] | null
  tool_choice?: schema.ResponsesToolChoice | null
  parallel_tool_calls?: boolean | null
}

/**
 * OpenAI's own tools are not available. Beside functions they are left out and the caller is told: Codex (0.169) sends
 * `web_search` with every request. A request that has nothing else is refused.
 * @param additional tools that stand in the input, with the paths of their lists
 * @throws GatewayError `unsupported_parameter` or `invalid_request`
 */
export function decodeTools(
  body: ToolFields,
  additional: readonly { tools: schema.ResponsesTool[]; path: string }[],
  unsupported: string[],
): DecodedTools {
  const decoded: DecodedTools = {
    tools: [],
    wire: new Map(),
    offered: [],
    toolChoice: { type: 'auto' },
    parallelToolCalls: body.parallel_tool_calls ?? true,
    given: {},
  }
  const hosted: string[] = []
  for (const { tools, path } of [...additional, { tools: body.tools ?? [], path: 'tools' }]) {
    for (const [index, tool] of tools.entries()) {
      if (isHosted(tool)) hosted.push(`${path}[${index}]`)
      else offer(decoded, tool, `${path}[${index}]`, unsupported)
    }
  }
  const [first] = hosted
  if (first !== undefined && decoded.tools.length === 0)
    refuse(
      first,
      `${first} is a tool of OpenAI's own, which is not available here: only function and custom tools are.`,
    )
  for (const path of hosted) report(path, unsupported)
  if (decoded.tools.length === 0) {
    if (body.tool_choice === 'required') invalid('tool_choice', 'tool_choice "required" needs tools to choose from.')
    if (body.tool_choice !== 'none') requireNone(body.tool_choice)
    return decoded
  }
  decoded.given.tools = 'tools'
  if (body.parallel_tool_calls === false) decoded.given.parallelToolCalls = 'parallel_tool_calls'
  if (body.tool_choice) decodeChoice(body.tool_choice, decoded, unsupported)
  return decoded
}

function isHosted(tool: schema.ResponsesTool): boolean {
  return tool.type !== 'function' && tool.type !== 'custom' && tool.type !== 'namespace'
}

function offer(decoded: DecodedTools, tool: schema.ResponsesTool, path: string, unsupported: string[]): void {
  switch (tool.type) {
    case 'function':
    case 'custom':
      add(decoded, tool, undefined, path, unsupported)
      break
    case 'namespace':
      reportStray(tool, schema.ResponsesNamespaceTool.entries, path, unsupported)
      for (const [index, inner] of tool.tools.entries())
        add(decoded, inner, tool.name, `${path}.tools[${index}]`, unsupported)
      break
    default:
      return
  }
  decoded.offered.push(shownTool(tool))
}

/** As readers of a response expect it: with all fields of a function, and without the empty ones of others. */
function shownTool(tool: schema.ResponsesTool): schema.ResponsesTool {
  if (tool.type !== 'function')
    return Object.fromEntries(Object.entries(tool).filter(([, value]) => value !== null)) as schema.ResponsesTool
  const { description = null, parameters = null, strict } = tool
  return { ...tool, description, parameters, strict: strict ?? false }
}

function add(
  { tools, wire, given }: DecodedTools,
  tool: schema.FunctionTool | schema.CustomTool,
  namespace: string | undefined,
  path: string,
  unsupported: string[],
): void {
  const name = modelName({ name: tool.name, namespace })
  if (wire.has(name)) invalid(`${path}.name`, `${path}.name is the name of another tool already.`)
  if (tool.type === 'function' && tool.strict) given.strictTools ??= `${path}.strict`
  wire.set(name, wireToolOf(tool.type, tool.name, namespace))
  tools.push(
    tool.type === 'function'
      ? decodeFunction(tool, name, path, unsupported)
      : decodeCustom(tool, name, path, unsupported),
  )
}

function decodeFunction(tool: schema.FunctionTool, name: string, path: string, unsupported: string[]): Tool {
  reportStray(tool, schema.ResponsesFunctionTool.entries, path, unsupported)
  if (!isVoid(tool.output_schema)) report(`${path}.output_schema`, unsupported)
  return {
    name,
    description: tool.description ?? '',
    parameters: tool.parameters ?? { type: 'object', properties: {} },
    strict: tool.strict ?? false,
  }
}

function decodeCustom(tool: schema.CustomTool, name: string, path: string, unsupported: string[]): Tool {
  reportStray(tool, schema.ResponsesCustomTool.entries, path, unsupported)
  if (tool.format && tool.format.type !== 'text') report(`${path}.format`, unsupported)
  return { name, description: tool.description ?? '', parameters: CUSTOM_PARAMETERS, strict: false }
}

/** Without any tools only a choice that asks for none makes sense. */
function requireNone(choice: schema.ResponsesToolChoice | null | undefined): void {
  if (!choice || typeof choice === 'string') return
  invalid('tool_choice', 'tool_choice names a tool, but there are no tools.')
}

function decodeChoice(choice: schema.ResponsesToolChoice, decoded: DecodedTools, unsupported: string[]): void {
  if (choice === 'auto') return
  decoded.given.toolChoice = 'tool_choice'
  if (choice === 'none' || choice === 'required') {
    decoded.toolChoice = { type: choice }
    return
  }
  if (choice.type === 'allowed_tools' && 'mode' in choice && Array.isArray(choice.tools)) {
    reportStray(choice, { type: true, mode: true, tools: true }, 'tool_choice', unsupported)
    const allowed = new Set(
      (choice.tools as Chosen[]).map((tool, index) =>
        nameOf(tool, `tool_choice.tools[${index}]`, decoded, unsupported),
      ),
    )
    decoded.tools = decoded.tools.filter(({ name }) => allowed.has(name))
    if (choice.mode === 'required') decoded.toolChoice = { type: 'required' }
    return
  }
  decoded.toolChoice = { type: 'named', name: nameOf(choice, 'tool_choice', decoded, unsupported) }
}

type Chosen = { type: string; name?: string | null; namespace?: unknown }

function nameOf(chosen: Chosen, path: string, { wire }: DecodedTools, unsupported: string[]): string {
  if (chosen.type !== 'function' && chosen.type !== 'custom')
    return refuse(`${path}.type`, `${path} is a tool of OpenAI's own, which is not available here.`)
  const namespace = typeof chosen.namespace === 'string' ? chosen.namespace : undefined
  const name = modelName({ name: chosen.name ?? '', namespace })
  reportStray(chosen, { type: true, name: true, namespace: true }, path, unsupported)
  if (!wire.has(name)) return invalid(`${path}.name`, `${path}.name is the name of none of the tools.`)
  return name
}
