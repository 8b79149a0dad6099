// The list of files to remove, as lines of JSON: one per file added, one per file done with. Adding is a single append, so that
// a crash costs one line at most; any line that cannot be read is passed over.
import { appendFileSync, lstatSync, readFileSync } from 'node:fs'
import { replaceFile } from '../files/whole-file.ts'

/** A file or folder to remove. */
export type Leftover = {
  path: string
  /** When it was added; milliseconds since 1970. */
  at: number
  /** Due at once, whatever the delay. */
  now?: true
  /** A folder, with all that is in it. */
  folder?: true
  /** The file's number on its disk when it was added: one made later under the same name is another's. */
  inode?: string
}

/** Rewritten after so many lines, or as many as it has files, if that is more. */
const SLACK = 1000

/** Several gateways may append to the same file. What cannot be written is kept in memory only. */
export class Journal {
  private appended = 0
  private rewriteAfter = SLACK

  constructor(private readonly file: string) {}

  /** What earlier runs left to be done. */
  load(): Map<string, Leftover> {
    const { entries, clean } = this.read()
    if (!clean) this.rewrite()
    return entries
  }

  add(entry: Leftover): void {
    this.append(entry)
  }

  done(path: string): void {
    this.append({ done: path })
    if (this.appended > this.rewriteAfter) this.rewrite()
  }

  private append(line: Leftover | { done: string }): void {
    this.appended++
    try {
      // The line break in front ends a line that somebody's crash has torn.
      appendFileSync(this.file, `\n${JSON.stringify(line)}\n`, { mode: 0o600 })
    } catch {
      // A full disk must not fail the request whose leftovers these are.
    }
  }

  /** `clean`: nothing in it is superfluous. */
  private read(): { entries: Map<string, Leftover>; clean: boolean } {
    const entries = new Map<string, Leftover>()
    const text = trustedText(this.file)
    const lines = text?.split('\n').filter(Boolean) ?? []
    for (const line of lines) {
      const value = parse(line)
      if (!value) continue
      if ('done' in value) entries.delete(value.done)
      else entries.set(value.path, value)
    }
    return { entries, clean: text !== undefined && lines.length === entries.size }
  }

  private rewrite(): void {
    // Read again, since another gateway may have added to it.
    const { entries } = this.read()
    this.appended = 0
    this.rewriteAfter = Math.max(SLACK, entries.size)
    try {
      replaceFile(this.file, [...entries.values()].map((entry) => `${JSON.stringify(entry)}\n`).join(''))
    } catch {
      // A full disk leaves the longer one.
    }
  }
}

/** Empty when there is no file; undefined for one that others can write to, since it would let them remove our files. */
function trustedText(file: string): string | undefined {
  try {
    const stat = lstatSync(file)
    const ours = process.getuid === undefined || (stat.uid === process.getuid() && (stat.mode & 0o022) === 0)
    return stat.isFile() && ours ? readFileSync(file, 'utf8') : undefined
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? '' : undefined
  }
}

function parse(line: string): Leftover | { done: string } | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  if ('done' in value) return typeof value.done === 'string' ? { done: value.done } : undefined
  if (!('path' in value) || typeof value.path !== 'string') return undefined
  if (!('at' in value) || typeof value.at !== 'number') return undefined
  return {
    path: value.path,
    // A clock that was ahead must not keep a file for years.
    at: Math.min(value.at, Date.now()),
    ...('now' in value && value.now === true && { now: true }),
    ...('folder' in value && value.folder === true && { folder: true }),
    ...('inode' in value && typeof value.inode === 'string' && { inode: value.inode }),
  }
}
