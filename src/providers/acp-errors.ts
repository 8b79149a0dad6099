// What goes wrong between the gateway and an agent, and how the agent's own errors are told apart.
import { GatewayError } from '../core/error.ts'
import type { Child, ChildExit } from '../process/spawn.ts'

/** The agent answered a request with an error. `code` is the agent's own: a number of JSON-RPC, or an HTTP status. */
export class AcpError extends Error {
  override readonly name = 'AcpError'

  constructor(
    readonly code: number,
    message: string,
    readonly data: unknown,
  ) {
    super(message)
  }
}

/**
 * Whether 500 says only that the agent itself stumbled: Gemini CLI (0.61.0) gives it to all that has no status, and may leave its
 * request to the model's service open. A status of the service comes with the service's own JSON.
 */
export function isOwnFault({ code, message }: AcpError): boolean {
  return code === 500 && !/"code"|"status"/.test(message)
}

export const METHOD_NOT_FOUND = -32601
export const AUTH_REQUIRED = -32000
export const RESOURCE_NOT_FOUND = -32002

/** The process ended, or closed a pipe, while it was needed: it is killed. `name` is the agent's, for people; what it said on stderr is the cause. */
export async function endedError(name: string, child: Child): Promise<GatewayError> {
  // Without its pipes it is of no use, and would never end by itself.
  child.kill('SIGKILL')
  const exit = await child.exited
  const cause = new Error(child.stderrTail())
  return new GatewayError('provider_error', `${name} ended before its answer was complete (${howEnded(exit)}).`, {
    cause,
  })
}

function howEnded({ code, signal }: ChildExit): string {
  return signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`
}
