// Where the program itself is: npm's `codex` is a script for Node, which costs 50 ms and a process at each start.
import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { findExecutable } from '../../process/find-executable.ts'

/** Names of the packages that hold the program, by `process.platform` and `process.arch` (`@openai/codex` 0.169.0). */
const TARGETS: Readonly<Record<string, { triple: string; name: string }>> = {
  'linux-x64': { triple: 'x86_64-unknown-linux-musl', name: 'linux-x64' },
  'linux-arm64': { triple: 'aarch64-unknown-linux-musl', name: 'linux-arm64' },
  'darwin-x64': { triple: 'x86_64-apple-darwin', name: 'darwin-x64' },
  'darwin-arm64': { triple: 'aarch64-apple-darwin', name: 'darwin-arm64' },
  'win32-x64': { triple: 'x86_64-pc-windows-msvc', name: 'win32-x64' },
  'win32-arm64': { triple: 'aarch64-pc-windows-msvc', name: 'win32-arm64' },
}

/** The absolute path of the CLI, the one behind npm's script where there is one. Undefined when it is not installed. */
export function findCodex(options: {
  configured: string | undefined
  path: string | undefined
  platform?: string
}): string | undefined {
  const { configured, path, platform = `${process.platform}-${process.arch}` } = options
  const found = findExecutable('codex', { configured, path })
  return found && (nativeProgram(found, platform) ?? found)
}

/** The program that npm's script at `path` would start; undefined where it is no such script. */
function nativeProgram(path: string, platform: string): string | undefined {
  const target = TARGETS[platform]
  const script = realPath(path)
  if (!target || !script?.endsWith(join('bin', 'codex.js'))) return undefined
  const program = join('vendor', target.triple, 'bin', platform.startsWith('win32') ? 'codex.exe' : 'codex')
  return [packageFolder(script, `@openai/codex-${target.name}`), dirname(dirname(script))]
    .filter((folder) => folder !== undefined)
    .map((folder) => join(folder, program))
    .find((candidate) => existsSync(candidate))
}

function packageFolder(script: string, name: string): string | undefined {
  try {
    return dirname(createRequire(script).resolve(`${name}/package.json`))
  } catch {
    return undefined
  }
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}
