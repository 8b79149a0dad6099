import { afterAll, afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { followFile, lastLines } from '../../src/commands/log-tail.ts'
import { runningServer } from '../../src/commands/server-record.ts'
import { lock } from '../../src/files/lock.ts'
import { eventually } from '../support/cligate.ts'

const CLI = join(import.meta.dir, '../../src/cli.ts')
const root = mkdtempSync(join(tmpdir(), 'cligate-background-'))
afterAll(() => rmSync(root, { recursive: true }))
let home = ''
let state = ''
beforeEach(() => {
  home = mkdtempSync(join(root, 'home-'))
  state = join(home, '.local/state/cligate')
})
afterEach(async () => {
  await cligate('stop')
})

async function cligate(...words: string[]) {
  const child = Bun.spawn([process.execPath, CLI, ...words], {
    cwd: home,
    // No CLI is found, so that nothing is warmed up.
    env: { PATH: '/nowhere', HOME: home },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, error, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { out, error, code }
}

const start = async (...words: string[]) =>
  JSON.parse((await cligate('start', '--port', '0', '--json', ...words)).out) as {
    pid: number
    url: string
    already: boolean
  }

describe('a server in the background', () => {
  test('starts, answers, tells its status, restarts, and stops without a trace', async () => {
    expect(await cligate('status')).toMatchObject({ code: 1, out: 'No server is running.\n' })
    const first = await start()
    expect(first.already).toBe(false)
    expect((await fetch(`${first.url}/health`)).status).toBe(200)
    expect(JSON.parse((await cligate('status', '--json')).out)).toMatchObject({
      running: true,
      pid: first.pid,
      health: { status: 'ok' },
    })
    expect((await cligate('status')).out).toContain(`pid ${first.pid}`)
    expect((await cligate('restart', '--port', '0')).out).toMatch(/^cligate has started on /)
    const second = runningServer(state)
    expect(second?.pid).not.toBe(first.pid)
    expect((await cligate('stop')).out).toBe(`Stopped (pid ${second?.pid}).\n`)
    expect(await cligate('stop', '--json')).toMatchObject({ code: 0, out: '{"stopped":false}\n' })
    expect(readdirSync(state).toSorted()).toEqual(['run', 'server.log', 'start.lock'])
    expect(statSync(join(state, 'server.log')).mode & 0o777).toBe(0o600)
  }, 60_000)

  test('is one, of however many start it at the same time', async () => {
    const all = await Promise.all([start(), start(), start(), start()])
    expect(new Set(all.map(({ pid }) => pid)).size).toBe(1)
    expect(all.filter(({ already }) => !already)).toHaveLength(1)
  }, 60_000)

  test('has all of its time to listen, however long another start took', async () => {
    const held = lock(join(state, 'start.lock'), 0)
    const program = join(import.meta.dir, 'start-program/main.ts')
    const child = Bun.spawn([process.execPath, program, state, '--port', '0'], {
      cwd: home,
      env: { PATH: '/nowhere', HOME: home },
      stdout: 'pipe',
      stderr: 'pipe',
    })
    let said = ''
    for await (const bytes of child.stdout) {
      said += new TextDecoder().decode(bytes)
      if (said.includes('Waiting')) held[Symbol.dispose]()
    }
    expect(await child.stderr.text()).toBe('')
    expect(said).toMatch(/^Waiting for another start\nStarting the server\nhttp:/)
  }, 60_000)

  test('a lock that is none says which file it is', async () => {
    mkdirSync(state, { recursive: true })
    writeFileSync(join(state, 'start.lock'), '1234 987654')
    const { code, error } = await cligate('start', '--port', '0')
    expect([code, error]).toEqual([
      1,
      `cligate: ${join(state, 'start.lock')} is not the empty file that it should be. Remove it when no cligate runs.\n`,
    ])
  })

  test('that does not come up says what it said', async () => {
    writeFileSync(join(home, 'file'), '')
    const { code, error } = await cligate('start', '--port', '0', '--state-dir', join(home, 'file', 'below'))
    expect(code).toBe(1)
    expect(error).toContain('ENOTDIR')
    expect((await cligate('start', '--port', 'x')).code).toBe(2)
    // A foreign host name cannot be listened on: only the server itself finds that out.
    const late = await cligate('start', '--port', '0', '--host', '203.0.113.7')
    expect(late.code).toBe(1)
    expect(late.error).toContain('ended at once')
    expect(late.error).not.toContain('background.ts')
  }, 60_000)

  test('a note that a crash left behind stops nobody', async () => {
    mkdirSync(state, { recursive: true })
    const gone = { pid: process.pid, process: 'another', url: 'http://127.0.0.1:1', version: '0', startedAt: 1 }
    writeFileSync(join(state, 'server.json'), JSON.stringify(gone))
    expect(runningServer(state)).toBeUndefined()
    expect((await start()).already).toBe(false)
  }, 60_000)

  test.each(['', 'garbage', '[]', '{"pid":"1"}'])('a damaged note (%j) is none', async (text) => {
    mkdirSync(state, { recursive: true })
    writeFileSync(join(state, 'server.json'), text)
    expect(runningServer(state)).toBeUndefined()
  })
})

describe('logs', () => {
  test('shows the last lines; without a log it says so', async () => {
    expect(await cligate('logs')).toMatchObject({ code: 1, error: expect.stringContaining('no log yet') })
    mkdirSync(state, { recursive: true })
    writeFileSync(join(state, 'server.log'), 'one\ntwo\nthree\n')
    expect((await cligate('logs', '-n', '2')).out).toBe('two\nthree\n')
    expect((await cligate('logs', '--lines', '-1')).code).toBe(2)
  })

  test('last lines of odd files', async () => {
    const file = join(home, 'log')
    expect(await lastLines(file, 5)).toBeUndefined()
    writeFileSync(file, '')
    expect(await lastLines(file, 5)).toEqual({ text: '', end: 0 })
    writeFileSync(file, 'one\ntwo')
    expect(await lastLines(file, 1)).toEqual({ text: 'two\n', end: 7 })
    expect((await lastLines(file, 0))?.text).toBe('')
  })

  test('following tells what is added, also to a file that began anew', async () => {
    const file = join(home, 'log')
    writeFileSync(file, 'old\n')
    let told = ''
    followFile(file, 4, (text) => (told += text))
    appendFileSync(file, 'né')
    await eventually('the addition', () => told === 'né')
    writeFileSync(file, 'x')
    await eventually('the new beginning', () => told === 'néx')
  })
})
