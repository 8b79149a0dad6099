// The harness itself: it finds the pinned CLI, gives it a clean world, and sees what it leaves running.
import { describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { descendants, processesUnder } from './processes.ts'
import { cleanEnvironment, realCli, temporaryHome } from './real-cli.ts'

describe('the pinned CLI', () => {
  test('is the version that package.json pins', async () => {
    await using home = await temporaryHome()
    const pinned = await Bun.file(join(import.meta.dir, '../package.json')).json()
    const environment = cleanEnvironment('http://127.0.0.1:1', home.path)
    const child = Bun.spawn([realCli('claude'), '--version'], { env: environment, stdin: 'ignore', stderr: 'ignore' })
    expect(await child.stdout.text()).toStartWith(pinned.dependencies['@anthropic-ai/claude-code'])
  })

  test('sees nothing of this machine but PATH', () => {
    process.env['CLAUDE_CODE_LEAK'] = 'x'
    const environment = cleanEnvironment('http://127.0.0.1:1', '/nowhere')
    delete process.env['CLAUDE_CODE_LEAK']
    expect(environment).toEqual({
      HOME: '/nowhere',
      TMPDIR: '/nowhere',
      PATH: process.env['PATH'] ?? '',
      ANTHROPIC_BASE_URL: 'http://127.0.0.1:1',
      ANTHROPIC_API_KEY: 'dummy',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
    })
  })
})

test('a temporary home is private and gone afterwards', async () => {
  let path: string
  {
    await using home = await temporaryHome()
    path = home.path
    await Bun.write(join(path, 'left/behind'), 'x')
    expect((await Bun.file(path).stat()).mode & 0o777).toBe(0o700)
  }
  expect(existsSync(path)).toBe(false)
})

describe('what still runs', () => {
  test('a grandchild is a descendant until it is dead', async () => {
    const child = Bun.spawn(['sh', '-c', 'sleep 60 & echo $!; wait'], { stdout: 'pipe' })
    const { value } = await child.stdout.getReader().read()
    const grandchild = Number(new TextDecoder().decode(value))
    expect(descendants(child.pid)).toEqual([grandchild])
    process.kill(grandchild, 'SIGKILL')
    await child.exited
    expect(descendants(child.pid)).toEqual([])
  })

  test('a process is found by its working directory, by its HOME and by an open file', async () => {
    await using home = await temporaryHome()
    const { path } = home
    await mkdir(join(path, 'cwd'))
    await Bun.write(join(path, 'file'), 'x')
    const children = [
      Bun.spawn(['sleep', '60'], { cwd: join(path, 'cwd'), env: {} }),
      Bun.spawn(['sleep', '60'], { cwd: '/', env: { HOME: path } }),
      Bun.spawn(['sleep', '60'], { cwd: '/', env: {}, stdin: Bun.file(join(path, 'file')) }),
    ]
    expect(processesUnder(path).toSorted()).toEqual(children.map((child) => child.pid).toSorted())
    for (const child of children) child.kill('SIGKILL')
    await Promise.all(children.map((child) => child.exited))
    expect(processesUnder(path)).toEqual([])
  })
})
