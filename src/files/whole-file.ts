// Files that are whole or not there at all, whenever the process or the machine ends: written beside, then put in place.
import {
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { newId } from '../core/ids.ts'
import { hasNoModes } from './close-to-others.ts'
import { errorCode } from './error-code.ts'

/** The owner's alone. */
const PRIVATE = 0o600
/** Milliseconds after which a draft is nobody's any more: writing one takes a few of them. */
const DRAFT_LIMIT = 10 * 60_000
const DRAFT_ID = /^[A-Za-z0-9]{12}$/

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
    putInPlace(path, text, options, (draft) => {
      try {
        linkSync(draft, path)
      } catch (error) {
        if (errorCode(error) === 'EEXIST') throw error
        // vfat, exFAT and some shares of a network have no links: there it is whole a moment after it is there.
        writeNew(path, text, options)
      }
    })
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  }
}

/**
 * Makes a file, or takes the place of the one that is there. A link at `path` is replaced, and what it leads to left alone:
 * who wants to write behind it names that.
 */
export function replaceFile(path: string, text: string, options: WholeFileOptions = {}): void {
  putInPlace(path, text, options, (draft) => renameSync(draft, path))
}

function putInPlace(path: string, text: string, options: WholeFileOptions, put: (draft: string) => void): void {
  const folder = dirname(path)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  removeOldDrafts(path)
  // Nobody else's: processes of two containers may have the same number.
  const draft = `${path}.${newId('', 12)}.new`
  try {
    writeNew(draft, text, options)
    put(draft)
    if (options.durable) syncFolder(folder)
  } finally {
    // After a rename there is none.
    rmSync(draft, { force: true })
  }
}

/** @throws Error `EEXIST` when there is one already */
function writeNew(path: string, text: string, { mode = PRIVATE, durable = false }: WholeFileOptions): void {
  // `x`: a link that somebody has laid there is not followed.
  const descriptor = openSync(path, 'wx', PRIVATE)
  try {
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at)
    setMode(descriptor, mode)
    if (durable) fsyncSync(descriptor)
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  } finally {
    closeSync(descriptor)
  }
}

/** Exactly this mode, whatever the process takes away from new files. */
function setMode(descriptor: number, mode: number): void {
  if ((fstatSync(descriptor).mode & 0o777) === mode) return
  try {
    fchmodSync(descriptor, mode)
  } catch (error) {
    // Where files have no modes of their own (vfat, many shares), whoever mounted them has decided for all of them.
    if (mode !== PRIVATE || !hasNoModes(error)) throw error
  }
}

/** Drafts of this file by programs that were killed. What they hold may be secret. */
function removeOldDrafts(path: string): void {
  const [folder, start, end] = [dirname(path), `${basename(path)}.`, '.new']
  try {
    for (const name of readdirSync(folder)) {
      const isDraft =
        name.startsWith(start) && name.endsWith(end) && DRAFT_ID.test(name.slice(start.length, -end.length))
      if (!isDraft) continue
      const file = join(folder, name)
      if (Date.now() - statSync(file).mtimeMs > DRAFT_LIMIT) rmSync(file)
    }
  } catch {
    // A folder that cannot be read, or a draft that somebody else has removed: nothing to do with what is written now.
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
