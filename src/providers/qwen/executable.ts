// Where the program itself is: npm's `qwen` is a script that starts another Node.js, which signals do not reach.
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { findExecutable } from '../../process/find-executable.ts'
import { asFields, textAt } from '../fields.ts'
import type { Installation } from '../installation.ts'

const PACKAGE = join('node_modules', '@qwen-code', 'qwen-code')

/** How Qwen Code is started on this machine; undefined when it is not installed. `node` is an absolute path. */
export function findQwen(options: {
  configured: string | undefined
  path: string | undefined
  node: string | undefined
}): Installation | undefined {
  const path = findExecutable('qwen', { configured: options.configured, path: options.path })
  if (path === undefined) return undefined
  const node = findExecutable('node', { configured: options.node, path: options.path })
  const folder = packageFolder(path)
  const script = folder && join(folder, 'cli.js')
  const version = folder && readVersion(folder)
  if (script === undefined || node === undefined || !existsSync(script))
    return { path, command: path, args: [], version }
  // It starts itself again without this flag.
  return { path, command: node, args: ['--expose-gc', script], version }
}

/** The folder of the npm package behind `path`: a link into it, or a small script that names it (pnpm's). */
function packageFolder(path: string): string | undefined {
  try {
    const real = realpathSync(path)
    if (isPackage(dirname(real))) return dirname(real)
    const script = readFileSync(real, 'utf8').slice(0, 4096)
    const named = script.startsWith('#!')
      ? /"([^"\n]*@qwen-code\/qwen-code)\/cli-entry\.js"/.exec(script)?.[1]
      : undefined
    const folders = [named?.replace('$basedir', dirname(path)), join(dirname(dirname(path)), 'lib', PACKAGE)]
    return folders.find((folder) => folder !== undefined && isPackage(folder))
  } catch {
    return undefined
  }
}

function isPackage(folder: string): boolean {
  return existsSync(join(folder, 'cli.js')) && existsSync(join(folder, 'package.json'))
}

function readVersion(folder: string): string | undefined {
  try {
    return textAt(asFields(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))), 'version')
  } catch {
    return undefined
  }
}
