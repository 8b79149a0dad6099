// Who may let a CLI work where. Paths are those that the system sees: links are followed before anything is compared.
import { realpathSync, statSync } from 'node:fs'
import { isAbsolute, relative, sep } from 'node:path'
import { GatewayError } from '../core/error.ts'
import type { PermissionMode, RawAgent } from '../core/raw.ts'

export type AgentModeOptions = {
  /** Folders that agents may work in; without any, agent mode is off. */
  roots: readonly string[]
  /** Whether requests may ask for no permissions at all. */
  skipPermissions: boolean
}

/** What a request says about agent mode. */
export type AskedAgent = {
  cwd?: string
  addDirs?: readonly string[]
  tools?: readonly string[]
  allowedTools?: readonly string[]
  disallowedTools?: readonly string[]
  permissionMode?: PermissionMode
  sessionId?: string
  fork?: boolean
  mcpConfig?: unknown
}

/** The fields that mean nothing without a folder to work in, each with its name on the wire. */
const NEED_A_FOLDER = [
  ['sessionId', 'session_id'],
  ['fork', 'fork'],
  ['permissionMode', 'permission_mode'],
  ['addDirs', 'add_dirs'],
  ['tools', 'tools'],
  ['allowedTools', 'allowed_tools'],
] as const

/**
 * The agent that a request may have, or undefined for a plain chat without tools.
 * @throws GatewayError `permission_denied` or `invalid_request`, with `param`
 */
export function admitAgent(asked: AskedAgent, { roots, skipPermissions }: AgentModeOptions): RawAgent | undefined {
  if (asked.mcpConfig !== undefined)
    deny('mcp_config', 'MCP servers are named by the configuration alone, in agent.mcp_config.')
  if (asked.cwd === undefined) return refuseAgent(asked, roots)
  if (roots.length === 0) deny('cwd', OFF)
  const permissionMode = asked.permissionMode ?? 'default'
  if (permissionMode === 'bypassPermissions' && !skipPermissions) {
    deny('permission_mode', 'bypassPermissions is not allowed here: the configuration has agent.skip_permissions off.')
  }
  if (asked.fork === true && asked.sessionId === undefined) {
    throw new GatewayError('invalid_request', 'fork needs a session_id.', { param: 'fork' })
  }
  const real = realRoots(roots)
  return {
    cwd: folderBelow(asked.cwd, real, 'cwd'),
    addDirs: (asked.addDirs ?? []).map((path, index) => folderBelow(path, real, `add_dirs[${index}]`)),
    ...(asked.tools === undefined ? {} : { tools: [...asked.tools] }),
    allowedTools: [...(asked.allowedTools ?? [])],
    disallowedTools: [...(asked.disallowedTools ?? [])],
    permissionMode,
    ...(asked.sessionId === undefined ? {} : { sessionId: asked.sessionId }),
    fork: asked.fork ?? false,
  }
}

const OFF = 'Agent mode is off: the configuration names no folders in agent.roots.'

/** A plain chat may say what it has anyway: no tools, some that are not allowed, the default permissions. */
function refuseAgent(asked: AskedAgent, roots: readonly string[]): undefined {
  for (const [field, param] of NEED_A_FOLDER) {
    const value = asked[field]
    if (value === undefined || value === false || value === 'default' || value === 'plan') continue
    if (Array.isArray(value) && value.length === 0) continue
    if (roots.length === 0) deny(param, OFF)
    throw new GatewayError('invalid_request', `${param} needs cwd, a folder to work in.`, { param })
  }
}

/** A root that is not there admits nothing. */
function realRoots(roots: readonly string[]): string[] {
  return roots.flatMap((root) => {
    try {
      return [realpathSync(root)]
    } catch {
      return []
    }
  })
}

function folderBelow(path: string, roots: readonly string[], param: string): string {
  const real = isAbsolute(path) ? realFolder(path) : undefined
  if (real !== undefined && roots.some((root) => isWithin(real, root))) return real
  // The same for what is not there: callers shall not learn what lies elsewhere.
  return deny(param, `${param} must be the absolute path of a folder below one of agent.roots.`)
}

function realFolder(path: string): string | undefined {
  try {
    const real = realpathSync(path)
    return statSync(real).isDirectory() ? real : undefined
  } catch {
    return undefined
  }
}

function isWithin(path: string, root: string): boolean {
  const way = relative(root, path)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))
}

function deny(param: string, message: string): never {
  throw new GatewayError('permission_denied', message, { param })
}
