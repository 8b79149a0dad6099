// The issued keys as a running server sees them: what a command changes in the file counts within a second.
import { fileStamp } from '../files/file-stamp.ts'
import { LockedError } from '../files/lock.ts'
import { changeKeyFile, readKeyFile, type StoredKey } from './key-file.ts'

/** How often the file is looked at, in milliseconds: a revoked key must not work for long. */
const LOOK_EVERY = 1000
/** How often the times of last use are written, in milliseconds. */
const WRITE_EVERY = 60_000
/** How long a write may hold up the requests of others, or the end, while a command changes the keys; in milliseconds. */
const PATIENCE = 200

export type KeyRing = {
  /** Keys that are valid now. The same array until the file changes. */
  keys(): readonly StoredKey[]
  /** Whether any key was ever issued: then one is asked for, also when all of them are revoked or their file is taken away. */
  guards(): boolean
  used(id: string): void
  close(): void
}

export type KeyRingOptions = {
  file: string
  /** Told once for each damage: the last good keys stay. */
  onDamage(error: unknown): void
  now?: () => number
}

/** @throws Error when the file is damaged at the start: then nobody knows who may come in */
export function openKeyRing({ file, onDamage, now = Date.now }: KeyRingOptions): KeyRing {
  let stamp = fileStamp(file)
  const first = readKeyFile(file)
  let valid = first.filter(isValid)
  let guarded = first.length > 0
  let lookedAt = now()
  const uses = new Map<string, number>()

  const look = () => {
    if (now() - lookedAt < LOOK_EVERY) return
    lookedAt = now()
    const seen = fileStamp(file)
    if (seen === stamp) return
    stamp = seen
    try {
      const all = readKeyFile(file)
      valid = all.filter(isValid)
      // Never back to false: a file that is lost, or replaced in two steps, must not open the gateway.
      guarded ||= all.length > 0
    } catch (error) {
      onDamage(error)
    }
  }
  const write = () => {
    if (uses.size === 0) return
    const seen = new Map(uses)
    uses.clear()
    try {
      changeKeyFile(file, (keys) => keys.map((key) => withUse(key, seen.get(key.id))), PATIENCE)
    } catch (error) {
      if (!(error instanceof LockedError)) return onDamage(error)
      // The next time, then.
      for (const [id, at] of seen) if (!uses.has(id)) uses.set(id, at)
    }
  }
  const timer = setInterval(write, WRITE_EVERY)
  timer.unref()

  return {
    keys() {
      look()
      return valid
    },
    guards() {
      look()
      return guarded
    },
    used: (id) => void uses.set(id, now()),
    close() {
      clearInterval(timer)
      write()
    },
  }
}

const isValid = (key: StoredKey): boolean => key.revokedAt === undefined

function withUse(key: StoredKey, at: number | undefined): StoredKey {
  return at === undefined ? key : { ...key, lastUsedAt: Math.max(at, key.lastUsedAt ?? 0) }
}
