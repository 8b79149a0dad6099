import { statSync } from 'node:fs'

/** Changes whenever the file does: a rename gives it another inode. Empty where there is none. */
export function fileStamp(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false })
  return found ? `${found.ino}-${found.mtimeMs}-${found.size}` : ''
}
