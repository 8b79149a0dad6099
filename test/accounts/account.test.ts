import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  accountFolder,
  activeAccount,
  createAccount,
  isAccountName,
  listAccounts,
  useAccount,
} from '../../src/accounts/account.ts'

const root = mkdtempSync(join(tmpdir(), 'cligate-accounts-'))
afterAll(() => rmSync(root, { recursive: true }))
let state = ''
beforeEach(() => {
  state = mkdtempSync(join(root, 'state-'))
})

describe('accounts', () => {
  test('one’s own lies where the CLI looks; others have folders that nobody else can read', () => {
    expect(createAccount(state, 'claude', 'default')).toBeUndefined()
    const folder = createAccount(state, 'claude', 'work')
    expect(folder).toBe(join(state, 'accounts/claude/work'))
    expect(statSync(folder ?? '').mode & 0o777).toBe(0o700)
    expect(accountFolder(state, 'claude', 'work')).toBe(folder)
    expect(listAccounts(state, 'claude')).toEqual(['default', 'work'])
    expect(listAccounts(state, 'codex')).toEqual(['default'])
  })

  test('the one that is used is of one provider; one that is gone is not used', () => {
    createAccount(state, 'claude', 'work')
    useAccount(state, 'claude', 'work')
    useAccount(state, 'codex', 'default')
    expect(['claude', 'codex'].map((provider) => activeAccount(state, provider))).toEqual(['work', 'default'])
    rmSync(join(state, 'accounts/claude/work'), { recursive: true })
    expect(activeAccount(state, 'claude')).toBe('default')
  })

  test.each(['', '[]', '{"claude":7}', 'garbage'])('a damaged note (%j) uses nobody else’s account', (text) => {
    createAccount(state, 'claude', 'work')
    writeFileSync(join(state, 'accounts/active.json'), text)
    expect(activeAccount(state, 'claude')).toBe('default')
    useAccount(state, 'claude', 'work')
    expect(activeAccount(state, 'claude')).toBe('work')
  })

  test.each(['', '.', '..', '../x', 'a/b', '-a', 'a b', 'ä', 'a'.repeat(65)])('%j is no name', (name) => {
    expect(isAccountName(name)).toBe(false)
  })
})

test('choices that are made at the same time by several programs all count', async () => {
  const providers = ['claude', 'codex', 'gemini', 'qwen']
  const module = JSON.stringify(join(import.meta.dir, '../../src/accounts/account.ts'))
  const children = providers.map((provider) => {
    createAccount(state, provider, 'last')
    const source = `
      import { useAccount } from ${module}
      const [folder, provider] = ${JSON.stringify([state, provider])}
      for (let round = 0; round < 20; round++) useAccount(folder, provider, round === 19 ? 'last' : 'default')`
    return Bun.spawn([process.execPath, '-e', source], { stdout: 'inherit', stderr: 'inherit' })
  })
  expect(await Promise.all(children.map((child) => child.exited))).toEqual([0, 0, 0, 0])
  expect(providers.map((provider) => activeAccount(state, provider))).toEqual(['last', 'last', 'last', 'last'])
}, 60_000)
