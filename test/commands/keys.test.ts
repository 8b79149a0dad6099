import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { askForKey } from '../../src/commands/ask-for-key.ts'
import { loadConfig } from '../../src/config/load.ts'
import { eventually, startCligate } from '../support/cligate.ts'

const CLI = join(import.meta.dir, '../../src/cli.ts')
const root = mkdtempSync(join(tmpdir(), 'cligate-keys-command-'))
afterAll(() => rmSync(root, { recursive: true }))
let home = ''
beforeEach(() => {
  home = mkdtempSync(join(root, 'home-'))
})

async function keys(...words: string[]) {
  const child = Bun.spawn([process.execPath, CLI, 'keys', ...words, '--state-dir', join(home, 'state')], {
    cwd: home,
    env: { PATH: process.env['PATH'] ?? '', HOME: home },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, error, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { out, error, code }
}

describe('cligate keys', () => {
  test('create shows the key once, alone on standard output; list shows everything but the key', async () => {
    const made = await keys('create', '--name', 'laptop')
    expect(made.code).toBe(0)
    const secret = made.out.trim()
    expect(secret).toMatch(/^cligate_[A-Za-z0-9]{40}$/)
    const shown = await keys('list', '--json')
    expect(JSON.parse(shown.out)).toMatchObject({ keys: [{ name: 'laptop', scopes: ['infer'] }] })
    expect(shown.out).not.toContain(secret)
    expect((await keys('list')).out).toContain('laptop')
    expect(readFileSync(join(home, 'state/keys.json'), 'utf8')).not.toContain(secret)
  })

  test('create takes scopes, and refuses what is none, or a name that is taken', async () => {
    const made = JSON.parse((await keys('create', '--name', 'ops', '--scopes', 'read,admin', '--json')).out)
    expect(made).toMatchObject({ name: 'ops', scopes: ['read', 'admin'], key: expect.stringMatching(/^cligate_/) })
    const wrong: [string[], string][] = [
      [['create', '--name', 'x', '--scopes', 'root'], 'no scope "root"'],
      [['create', '--name', 'ops'], 'already'],
      [['create', '--name', ' '], 'characters'],
      [['create'], 'name'],
      [['revoke', 'nobody'], 'keys list'],
    ]
    for (const [words, message] of wrong) {
      const { code, error } = await keys(...words)
      expect({ words, code }).toEqual({ words, code: 2 })
      expect(error).toContain(message)
    }
  })

  test('a running server takes a key, and refuses it when it is revoked', async () => {
    await using gate = await (async () => {
      const running = await startCligate({ home: join(home, 'gate') })
      return Object.assign(running, { [Symbol.asyncDispose]: () => running.stop() })
    })()
    const state = ['--state-dir', join(gate.home, 'state')]
    const status = async (key?: string) =>
      (await fetch(`${gate.url}/v1/models`, key ? { headers: { authorization: `Bearer ${key}` } } : {})).status
    expect(await status()).toBe(200)
    const made = Bun.spawnSync([process.execPath, CLI, 'keys', 'create', '--name', 'k', ...state], { cwd: home })
    const key = made.stdout.toString().trim()
    await eventually('the server asks for a key', async () => (await status()) === 401)
    expect(await status(key)).toBe(200)
    Bun.spawnSync([process.execPath, CLI, 'keys', 'revoke', 'k', ...state], { cwd: home })
    await eventually('the key is refused', async () => (await status(key)) === 401)
  })
})

describe('the question at the first start', () => {
  const ask = async (answer: string | undefined, interactive = true) => {
    const { config } = loadConfig({ environment: { HOME: home }, folder: home })
    const printed: string[] = []
    const questions: string[] = []
    await askForKey(config, {
      interactive,
      ask: async (question) => {
        questions.push(question)
        return answer
      },
      print: (text) => void printed.push(text),
    })
    return { printed: printed.join(''), questions }
  }

  test('yes makes a key, shows it, and is not asked again', async () => {
    const { printed, questions } = await ask('y')
    expect(questions).toEqual(['Protect your endpoint with an API key? (y/N) '])
    expect(printed).toMatch(/cligate_[A-Za-z0-9]{40}/)
    expect((await ask('y')).questions).toEqual([])
  })

  test.each(['', 'n', 'no', 'maybe', undefined])('%j leaves it open, and is not asked again', async (answer) => {
    expect((await ask(answer)).printed).toContain('keys create')
    expect((await ask('y')).questions).toEqual([])
  })

  test('is asked on a terminal only', async () => {
    expect((await ask('y', false)).questions).toEqual([])
    expect((await ask('y')).questions).toHaveLength(1)
  })
})
