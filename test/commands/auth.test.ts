import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CLI_LOGINS } from '../../src/commands/cli-login.ts'
import { realCli } from '../real/harness/real-cli.ts'

const CLI = join(import.meta.dir, '../../src/cli.ts')
const root = mkdtempSync(join(tmpdir(), 'cligate-auth-'))
afterAll(() => rmSync(root, { recursive: true }))
let home = ''
beforeEach(() => {
  home = mkdtempSync(join(root, 'home-'))
  mkdirSync(join(home, 'bin'))
})

/** A CLI that tells how it was called. */
function fakeCli(name: string, exitCode = 0): void {
  const script = `#!/bin/sh\necho "$0 $*" "claude=$CLAUDE_CONFIG_DIR codex=$CODEX_HOME secret=$SECRET"\nexit ${exitCode}\n`
  writeFileSync(join(home, 'bin', name), script)
  chmodSync(join(home, 'bin', name), 0o755)
}

function cligate(words: string[], environment: Record<string, string> = {}) {
  const { stdout, stderr, exitCode } = Bun.spawnSync([process.execPath, CLI, ...words], {
    cwd: home,
    env: { PATH: `${home}/bin:/usr/bin:/bin`, HOME: home, SECRET: 'x', ...environment },
  })
  return { out: stdout.toString(), error: stderr.toString(), code: exitCode }
}

describe('auth login and logout', () => {
  test('run the CLI’s own command, in its own home', () => {
    fakeCli('claude')
    const { out, code } = cligate(['auth', 'login', 'claude'])
    expect(code).toBe(0)
    expect(out).toBe(`${home}/bin/claude auth login claude= codex= secret=\n`)
    expect(cligate(['auth', 'logout', 'claude']).out).toContain('auth logout')
    expect(cligate(['auth', 'login', 'claude'], { CLAUDE_CONFIG_DIR: '/elsewhere' }).out).toContain('claude=/elsewhere')
  })

  test('in the home of an account, which can then be used', () => {
    fakeCli('codex')
    const folder = join(home, '.local/state/cligate/accounts/codex/work')
    expect(cligate(['auth', 'login', 'codex', '--account', 'work']).out).toContain(`login claude= codex=${folder}`)
    expect(cligate(['account', 'list']).out).toContain('  codex/work\n')
    expect(cligate(['account', 'use', 'codex', 'work'])).toMatchObject({ code: 0 })
    expect(JSON.parse(cligate(['account', 'list', '--json']).out).accounts).toContainEqual({
      provider: 'codex',
      name: 'work',
      active: true,
    })
    expect(cligate(['account', 'use', 'codex', 'home']).code).toBe(2)
    expect(cligate(['account', 'use', 'codex', 'work'], { CODEX_HOME: '/x' })).toMatchObject({ code: 2 })
  })

  test('end as the CLI ends', () => {
    fakeCli('claude', 7)
    expect(cligate(['auth', 'login', 'claude']).code).toBe(7)
  })

  test('say what is wrong', () => {
    expect(cligate(['auth', 'login', 'claude'])).toMatchObject({
      code: 1,
      error: expect.stringContaining('not installed'),
    })
    expect(cligate(['auth', 'login', 'claud'])).toMatchObject({ code: 2 })
    fakeCli('gemini')
    expect(cligate(['auth', 'logout', 'gemini'])).toMatchObject({ code: 1 })
    fakeCli('claude')
    expect(cligate(['auth', 'login', 'claude', '--account', '../x'])).toMatchObject({ code: 2 })
  })

  test('status says who is logged in', () => {
    const { out, code } = cligate(['auth', 'status', '--json'])
    expect(code).toBe(1)
    const { providers } = JSON.parse(out) as { providers: { provider: string; state: string }[] }
    expect(providers).toContainEqual(expect.objectContaining({ provider: 'claude', state: 'not-installed' }))
    expect(cligate(['auth', 'status']).out).toContain('claude')
  })
})

const COMMANDS = CLI_LOGINS.flatMap(({ executable, login, logout = [] }) =>
  [login, logout].filter((words) => words.length > 0).map((words) => [executable, words] as const),
)

test.each(COMMANDS)('the real %s knows %j', (executable, words) => {
  const { stdout, stderr } = Bun.spawnSync([realCli(executable as 'claude'), ...words, '--help'], {
    env: { PATH: process.env['PATH'] ?? '', HOME: home },
  })
  expect(`${stdout.toString()}${stderr.toString()}`).toContain(words.join(' '))
})
