// Chat mode has no tools. Claude Code's own report at the start of a turn has to say so before a word is passed on.
import { GatewayError } from '../../core/error.ts'
import { MCP_SERVER } from './frames.ts'
import { asFields, type Fields, listAt, textAt } from '../acp-fields.ts'

/** The error that the report of `system/init` comes to, or undefined where all is well. `allowed` are the caller's tools. */
export function checkInit(report: Fields, allowed: ReadonlySet<string> = new Set()): GatewayError | undefined {
  const problems = [
    unexpected('tools', report, (tool) => typeof tool === 'string' && allowed.has(tool)),
    unexpected('mcp_servers', report, (server) => textAt(asFields(server), 'name') === MCP_SERVER),
    unexpected('slash_commands', report, () => false),
    unexpected('skills', report, () => false),
    unexpected('plugins', report, (plugin) => textAt(asFields(plugin), 'path') === 'builtin'),
    unexpected('additional_directories', report, () => false),
  ].filter((problem) => problem !== undefined)
  const mode = textAt(report, 'permissionMode')
  if (mode === 'bypassPermissions') problems.push(`permission mode ${mode}`)
  if (problems.length === 0) return undefined
  return new GatewayError(
    'internal_error',
    `Claude Code started with what chat mode forbids (${problems.join('; ')}). The turn was stopped before it said anything.`,
  )
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
