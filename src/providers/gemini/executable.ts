// Where the program itself is: npm's `gemini` starts through whatever Node.js comes first on PATH.
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { findExecutable } from '../../process/find-executable.ts'
import { asFields, textAt } from '../fields.ts'
import type { Installation } from '../installation.ts'

export type Search = {
  configured: string | undefined
  path: string | undefined
  runtime: 'node' | 'bun'
  runtimePath: string | undefined
}

const PACKAGE = join('node_modules', '@google', 'gemini-cli')

/** How Gemini CLI is started on this machine; undefined when it is not installed. */
export function findGemini({ configured, path, runtime, runtimePath }: Search): Installation | undefined {
  const found = findExecutable('gemini', { configured, path }) ?? readable(configured)
  if (found === undefined) return undefined
  const folder = packageFolder(found)
  const version = folder && readVersion(folder)
  const script = folder && join(folder, 'bundle', 'gemini.js')
  // cligate itself runs on Bun, which need not be on PATH.
  const own = runtime === 'bun' && runtimePath === undefined ? process.execPath : undefined
  const program = findExecutable(runtime, { configured: runtimePath, path }) ?? own
  if (script === undefined || program === undefined || !existsSync(script)) {
    return { path: found, command: found, args: [], version }
  }
  return { path: found, command: program, args: [script], version }
}

/** A script needs no permission to be executed where Node.js is told to run it. */
function readable(configured: string | undefined): string | undefined {
  return configured?.endsWith('.js') && existsSync(configured) ? configured : undefined
}

/** The folder of the npm package behind `path`: a link into it, or a small script that names it (pnpm's). */
function packageFolder(path: string): string | undefined {
  try {
    const real = realpathSync(path)
    const above = [dirname(real), dirname(dirname(real))].find(isPackage)
    if (above !== undefined) return above
    const script = readFileSync(real, 'utf8').slice(0, 4096)
    const named = /["'](?:\$basedir\/)?([^"'\s]*@google\/gemini-cli)\//.exec(script)?.[1]
    const candidates = [named && join(dirname(real), named), named, join(dirname(real), '..', PACKAGE)]
    return candidates.find((folder) => folder !== undefined && isPackage(folder))
  } catch {
    return undefined
  }
}

function isPackage(folder: string): boolean {
  return readPackage(folder)?.['name'] === '@google/gemini-cli'
}

function readVersion(folder: string): string | undefined {
  return textAt(readPackage(folder), 'version')
}

function readPackage(folder: string) {
  try {
    return asFields(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')))
  } catch {
    return undefined
  }
}
