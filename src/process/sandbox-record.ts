// The two kinds of notes in an instance's folder: who owns it, and which children were started for it.
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { processStart, processWorld } from './process-start.ts'

/** A process that can be told from a later one with the same number. */
export type ProcessRecord = { pid: number; start: string }
export type OwnerRecord = ProcessRecord & { world: string }

const OWNER = '.owner.json'
const CHILDREN = '.children'

export const ownerFile = (instance: string) => join(instance, OWNER)

/** Notes that this process owns the folder. */
export function writeOwner(instance: string): void {
  const owner: OwnerRecord = { pid: process.pid, start: processStart(process.pid) ?? '', world: processWorld() }
  writeFileSync(ownerFile(instance), JSON.stringify(owner), { mode: 0o600, flag: 'wx' })
  mkdirSync(join(instance, CHILDREN), { mode: 0o700 })
}

/** Undefined when there is no owner, or none that can be read. */
export function readOwner(instance: string): OwnerRecord | undefined {
  const value = readRecord(ownerFile(instance))
  if (!value || !('world' in value) || typeof value.world !== 'string') return undefined
  return { ...value, world: value.world }
}

/** Notes a child; at once, since a gateway that dies in the next moment leaves it behind. False when it is gone already. */
export function writeChild(instance: string, pid: number): boolean {
  const start = processStart(pid)
  if (start === undefined) return false
  const record: ProcessRecord = { pid, start }
  writeFileSync(join(instance, CHILDREN, String(pid)), JSON.stringify(record), { mode: 0o600 })
  return true
}

export function forgetChild(instance: string, pid: number): void {
  rmSync(join(instance, CHILDREN, String(pid)), { force: true })
}

export function readChildren(instance: string): ProcessRecord[] {
  const folder = join(instance, CHILDREN)
  try {
    if (!lstatSync(folder).isDirectory()) return []
    return readdirSync(folder)
      .map((name) => readRecord(join(folder, name)))
      .filter((record) => record !== undefined)
  } catch {
    return []
  }
}

function readRecord(file: string): ProcessRecord | undefined {
  try {
    if (!lstatSync(file).isFile()) return undefined
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('start' in value)) return undefined
    const { pid, start } = value
    // 0 and 1 as a target would mean our own group, and init.
    if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 2 || typeof start !== 'string') return undefined
    return { ...value, pid, start }
  } catch {
    return undefined
  }
}
