import { statSync } from 'node:fs'

/** Changes whenever the file does: a rename gives it another inode. Empty where there is none that one may look at. */
export function fileStamp(file: string): string {
  try {
    const { ino, mtimeMs, size } = statSync(file)
    return `${ino}-${mtimeMs}-${size}`
  } catch {
    return ''
  }
}
