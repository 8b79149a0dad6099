import { chmodSync, statSync } from 'node:fs'
import { errorCode } from './error-code.ts'

/**
 * Makes a file that others may read its owner's alone. Where files have no modes of their own (vfat, many shares), whoever
 * mounted them has decided who may read, and it is left as it is.
 * @throws Error for a file that is somebody else's
 */
export function closeToOthers(path: string): void {
  const { mode, uid } = statSync(path)
  if ((mode & 0o077) === 0) return
  try {
    chmodSync(path, 0o600)
  } catch (error) {
    if (!hasNoModes(error) || uid !== process.getuid?.()) throw error
  }
}

/** Whether it was refused because the file system has no modes; or, with a file of somebody else, for that. */
export function hasNoModes(error: unknown): boolean {
  return ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(errorCode(error) ?? '')
}
