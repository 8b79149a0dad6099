// Removes what gateways that died left behind: their children that still run, and their folders. Touches nothing that is not
// proven to be one's leavings.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { lstat, readdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { killTree } from './process-group.ts'
import { processStart, processStat, processWorld } from './process-start.ts'
import { removeTree } from './remove-tree.ts'
import { type OwnerRecord, ownerFile, type ProcessRecord, readChildren, readOwner } from './sandbox-record.ts'

/** Names of instances below the root. */
export const INSTANCE_PREFIX = 'run-'
/** An owner touches its record this often, in milliseconds. */
export const HEARTBEAT = 30_000
const STALE_AFTER = 4 * HEARTBEAT

/**
 * Looks at each instance below `root` and, where its owner (number and start time) is dead, kills the recorded children that
 * still are the ones recorded, with their groups, and removes the folder. Resolves when they are gone. Never rejects.
 */
export async function sweepSandboxes(root: string): Promise<{ folders: number; processes: number }> {
  const swept = { folders: 0, processes: 0 }
  const names = await readdir(root).catch(() => [])
  for (const name of names.filter((name) => name.startsWith(INSTANCE_PREFIX))) {
    const instance = join(root, name)
    const fate = await judge(instance)
    if (fate === 'leave') continue
    if (fate === 'empty') {
      await rmdir(instance).catch(() => {})
      continue
    }
    if (fate === 'dead') swept.processes += await killChildren(instance)
    if (await removeTree(instance)) swept.folders++
  }
  return swept
}

/** `dead`: here; `lost`: its owner lived in another world (before a reboot, in another container) and is silent. */
async function judge(instance: string): Promise<'leave' | 'empty' | 'dead' | 'lost'> {
  const stat = await lstat(instance).catch(() => undefined)
  if (!stat?.isDirectory() || !isOurs(stat.uid)) return 'leave'
  const owner = readOwner(instance)
  if (owner?.world === processWorld()) return isAlive(owner) ? 'leave' : 'dead'
  const note = await lstat(ownerFile(instance)).catch(() => undefined)
  // Between its making and the owner's note; or what a gateway that died right there left, which only goes when it is empty.
  if (!note) return isStale(stat.mtimeMs) ? 'empty' : 'leave'
  return note.isFile() && isStale(note.mtimeMs) ? 'lost' : 'leave'
}

const isAlive = (owner: OwnerRecord) => processStart(owner.pid) === owner.start
const isStale = (since: number) => Date.now() - since > STALE_AFTER
const isOurs = (uid: number) => process.getuid === undefined || process.getuid() === uid

async function killChildren(instance: string): Promise<number> {
  const killed = readChildren(instance).flatMap((child) => killRecorded(child, instance))
  // The folder goes next, and a dying process may still write into it.
  for (const deadline = Date.now() + 2000; Date.now() < deadline && killed.some(isThere);) await Bun.sleep(5)
  return killed.length
}

const isThere = (killed: ProcessRecord) => processStart(killed.pid) === killed.start

function killRecorded(child: ProcessRecord, instance: string): ProcessRecord[] {
  const start = processStart(child.pid)
  if (start === child.start) {
    killTree(child.pid)
    return [child]
  }
  // The number is another's now, so the group of that name is too.
  if (start !== undefined) return []
  const orphans = orphansOf(child.pid, instance)
  for (const orphan of orphans) killTree(orphan.pid)
  return orphans
}

/**
 * Members of a group whose leader is dead (Linux). That the number was not used again since is only likely, so each must also
 * work in a folder of the instance, or have one in its environment.
 */
function orphansOf(group: number, instance: string): ProcessRecord[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => processStat(Number(name)))
    .filter((stat) => stat !== undefined)
    .filter((stat) => stat.group === group && stat.session === group && belongsTo(stat.pid, `${instance}/`))
}

function belongsTo(pid: number, prefix: string): boolean {
  try {
    if (readlinkSync(`/proc/${pid}/cwd`).startsWith(prefix)) return true
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(Buffer.from(prefix).toString('latin1'))
  } catch {
    return false
  }
}
