// What is shipped works from an empty folder and an empty home: the packed package, and the compiled binary.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }

const ROOT = join(import.meta.dir, '../..')
const root = mkdtempSync(join(tmpdir(), 'cligate-package-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Starts a command in an empty folder and home, and reads the address off its banner. */
async function started(
  command: string[],
  environment: Record<string, string> = {},
  home = mkdtempSync(join(root, 'home-')),
) {
  const child = Bun.spawn(command, {
    cwd: home,
    env: { PATH: process.env['PATH'] ?? '', HOME: home, ...environment },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: Bun.file(join(home, 'stderr')),
  })
  let banner = ''
  const decoder = new TextDecoder()
  const reader = child.stdout.getReader()
  let url: string | undefined
  while (url === undefined) {
    const { value, done } = await reader.read()
    if (done) throw new Error(`It ended: ${banner} ${await Bun.file(join(home, 'stderr')).text()}`)
    banner += decoder.decode(value, { stream: true })
    url = /listening on (http:\S+)/.exec(banner)?.[1]
  }
  void (async () => {
    while (!(await reader.read()).done);
  })()
  const stop = async () => {
    child.kill('SIGTERM')
    return await child.exited
  }
  return { url, home, stop }
}

async function streamedAnswer(url: string): Promise<string> {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'demo/echo', stream: true, messages: [{ role: 'user', content: 'It works.' }] }),
  })
  const frames = (await answer.text()).matchAll(/"content":"([^"]*)"/g)
  return [...frames].map((match) => match[1]).join('')
}

describe('the packed package', () => {
  let archive = ''
  beforeAll(() => {
    const { stderr, exitCode } = Bun.spawnSync([process.execPath, 'pm', 'pack', '--destination', root], { cwd: ROOT })
    if (exitCode !== 0) throw new Error(stderr.toString())
    archive = join(root, readdirSync(root).find((name) => name.endsWith('.tgz')) ?? '')
  }, 60_000)

  test('holds the sources and the pages about it, and nothing of the workshop', () => {
    const { stdout } = Bun.spawnSync(['tar', '-tzf', archive])
    const files = stdout.toString().trim().split('\n')
    expect(files).toContain('package/src/cli.ts')
    expect(files).toContain('package/src/http/explorer/scalar.js.gz')
    for (const name of ['README.md', 'LICENSE', 'CHANGELOG.md', 'package.json'])
      expect(files).toContain(`package/${name}`)
    expect(files.filter((name) => /^package\/(?:test|bench|scripts|docs|node_modules)\//.test(name))).toEqual([])
    expect(statSync(archive).size).toBeLessThan(3e6)
  })

  test('bunx cligate starts and answers, in an empty folder', async () => {
    const folder = mkdtempSync(join(root, 'app-'))
    writeFileSync(join(folder, 'package.json'), '{}')
    const environment = { PATH: process.env['PATH'] ?? '', HOME: folder }
    const add = Bun.spawnSync([process.execPath, 'add', archive], { cwd: folder, env: environment })
    expect(add.exitCode, add.stderr.toString()).toBe(0)
    const server = await started([process.execPath, 'x', '--no-install', 'cligate', '--port', '0'], {}, folder)
    expect(await streamedAnswer(server.url)).toBe('It works.')
    expect(await server.stop()).toBe(0)
    // No script of a package had to run for it.
    expect(add.stderr.toString()).not.toContain('postinstall')
  }, 120_000)
})

describe('the compiled binary', () => {
  const binary = join(root, 'bin', 'cligate')
  beforeAll(() => {
    const built = Bun.spawnSync([process.execPath, 'scripts/build.ts', '--out', join(root, 'bin')], { cwd: ROOT })
    if (built.exitCode !== 0) throw new Error(built.stderr.toString())
  }, 120_000)

  test('needs nothing else, and is of a reasonable size', async () => {
    expect(statSync(binary).size).toBeLessThanOrEqual(120e6)
    const { stdout } = Bun.spawnSync([binary, '--version'], { env: { PATH: '/nowhere', HOME: root } })
    expect(stdout.toString().trim()).toBe(packageJson.version)
    const server = await started([binary, '--port', '0'], { PATH: '/nowhere' })
    expect(await streamedAnswer(server.url)).toBe('It works.')
    const page = await (await fetch(`${server.url}/docs`)).text()
    const script = /src="([^"]+)"/.exec(page)?.[1] ?? ''
    expect((await fetch(new URL(script, server.url))).status).toBe(200)
    expect(await server.stop()).toBe(0)
  }, 60_000)

  test('goes into the background and comes back', () => {
    const home = mkdtempSync(join(root, 'home-'))
    const run = (...words: string[]) =>
      Bun.spawnSync([binary, ...words], { cwd: home, env: { PATH: '/nowhere', HOME: home } }).stdout.toString()
    expect(run('start', '--port', '0')).toContain('has started')
    expect(JSON.parse(run('status', '--json'))).toMatchObject({ running: true, health: { status: 'ok' } })
    expect(run('stop')).toContain('Stopped')
  }, 60_000)

  test('a .env of the folder that it is started in means nothing, unless it is named', () => {
    const home = mkdtempSync(join(root, 'home-'))
    writeFileSync(join(home, '.env'), 'PORT=4321\nANTHROPIC_BASE_URL=http://evil.example\n')
    writeFileSync(join(home, 'bunfig.toml'), 'preload = ["./evil.ts"]\n')
    writeFileSync(join(home, 'evil.ts'), 'console.log("evil")')
    const show = (...words: string[]) => {
      const command = [binary, 'config', 'show', '--json', ...words]
      return Bun.spawnSync(command, { cwd: home, env: { PATH: '/nowhere', HOME: home } }).stdout.toString()
    }
    expect(JSON.parse(show())).toMatchObject({ settings: [] })
    expect(show('--env-file', '.env')).toContain('4321')
  })
})
