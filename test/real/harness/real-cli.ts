// Where the pinned CLIs are, and the clean world that they run in.
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * The absolute path of a pinned CLI: the real one, from `test/real/package.json`.
 * @throws Error that names the command to install it
 */
export function realCli(name: 'claude' | 'codex' | 'gemini' | 'qwen'): string {
  const path = join(import.meta.dir, '../node_modules/.bin', name)
  if (existsSync(path)) return path
  throw new Error(`${name} is not installed for tests. Run: bun install --cwd test/real`)
}

/** All that the CLI sees of this machine: a home of its own, a dummy key, and the simulated API instead of the real one. */
export function cleanEnvironment(upstreamUrl: string, home: string): Record<string, string> {
  return {
    HOME: home,
    PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    TMPDIR: home,
    ANTHROPIC_BASE_URL: upstreamUrl,
    ANTHROPIC_API_KEY: 'dummy',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
  }
}

/** A fresh private folder, removed at the end of `await using`. */
export async function temporaryHome(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'cligate-test-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}
