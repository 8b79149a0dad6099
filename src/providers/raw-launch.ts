// How a provider's CLI is started for a caller who wants its own output.
import { GatewayError } from '../core/error.ts'
import type { RawRequest } from '../core/raw.ts'
import { parseJsonLine } from '../process/json-lines.ts'
import type { SandboxFolder } from '../process/sandbox.ts'

export type RawCommand = {
  /** Absolute path of the program. */
  command: string
  /** No text of a caller but names that have been checked, and paths below a root. */
  args: string[]
  /** The whole environment. */
  env: Record<string, string>
  cwd: string
  /** All that it gets on stdin. */
  input: string
  /** Whether this line answers the gateway and not the caller. */
  isOwn?: (line: string) => boolean
  /** The line with which a turn ends; the process may linger behind it. */
  isLast(line: string): boolean
  /** Looks at each line before it is passed on. @throws GatewayError where the CLI reports what it must not have */
  verify?(line: string): void
  /** Called once, when the process has ended; without its number where it did not start. */
  cleanUp?(pid: number | undefined): Promise<void>
}

export type RawLauncher = {
  provider: string
  /**
   * Writes what the CLI needs into `folder`, which is its own and goes with it.
   * @throws GatewayError `provider_unavailable` where it is not installed, `unsupported_parameter` for what it cannot do
   */
  prepare(request: RawRequest, folder: SandboxFolder, signal: AbortSignal): Promise<RawCommand>
}

/**
 * Checks the report with which Claude Code and Qwen Code begin: a process that is to have no tools has none but these.
 * @throws GatewayError `internal_error`
 */
export function verifyNoTools(line: string, allowed: readonly string[] = []): void {
  if (!line.startsWith('{"type":"system","subtype":"init"')) return
  const parsed = parseJsonLine(line)
  const tools = parsed.ok ? parsed.value['tools'] : undefined
  if (Array.isArray(tools) && tools.every((tool) => typeof tool === 'string' && allowed.includes(tool))) return
  throw new GatewayError('internal_error', 'The CLI reports tools that it must not have. Run: cligate doctor')
}

/** @throws GatewayError `unsupported_parameter` for the first field that was given and that this CLI has no place for */
export function refuseUnknown(cli: string, given: Readonly<Record<string, boolean>>): void {
  for (const [param, isGiven] of Object.entries(given)) {
    if (isGiven)
      throw new GatewayError('unsupported_parameter', `${param} is not supported with ${cli} here.`, { param })
  }
}
