import { readFileSync } from 'node:fs'
import { commandOutput } from './spawn.ts'

/** Bytes of memory that a process holds (its resident set); undefined when there is no such process, or nobody tells. */
export function residentMemory(pid: number): number | undefined {
  switch (process.platform) {
    case 'linux':
      return fromStatus(pid)
    case 'win32':
      return undefined
    default: {
      const kilobytes = Number(commandOutput('ps', ['-o', 'rss=', '-p', String(pid)])?.trim())
      return kilobytes > 0 ? kilobytes * 1024 : undefined
    }
  }
}

function fromStatus(pid: number): number | undefined {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
  } catch {
    return undefined
  }
}
