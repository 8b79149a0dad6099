// What a person who waits is told; every command in a real terminal, and in a pipe.
import { afterAll, afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lock } from '../../src/files/lock.ts'
import { runOnTerminal } from '../support/terminal.ts'

const CLI = join(import.meta.dir, '../../src/cli.ts')
/** Seconds: longer than the words need to appear. */
const SLOW = 0.8
const WIPE = '\r\u001B[2K'
setDefaultTimeout(60_000)
const root = mkdtempSync(join(tmpdir(), 'cligate-progress-'))
afterAll(() => rmSync(root, { recursive: true }))
let home = ''
beforeEach(() => {
  home = mkdtempSync(join(root, 'home-'))
  mkdirSync(join(home, 'bin'))
})
afterEach(async () => {
  if (existsSync(join(home, '.local/state/cligate/server.json'))) await inPipe('stop')
})

const environment = () => ({ PATH: `${home}/bin:/usr/bin:/bin`, HOME: home })
const onTerminal = (words: string[], options: { env?: Record<string, string>; columns?: number } = {}) =>
  runOnTerminal([process.execPath, CLI, ...words], { ...options, cwd: home, env: { ...environment(), ...options.env } })

async function inPipe(...words: string[]) {
  const child = Bun.spawn([process.execPath, CLI, ...words], {
    cwd: home,
    env: environment(),
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, error, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { out, error, code }
}

function program(name: string, lines: string): void {
  writeFileSync(join(home, 'bin', name), `#!/bin/sh\n${lines}\n`)
  chmodSync(join(home, 'bin', name), 0o755)
}
/** `start` takes as long as this at least. */
const slowServe = () =>
  writeFileSync(
    join(home, 'bunfig.toml'),
    `preload = [${JSON.stringify(join(import.meta.dir, 'slow-serve/main.ts'))}]\n`,
  )
const slowCli = () => program('codex', `sleep ${SLOW}\necho 'codex-cli 0.169.0'`)

describe('on a terminal', () => {
  test('doctor names who has not answered yet, and leaves nothing of it', async () => {
    slowCli()
    const { output, screen } = await onTerminal(['doctor'], { env: { NO_COLOR: '1' } })
    expect(output).toMatch(/Looking at [a-z, ]*codex/)
    expect(output).toContain(WIPE)
    // Nothing but wiping: no colours.
    expect(output.replaceAll(WIPE, '')).not.toContain('\u001B')
    expect(screen).not.toContain('Looking at')
    expect(screen).toMatch(/^cligate .*\n.*PROVIDER.*codex/s)
  })

  test('auth status does the same', async () => {
    slowCli()
    const { output, screen } = await onTerminal(['auth', 'status'])
    expect(output).toMatch(/Looking at [a-z, ]*codex/)
    expect(screen).not.toContain('Looking at')
  })

  test('a line never wraps, since what wraps cannot be wiped', async () => {
    slowCli()
    const { output, screen } = await onTerminal(['auth', 'status'], { columns: 12 })
    const drawn = output
      .split(WIPE)
      .map((line) => line.split('\r')[0]!)
      .filter((line) => /^[-\\|/] /.test(line))
    expect(drawn.length).toBeGreaterThan(0)
    for (const line of drawn) expect(line.length).toBeLessThan(12)
    expect(screen).not.toContain('Looking')
  })

  test('start, status, restart and stop tell what they wait for', async () => {
    slowServe()
    const started = await onTerminal(['start', '--port', '0'])
    expect(started.output).toContain('Starting the server')
    expect(started.screen).toMatch(/^cligate has started on .*\n$/)
    // Nobody else starts one.
    expect(started.output).not.toContain('another start')
    const { url } = JSON.parse((await inPipe('status', '--json')).out) as { url: string }
    // An answer that takes its time.
    const answer = fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'demo/chat', messages: [{ role: 'user', content: `/wait ${SLOW * 1000} Hello` }] }),
    })
    const stopped = await onTerminal(['stop'])
    expect(stopped.output).toContain('Waiting for the answers')
    expect(stopped.screen).toMatch(/^Stopped \(pid \d+\)\.\n$/)
    expect((await answer).status).toBe(200)
    const restarted = await onTerminal(['restart', '--port', '0'])
    expect(restarted.output).toContain('Starting the server')
    expect(restarted.screen).toMatch(/^cligate has started on .*\n$/)
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it as ever, and leaves no line behind', async (signal) => {
    program('codex', 'exec sleep 5')
    const { output, screen, code } = await runOnTerminal([process.execPath, CLI, 'doctor'], {
      cwd: home,
      env: environment(),
      seen: (text, child) => void (text.includes('Looking at') && child.kill(signal)),
    })
    expect(output).toContain('Looking at')
    expect([screen, code]).toEqual(['', signal === 'SIGINT' ? 130 : 143])
  })

  test('an end in the middle of it leaves no line behind', async () => {
    const program = join(import.meta.dir, 'progress-program/main.ts')
    const { output, screen, code } = await runOnTerminal([process.execPath, program, 'exit'], {
      cwd: home,
      env: environment(),
    })
    expect(output).toContain('Working')
    expect([screen, code]).toEqual(['', 3])
  })

  test('an interrupt that the program itself heeds is told it once', async () => {
    const program = join(import.meta.dir, 'progress-program/main.ts')
    let sent = false
    const { output, screen, code } = await runOnTerminal([process.execPath, program, 'heed'], {
      cwd: home,
      env: environment(),
      seen: (text, child) => {
        if (!sent && text.includes('Working')) child.kill('SIGINT')
        sent ||= text.includes('Working')
      },
    })
    expect(output).toContain('Working')
    expect([screen, code]).toEqual(['Heeded 1.\n', 0])
  })

  test('serve looks for the CLIs below its first line', async () => {
    slowCli()
    let answered = false
    const { output, screen } = await runOnTerminal([process.execPath, CLI, '--port', '0'], {
      cwd: home,
      env: environment(),
      seen: (text, child) => {
        if (!answered && text.includes('Protect your endpoint')) child.terminal?.write('\n')
        answered ||= text.includes('Protect your endpoint')
        if (text.includes('Try it')) child.kill('SIGTERM')
      },
    })
    expect(output).toMatch(/is listening on .*Looking at [a-z, ]*codex.*Providers/s)
    expect(screen).not.toContain('Looking at')
  })

  test('lines of the log stay whole', async () => {
    const program = join(import.meta.dir, 'progress-program/main.ts')
    const { output, screen } = await runOnTerminal([process.execPath, program], { cwd: home, env: environment() })
    const lines = screen.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ line: 1 }, { line: 2 }, { line: 3 }])
    // It comes back below them.
    expect(output.slice(output.lastIndexOf('"line":2'))).toContain('Working')
  })

  test('service install tells what it runs', async () => {
    program('systemctl', `sleep ${SLOW}`)
    const { output, screen, code } = await onTerminal(['service', 'install'])
    expect(code).toBe(0)
    expect(output).toContain('systemctl --user daemon-reload')
    expect(screen).toMatch(/^Wrote .*cligate\.service\n$/)
    expect((await onTerminal(['service', 'uninstall'])).output).toContain('systemctl --user disable')
  })

  test('a login says which program comes now', async () => {
    program('claude', 'echo "It is me."')
    const { screen } = await onTerminal(['auth', 'login', 'claude'])
    expect(screen).toBe('Starting Claude Code ...\nIt is me.\n')
  })

  test('a simple one gets each step as a line of its own', async () => {
    slowCli()
    const { output } = await onTerminal(['doctor'], { env: { TERM: 'dumb' } })
    expect(output).toMatch(/^Looking at .*codex.* \.\.\.\r\n/)
    expect(output).not.toContain('\u001B')
  })

  test('a start waits for another one, and says so only then', async () => {
    const free = await onTerminal(['start', '--port', '0'], { env: { TERM: 'dumb' } })
    expect(free.output).toMatch(/^Starting the server \.\.\.\r\ncligate has started on .*\r\n$/)
    await inPipe('stop')
    const held = lock(join(home, '.local/state/cligate/start.lock'), 0)
    const { output } = await runOnTerminal([process.execPath, CLI, 'start', '--port', '0'], {
      cwd: home,
      env: { ...environment(), TERM: 'dumb' },
      seen: (text) => void (text.includes('another start') && held[Symbol.dispose]()),
    })
    expect(output).toMatch(/^Waiting for another start \.\.\.\r\nStarting the server \.\.\.\r\ncligate has/)
  })

  test.each([
    ['JSON', ['doctor', '--json'], {}],
    ['a machine that builds', ['doctor'], { CI: 'true' }],
  ])('%s gets none', async (_, words, env) => {
    slowCli()
    const { output } = await onTerminal(words, { env })
    expect(output).toContain('codex')
    for (const text of ['Looking at', '\u001B']) expect(output).not.toContain(text)
  })
})

test('a pipe gets nothing but the answer', async () => {
  slowCli()
  program('systemctl', `sleep ${SLOW}`)
  program('claude', 'echo "It is me."')
  expect((await inPipe('doctor')).error).toBe('')
  expect((await inPipe('auth', 'status')).error).toBe('')
  expect((await inPipe('start', '--port', '0')).error).toBe('')
  expect((await inPipe('restart', '--port', '0')).error).toBe('')
  expect((await inPipe('stop')).error).toBe('')
  expect((await inPipe('service', 'install')).error).toBe('')
  expect((await inPipe('auth', 'login', 'claude')).error).toBe('')
})
