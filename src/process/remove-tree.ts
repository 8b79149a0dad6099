import { chmod, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Removes a file or folder with all that is in it; links are removed, never followed. False when something is left. */
export async function removeTree(path: string): Promise<boolean> {
  try {
    await rm(path, { recursive: true, force: true })
    return true
  } catch {
    // A CLI's tool may have taken its own folders' write permission away.
    await openUp(path)
  }
  return rm(path, { recursive: true, force: true }).then(
    () => true,
    () => false,
  )
}

async function openUp(folder: string): Promise<void> {
  try {
    await chmod(folder, 0o700)
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) await openUp(join(folder, entry.name))
    }
  } catch {
    // What cannot be opened is reported by the removal itself.
  }
}
