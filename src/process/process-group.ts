// Signals to a child and to all that it started. A child of spawn.ts leads a group of its own, so that one signal reaches its
// children too; those that left the group (a CLI runs shell commands in sessions of their own) are found by their parent.
import { readdirSync, readFileSync } from 'node:fs'

/** Sends `signal` to the group that `pid` leads; where there are no groups (Windows), to `pid`. False when nobody was there. */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  return send(process.platform === 'win32' ? pid : -pid, signal)
}

/** SIGKILL to `pid`, to the group that it leads if it leads one and, on Linux, to all its descendants wherever they are. */
export function killTree(pid: number): void {
  // Listed first, since the dead have no children: they are handed to init.
  for (const target of [pid, ...descendantsOf(pid)]) {
    if (!signalGroup(target, 'SIGKILL')) send(target, 'SIGKILL')
  }
}

/** All processes below `pid`, as far as /proc tells. */
export function descendantsOf(pid: number): number[] {
  const found: number[] = []
  for (let parents = [pid]; parents.length > 0;) {
    parents = parents.flatMap(childrenOf)
    found.push(...parents)
  }
  return found
}

function childrenOf(pid: number): number[] {
  try {
    // Each thread lists the children that it started itself.
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    )
  } catch {
    return []
  }
}

function send(target: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(target, signal)
    return true
  } catch {
    // ESRCH: gone. EPERM: macOS says so for a group of zombies.
    return false
  }
}
