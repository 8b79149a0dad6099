import { existsSync, linkSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Puts links to those of the files that are in `from` into `to`: what is written to one in place is written to both.
 * @throws Error where neither kind of link can be made
 */
export function shareFiles(names: readonly string[], from: string, to: string): void {
  for (const name of names) {
    const file = join(from, name)
    if (existsSync(file)) share(file, join(to, name))
  }
}

function share(file: string, link: string): void {
  try {
    symlinkSync(file, link)
  } catch {
    // Windows lets not everybody make symbolic links. A hard link is as good: the file is written in place.
    linkSync(file, link)
  }
}
