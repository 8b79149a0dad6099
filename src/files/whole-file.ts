// Files that are whole or not there at all, whenever the process or the machine ends: written beside, then put in place.
import { closeSync, fchmodSync, fsyncSync, linkSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { newId } from '../core/ids.ts'

export type WholeFileOptions = {
  /** Who may read it: the owner alone by default. */
  mode?: number
  /** Whether it is on the disk itself before this returns: for what nobody could make anew after a power cut. */
  durable?: boolean
}

/**
 * Makes a file. One that is already there stays as it is.
 * @returns false when there was one already
 */
export function createFile(path: string, text: string, options: WholeFileOptions = {}): boolean {
  try {
    putInPlace(path, text, options, linkSync)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/**
 * Makes a file, or takes the place of the one that is there. A link at `path` is replaced, and what it leads to left alone:
 * who wants to write behind it names that.
 */
export function replaceFile(path: string, text: string, options: WholeFileOptions = {}): void {
  putInPlace(path, text, options, renameSync)
}

function putInPlace(
  path: string,
  text: string,
  { mode = 0o600, durable = false }: WholeFileOptions,
  put: (draft: string, path: string) => void,
): void {
  const folder = dirname(path)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  // Nobody else's: processes of two containers may have the same number.
  const draft = `${path}.${newId('', 12)}.new`
  try {
    writeDraft(draft, text, mode, durable)
    put(draft, path)
    if (durable) syncFolder(folder)
  } finally {
    // After a rename there is none.
    rmSync(draft, { force: true })
  }
}

function writeDraft(draft: string, text: string, mode: number, durable: boolean): void {
  // `x`: a link that somebody has laid there is not followed.
  const descriptor = openSync(draft, 'wx', 0o600)
  try {
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at)
    // Exactly this mode, whatever the process takes away from new files.
    fchmodSync(descriptor, mode)
    if (durable) fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** The name of a file is in its folder, which is written by itself. Windows opens no folders, and needs none of this. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
