import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { GatewayError } from '../core/error.ts'

/** Why a program could not be started, as an error for the caller: it names the program, no path of this machine. */
export function spawnError(command: string, cwd: string, cause: unknown): GatewayError {
  return new GatewayError('provider_unavailable', `"${basename(command)}" ${reason(cwd, cause)}`, { cause })
}

function reason(cwd: string, cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  switch (code) {
    case 'ENOENT':
      // The system says the same of a missing program and of a missing working folder.
      return existsSync(cwd) ? 'was not found on this machine.' : 'could not start: its working folder is gone.'
    case 'EACCES':
    case 'EPERM':
      return 'may not be executed by this user.'
    case 'E2BIG':
      return 'could not start: its arguments or its environment are too long for this system.'
    case 'ENOEXEC':
      return 'is no program that this machine can run.'
    case 'EAGAIN':
    case 'ENOMEM':
    case 'EMFILE':
    case 'ENFILE':
      return 'could not start: this machine is out of processes, memory or open files.'
    default:
      return 'could not be started.'
  }
}
