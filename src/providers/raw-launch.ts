// How a provider's CLI is started for a caller who wants its own output.
import type { RawRequest } from '../core/raw.ts'
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
  /** Told once, when the process has ended. */
  cleanUp?(pid: number): Promise<void>
}

export type RawLauncher = {
  provider: string
  /**
   * Writes what the CLI needs into `folder`, which is its own and goes with it.
   * @throws GatewayError `provider_unavailable` where it is not installed, `unsupported_parameter` for what it cannot do
   */
  prepare(request: RawRequest, folder: SandboxFolder, signal: AbortSignal): Promise<RawCommand>
}
