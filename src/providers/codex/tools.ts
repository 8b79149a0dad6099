// The caller's functions as tools of Codex's ("dynamic tools", 0.169.0): what they are called, and how they are described.
import { GatewayError } from '../../core/error.ts'
import type { ChatRequest, Tool } from '../../core/request.ts'
import { mapToolNames, type NameRules } from '../../tools/names.ts'
import { toToolSchema } from './tool-schema.ts'

/** For `dynamicTools` of `thread/start`. */
export type DynamicTool = {
  type: 'function'
  name: string
  description: string
  inputSchema: Record<string, unknown>
}

export type OfferedTools = {
  tools: readonly DynamicTool[]
  /** The name in the conversation that the model sees, also of a function that is not offered any more. */
  toCli(name: string): string
  /** The caller's own name; undefined for one that the model was not offered. */
  toCaller(name: string): string | undefined
}

const RULES: NameRules = {
  legal: /[\w-]/,
  // Codex takes 128, OpenAI 64.
  maxLength: 64,
  // `mcp` and what begins like it is refused; the other two are not offered, without a word of it (0.169.0).
  reserved: (name) => /^(?:mcp$|mcp__|exec_command$|shell_command$)/.test(name),
}

/** @throws GatewayError `invalid_request` for two functions of one name, which Codex does not take */
export function offerTools({ tools, toolChoice }: Pick<ChatRequest, 'tools' | 'toolChoice'>): OfferedTools {
  const names = tools.map(({ name }) => name)
  const twice = names.find((name, position) => names.indexOf(name) !== position)
  if (twice !== undefined) {
    throw new GatewayError('invalid_request', `There are two tools with the name "${twice}".`, { param: 'tools' })
  }
  const { toCli, toCaller } = mapToolNames(names, RULES)
  // Whatever is offered Codex lets the model call, so that "none" is not to offer any.
  if (toolChoice.type === 'none') return { tools: [], toCli, toCaller: () => undefined }
  return { tools: tools.map((tool) => toDynamicTool(tool, toCli(tool.name))), toCli, toCaller }
}

function toDynamicTool({ description, parameters }: Tool, name: string): DynamicTool {
  const { schema, note } = toToolSchema(parameters)
  return {
    type: 'function',
    name,
    description: [description, note].filter((text) => text !== '').join('\n\n'),
    inputSchema: schema,
  }
}
