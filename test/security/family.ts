// What a running cligate holds: processes, descriptors, folders and memory. Linux only.
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { RunningCligate } from '../support/cligate.ts'

/** Processes that work below its state folder, children of children too. Those that are dead and not yet buried are none. */
export function childrenOf({ home }: RunningCligate): number[] {
  const state = join(home, 'state')
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return (
          readlinkSync(`/proc/${pid}/cwd`).startsWith(state) &&
          !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
        )
      } catch {
        return false
      }
    })
}

/** Open files, pipes and sockets. */
export function descriptorsOf({ pid }: RunningCligate): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

/** Folders made for children, of all instances. */
export function foldersOf({ home }: RunningCligate): string[] {
  const run = join(home, 'state', 'run')
  if (!existsSync(run)) return []
  return readdirSync(run).flatMap((instance) => {
    const folder = join(run, instance)
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(instance, name))
  })
}
