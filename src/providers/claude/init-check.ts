// Chat mode has no tools but, where they are allowed, those of the web. Claude Code's own report at the start of a turn has to say so before a word is passed on.
import { GatewayError } from '../../core/error.ts'
import { MCP_SERVER } from './frames.ts'
import { asFields, type Fields, listAt, textAt } from '../fields.ts'
import { withoutPrefix } from './tools.ts'
import { WEB_TOOLS } from './web.ts'

/**
 * The error that the report of `system/init` comes to, or undefined where all is well. `offered` are the caller's tools: these
 * and no others may be there, and with `web` the web tools: not every service has them.
 */
export function checkInit(
  report: Fields,
  offered: ReadonlySet<string> = new Set(),
  web = false,
): GatewayError | undefined {
  const names = new Set([...reportedNames(offered), ...(web ? WEB_TOOLS : [])])
  const problems = [
    unexpected('tools', report, (tool) => typeof tool === 'string' && names.has(withoutPrefix(tool, offered))),
    unexpected('mcp_servers', report, (server) => textAt(asFields(server), 'name') === MCP_SERVER),
    unexpected('slash_commands', report, () => false),
    unexpected('skills', report, () => false),
    unexpected('plugins', report, (plugin) => textAt(asFields(plugin), 'path') === 'builtin'),
    unexpected('additional_directories', report, () => false),
  ].filter((problem) => problem !== undefined)
  const mode = textAt(report, 'permissionMode')
  if (mode === 'bypassPermissions') problems.push(`permission mode ${mode}`)
  if (problems.length === 0) return missingTool(report, offered)
  return new GatewayError(
    'internal_error',
    `Claude Code started with what chat mode forbids (${problems.join('; ')}). The turn was stopped before it said anything.`,
  )
}

/** Names that the report does not call by their own (2.1.329), be they the caller's. */
const ALIASES = new Map([['Agent', 'Task']])

function reportedNames(offered: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...offered].map((name) => ALIASES.get(name) ?? name))
}

/**
 * It leaves out a tool whose schema is none of draft 2020-12 (2.1.329). Where it has left out all of several, that is not why.
 */
function missingTool(report: Fields, offered: ReadonlySet<string>): GatewayError | undefined {
  if (offered.size === 0) return undefined
  const reported = new Set(listAt(report, 'tools')?.map((tool) => withoutPrefix(String(tool), offered)))
  const missing = [...offered].filter((name) => !reported.has(ALIASES.get(name) ?? name))
  if (missing.length === 0) return undefined
  const few = missing.slice(0, 5).join(', ')
  if (offered.size > 1 && missing.length === offered.size)
    return new GatewayError('provider_error', `Claude Code did not take the functions of this request (${few}).`)
  const message = `The parameters of these functions are no JSON Schema of draft 2020-12: ${few}.`
  return new GatewayError('invalid_request', message, { param: 'tools' })
}

/** Names of what stands in a list of the report and is not expected there. A list that is missing proves nothing. */
function unexpected(key: string, report: Fields, expected: (entry: unknown) => boolean): string | undefined {
  const list = listAt(report, key)
  if (list === undefined) return REQUIRED.has(key) ? `no list of ${key}` : undefined
  const strangers = list.filter((entry) => !expected(entry)).map(nameOf)
  return strangers.length === 0 ? undefined : `${key}: ${strangers.slice(0, 5).join(', ')}`
}

/** Lists that every version reports; the others came later and may go again. */
const REQUIRED = new Set(['tools', 'mcp_servers'])

function nameOf(entry: unknown): string {
  const name = typeof entry === 'string' ? entry : textAt(asFields(entry), 'name')
  return (name ?? 'unknown').replace(/[^\w.:@-]/g, '?').slice(0, 60)
}
