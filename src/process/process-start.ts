// Who a process is beyond its number, which the system gives to another one later.
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { commandOutput } from './spawn.ts'

/**
 * When the process began, as the system writes it: equal for the same process, different for a later one of the same number.
 * Undefined when there is no such process (a zombie counts as none).
 */
export function processStart(pid: number): string | undefined {
  switch (process.platform) {
    case 'linux':
      return processStat(pid)?.start
    case 'win32':
      return exists(pid) ? 'running' : undefined
    default:
      return commandOutput('ps', ['-o', 'lstart=', '-p', String(pid)])?.trim() || undefined
  }
}

export type ProcessStat = { pid: number; group: number; session: number; start: string }

/** Of /proc/<pid>/stat (Linux); undefined when there is no such process, or a zombie only. */
export function processStat(pid: number): ProcessStat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The second field is the program's name in brackets, with spaces and brackets of its own.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const [state, , group, session] = fields
    if (state === 'Z' || state === 'X') return undefined
    return { pid, group: Number(group), session: Number(session), start: fields[19]! }
  } catch {
    return undefined
  }
}

/**
 * The world in which process numbers mean what they mean here: one boot of one machine, and one container of it. Two gateways
 * of different containers can share a state folder.
 */
export function processWorld(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return hostname()
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
