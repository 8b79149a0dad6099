// The caller's functions, as the MCP server `client` offers them to Claude Code.
import { GatewayError } from '../../core/error.ts'
import type { ChatRequest, Tool } from '../../core/request.ts'
import { mapToolNames, type NameRules, type ToolNames } from '../../tools/names.ts'
import { MCP_SERVER } from './frames.ts'
import { repairSchema } from './tool-schema.ts'
import { WEB_TOOLS } from './web.ts'

/**
 * What the service takes. Claude Code has no tools of its own here, so that even `Bash` is the caller's; only where one is
 * called `ToolSearch`, it believes its own to be there and hides all others behind it (2.1.329).
 */
const RULES: NameRules = { legal: /[A-Za-z0-9_-]/, maxLength: 64, reserved: (name) => name === 'ToolSearch' }
/** Where the web tools are its own. */
const RULES_BESIDE_WEB: NameRules = { ...RULES, reserved: (name) => RULES.reserved(name) || WEB_TOOLS.has(name) }

/** No functions, as the server tells it. */
export const NO_TOOLS = '[]'

export type OfferedTools = {
  /** What the server answers when it is asked for its tools: JSON. The same functions give the same text. */
  list: string
  names: ToolNames
  /** All names that Claude Code has to report. */
  offered: ReadonlySet<string>
}

/** For a turn without functions. */
export const NONE_OFFERED: OfferedTools = { list: NO_TOOLS, names: mapToolNames([], RULES), offered: new Set() }

export function toolNames(tools: readonly Tool[], web = false): ToolNames {
  return mapToolNames(
    tools.map((tool) => tool.name),
    web ? RULES_BESIDE_WEB : RULES,
  )
}

/**
 * The functions of a request, each checked: Claude Code (2.1.329) drops all of them where one has a schema that it does not
 * take. With `web`, it has its web tools beside them.
 * @throws GatewayError `invalid_request` for a schema that describes no object, and for two functions of one name
 */
export function offerTools({ tools, given }: ChatRequest, web = false): OfferedTools {
  const names = toolNames(tools, web)
  const offered = new Set<string>()
  const list = tools.map(({ name, description, parameters }, position) => {
    const param = `${given.tools ?? 'tools'}[${position}]`
    const cliName = names.toCli(name)
    if (offered.has(cliName)) throw new GatewayError('invalid_request', `Two functions are named "${name}".`, { param })
    offered.add(cliName)
    const repaired = repairSchema(parameters)
    if ('problem' in repaired) {
      const message = `The parameters of the function "${name}" cannot be used: ${repaired.problem}.`
      throw new GatewayError('invalid_request', message, { param })
    }
    const remark = repaired.remark === undefined ? '' : `\n\n${repaired.remark}`
    return { name: cliName, description: `${description}${remark}`, inputSchema: repaired.schema }
  })
  return { list: JSON.stringify(list), names, offered }
}

const PREFIX = `mcp__${MCP_SERVER}__`

/** The name as the server told it: versions that do not know how to leave out its own name put that in front. */
export function withoutPrefix(name: string, offered: ReadonlySet<string>): string {
  return !offered.has(name) && name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name
}
