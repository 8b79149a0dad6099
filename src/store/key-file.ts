// The file of issued keys, shared by the server and the `keys` commands. Only hashes are in it.
import { readFileSync } from 'node:fs'
import * as v from 'valibot'
import { closeToOthers } from '../files/close-to-others.ts'
import { lock } from '../files/lock.ts'
import { replaceFile } from '../files/whole-file.ts'

const KeySchema = v.strictObject({
  id: v.pipe(v.string(), v.regex(/^key_[A-Za-z0-9]{12}$/)),
  name: v.string(),
  hash: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  prefix: v.string(),
  scopes: v.array(v.picklist(['infer', 'read', 'admin'])),
  createdAt: v.number(),
  lastUsedAt: v.optional(v.number()),
  revokedAt: v.optional(v.number()),
})
const FileSchema = v.strictObject({ version: v.literal(1), keys: v.array(KeySchema) })

/** Where the keys of a gateway are, below its state folder. */
export const KEY_FILE = 'keys.json'

/** A change takes a few milliseconds: who needs longer hangs. */
const PATIENCE = 5000

/** One key as the file has it; times in milliseconds since 1970. */
export type StoredKey = v.InferOutput<typeof KeySchema>

/**
 * Reads all keys; none where there is no file. A file that others may read is made the owner's own.
 * @throws Error when the file is there and cannot be used: nothing is ever written over it
 */
export function readKeyFile(path: string): StoredKey[] {
  const text = readIfThere(path)
  if (text === undefined) return []
  closeToOthers(path)
  const parsed = v.safeParse(FileSchema, parse(text))
  if (!parsed.success) throw new Error(`${path} is damaged. Mend it, or remove it and issue new keys.`)
  return parsed.output.keys
}

/**
 * Changes the keys in one step that no crash can cut in two, and that no other program can come between.
 * @param patience milliseconds in which others may be done with theirs
 * @throws LockedError when they are not; Error for a file that cannot be used
 */
export function changeKeyFile(
  path: string,
  change: (keys: StoredKey[]) => StoredKey[],
  patience = PATIENCE,
): StoredKey[] {
  using _ = lock(`${path}.lock`, patience)
  const keys = change(readKeyFile(path))
  replaceFile(path, `${JSON.stringify({ version: 1, keys }, null, 2)}\n`, { durable: true })
  return keys
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
