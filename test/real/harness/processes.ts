// What still runs, read from /proc: for assertions that nothing was left behind. Linux only; elsewhere both lists throw.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'

type Process = { pid: number; parent: number; state: string }

/** All living processes that descend from `pid`, itself left out. Zombies don't count: they hold nothing. */
export function descendants(pid: number): number[] {
  const all = living()
  const found = new Set([pid])
  let before = 0
  while (found.size > before) {
    before = found.size
    for (const process of all) if (found.has(process.parent)) found.add(process.pid)
  }
  found.delete(pid)
  return [...found]
}

/** All living processes whose working directory, HOME or open files lie in `folder`. */
export function processesUnder(folder: string): number[] {
  return living()
    .map((process) => process.pid)
    .filter((pid) => pid !== process.pid && (usesFolder(pid, folder) || hasHomeIn(pid, folder)))
}

function living(): Process[] {
  const all: Process[] = []
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = read(() => readFileSync(`/proc/${name}/stat`, 'utf8'))
    // The command in parentheses may itself hold spaces and parentheses.
    const [state, parent] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? []
    if (state && parent && state !== 'Z') all.push({ pid: Number(name), parent: Number(parent), state })
  }
  return all
}

function usesFolder(pid: number, folder: string): boolean {
  const links = [
    `/proc/${pid}/cwd`,
    ...(read(() => readdirSync(`/proc/${pid}/fd`)) ?? []).map((fd) => `/proc/${pid}/fd/${fd}`),
  ]
  return links.some((link) =>
    isIn(
      read(() => readlinkSync(link)),
      folder,
    ),
  )
}

function hasHomeIn(pid: number, folder: string): boolean {
  const environment = read(() => readFileSync(`/proc/${pid}/environ`, 'utf8'))?.split('\0') ?? []
  return environment.some((entry) => entry.startsWith('HOME=') && isIn(entry.slice('HOME='.length), folder))
}

function isIn(path: string | undefined, folder: string): boolean {
  return path !== undefined && (path === folder || path.startsWith(`${folder}/`))
}

/** Processes come and go while we look, and some are not ours to read. */
function read<T>(get: () => T): T | undefined {
  try {
    return get()
  } catch {
    return undefined
  }
}
