// What a gateway is like from outside before anybody has changed anything, and what it is made of.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }
import { eventually, type RunningCligate, startCligate } from '../support/cligate.ts'
import { APIS, exchange, expectRefusal, get, portOf, requestTo, startHostile } from './hostile-world.ts'

const ROOT = join(import.meta.dir, '../..')
const [chat] = APIS as [(typeof APIS)[0]]
const off = { enabled: false }
const providers = { claude: off, codex: off, gemini: off, qwen: off }
const addresses = Object.values(networkInterfaces()).flatMap((list) =>
  (list ?? []).filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address),
)

const reachable = (host: string, port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect({ host, port, timeout: 5000 })
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.on('connect', () => end(true))
    socket.on('error', () => end(false))
    socket.on('timeout', () => end(false))
  })

describe('without a word of configuration', () => {
  let gate: RunningCligate
  beforeAll(async () => {
    gate = await startHostile()
  }, 60_000)
  afterAll(() => gate?.stop())

  test('it listens for this machine alone', async () => {
    expect(await reachable('127.0.0.1', portOf(gate))).toBe(true)
    // All of 127.0.0.0/8 is this machine; only the one address is listened on.
    for (const host of ['127.0.0.2', ...addresses])
      expect([host, await reachable(host, portOf(gate))]).toEqual([host, false])
  })

  test('no answer lets a page read it, or says what it is made of', async () => {
    for (const path of ['/health', '/v1/models', '/docs/json', '/nothing']) {
      const { headers } = await exchange(gate, get(path))
      const names = Object.keys(headers)
      expect(
        names.filter((name) => name.startsWith('access-control') || name === 'server' || name === 'x-powered-by'),
      ).toEqual([])
    }
  })

  test('its explorer runs no script but its own', async () => {
    const { headers } = await exchange(gate, get('/docs'))
    const policy = headers['content-security-policy'] ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(/script-src ([^;]*)/.exec(policy)?.[1]).not.toMatch(/\*|https?:|unsafe-eval/)
  })
})

test('beyond the loopback it asks for a key that it made, kept for its owner alone and shown once', async () => {
  const home = mkdtempSync(join(tmpdir(), 'cligate-test-'))
  const gate = await startCligate({ home, config: { providers, server: { host: '0.0.0.0' } } })
  try {
    expectRefusal(chat, await exchange(gate, requestTo(chat, chat.body('hi'))), 401, 'invalid_api_key')
    const file = join(home, 'state', 'api-key')
    const key = readFileSync(file, 'utf8').trim()
    expect([key.length >= 40, statSync(file).mode & 0o777]).toEqual([true, 0o600])
    expect((await exchange(gate, requestTo(chat, chat.body('hi'), { 'x-api-key': key }))).status).toBe(200)
    expect(readFileSync(join(home, 'stdout.log'), 'utf8').split(key)).toHaveLength(2)
    expect(gate.log()).not.toContain(key)
    gate.kill('SIGTERM')
    const again = await gate.restart()
    expect((await exchange(again, requestTo(chat, chat.body('hi'), { 'x-api-key': key }))).status).toBe(200)
    // It answers before it introduces itself, over what the first one has said.
    const said = () => readFileSync(join(home, 'stdout.log'), 'utf8')
    await eventually('it says where it listens, and no key', () => said().includes(again.url) && !said().includes(key))
    again.kill('SIGTERM')
    await again.exited
  } finally {
    await gate.stop()
  }
}, 60_000)

describe('what it is made of', () => {
  const lock = readFileSync(join(ROOT, 'bun.lock'), 'utf8')

  test('is few packages, each with its version and the hash of its content', () => {
    expect(Object.keys(packageJson.dependencies).length).toBeLessThan(15)
    const packages = [...lock.matchAll(/^ {4}"[^"]+": \["[^"]+@[^"]+", .*\],$/gm)].map(([line]) => line)
    expect(packages.length).toBeGreaterThan(20)
    for (const line of packages) expect(line).toMatch(/"sha512-[A-Za-z0-9+/=]+"\],$/)
  })

  test('runs nothing when it is installed', () => {
    expect(packageJson).not.toHaveProperty('trustedDependencies')
    for (const script of ['preinstall', 'install', 'postinstall', 'prepare'])
      expect(packageJson.scripts).not.toHaveProperty(script)
  })

  test('is free, and says how to report what is wrong with it', () => {
    expect(packageJson.license).toBe('MIT')
    expect(readFileSync(join(ROOT, 'LICENSE'), 'utf8')).toContain('MIT License')
    expect(readFileSync(join(ROOT, 'SECURITY.md'), 'utf8')).toContain('docs/security.md')
    expect(existsSync(join(ROOT, 'docs/security.md'))).toBe(true)
  })

  test('names no process, no evaluation and no shell but where it should', () => {
    const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    )
    const using = (pattern: RegExp) =>
      files.filter((file) => pattern.test(readFileSync(join(ROOT, 'src', file), 'utf8')))
    expect(using(/\beval\(|new Function\(|Bun\.\$|import \{ \$ \}|shell: true/)).toEqual([])
    expect(using(/from 'node:child_process'/)).toEqual([])
  })
})

/** The table of the page: each row has files, and they are there. */
test('the page on security names tests for every row, and they exist', () => {
  const page = readFileSync(join(ROOT, 'docs/security.md'), 'utf8')
  for (let row = 1; row <= 16; row += 1) {
    const line = page.split('\n').find((text) => text.startsWith(`| F${row} |`)) ?? ''
    const files = [...line.matchAll(/`(test\/[^`]+)`/g)].map(([, file]) => file!)
    expect([row, files.length > 0]).toEqual([row, true])
    for (const file of files) expect([file, existsSync(join(ROOT, file))]).toEqual([file, true])
  }
})
