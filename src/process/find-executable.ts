import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

/** Windows starts these by their extension; elsewhere a name is complete. */
const EXTENSIONS = process.platform === 'win32' ? ['.exe', '.cmd', '.bat', ''] : ['']

/**
 * The absolute path of the program `name`: `configured` where given (an absolute path; a wrong one does not fall back to
 * another program), else the first match in `path` (default: this process's PATH). Undefined when there is none. Links are not
 * resolved, since the shims of version managers look at the name they were called by.
 */
export function findExecutable(name: string, options: { path?: string; configured?: string } = {}): string | undefined {
  if (options.configured !== undefined) return isAbsolute(options.configured) ? match(options.configured) : undefined
  if (isAbsolute(name)) return match(name)
  if (name === '' || /[/\\]/.test(name)) return undefined
  const folders = (options.path ?? process.env['PATH'] ?? '').split(delimiter)
  for (const folder of folders) {
    // A relative entry would let the folder that cligate was started in choose the program.
    const found = isAbsolute(folder) ? match(join(folder, name)) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

function match(path: string): string | undefined {
  return EXTENSIONS.map((extension) => path + extension).find(isExecutableFile)
}

function isExecutableFile(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
