// Removes one leftover, and nothing that only looks like it.
import { lstatSync, realpathSync } from 'node:fs'
import { lstat, unlink } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join, resolve, sep } from 'node:path'
import type { Leftover } from './leftovers-journal.ts'
import { removeTree } from './remove-tree.ts'

/** `gone`: it was not there; `refused`: it is not, or no longer, what was added; `failed`: it may work later. */
export type Removal = 'removed' | 'gone' | 'refused' | 'failed'

/** `path` with the links in its folder resolved, as it is at this moment; undefined when it must not be removed at all. */
export function removablePath(path: string): string | undefined {
  if (path !== resolve(path) || path.includes('\0')) return undefined
  const plain = join(realOf(dirname(path)), basename(path))
  return [path, plain].some(isProtected) ? undefined : plain
}

export function inodeOf(path: string): string | undefined {
  try {
    return String(lstatSync(path, { bigint: true }).ino)
  } catch {
    return undefined
  }
}

/** Never follows a link: not at the path itself, not on the way to it, not below it. */
export async function removeLeftover(entry: Leftover): Promise<Removal> {
  const { path } = entry
  try {
    // Another path now: a link has come into its folder.
    if (removablePath(path) !== path) return 'refused'
    const stat = await lstat(path, { bigint: true })
    if (stat.isSymbolicLink() || stat.isDirectory() !== (entry.folder === true)) return 'refused'
    if (entry.inode !== undefined && entry.inode !== String(stat.ino)) return 'refused'
    if (entry.folder) return (await removeTree(path)) ? 'removed' : 'failed'
    await unlink(path)
    return 'removed'
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'gone' : 'failed'
  }
}

/** The root, the home folder, and whatever the home folder is in. */
function isProtected(path: string): boolean {
  const homes = [homedir(), process.env['HOME']].filter((home) => home !== undefined && home !== '')
  return [...homes, ...homes.map((home) => realOf(home!))].some((home) =>
    `${home}${sep}`.startsWith(withSeparator(path)),
  )
}

const withSeparator = (path: string) => (path.endsWith(sep) ? path : path + sep)

function realOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
