import { afterAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GatewayError } from '../../src/core/error.ts'
import { admitAgent, type AgentModeOptions, type AskedAgent } from '../../src/policy/agent-mode.ts'

const home = realpathSync(mkdtempSync(join(tmpdir(), 'cligate-test-')))
afterAll(() => rmSync(home, { recursive: true }))
const root = join(home, 'root')
for (const folder of ['root/a/b', 'root-2', 'other', 'root/..hidden'])
  mkdirSync(join(home, folder), { recursive: true })
writeFileSync(join(root, 'file'), '')
symlinkSync(join(home, 'other'), join(root, 'out'))
symlinkSync(root, join(home, 'alias'))

const OPTIONS: AgentModeOptions = { roots: [root], skipPermissions: false }
const admit = (asked: AskedAgent, options: Partial<AgentModeOptions> = {}) =>
  admitAgent(asked, { ...OPTIONS, ...options })

/** Code and param of the refusal. */
function refusal(asked: AskedAgent, options: Partial<AgentModeOptions> = {}): [string, string | undefined] {
  try {
    admit(asked, options)
  } catch (error) {
    if (error instanceof GatewayError) return [error.code, error.param]
    throw error
  }
  throw new Error('It was let in.')
}

describe('the folder', () => {
  test.each([
    root,
    join(root, 'a'),
    join(root, 'a/b'),
    join(root, 'a/../a/./b'),
    join(root, '..hidden'),
    join(home, 'alias/a'),
  ])('%s is let in, as the system sees it', (cwd) => {
    expect(admit({ cwd })?.cwd).toBe(realpathSync(cwd))
  })

  test.each([
    home,
    join(home, 'root-2'),
    join(home, 'other'),
    join(root, 'out'),
    join(root, '..'),
    join(root, '../other'),
    join(root, 'file'),
    join(root, 'none'),
    '/',
    '',
    '.',
    'root',
    '~',
    `${root}\0`,
    `${root}/a\0/../../other`,
  ])('%s is not', (cwd) => {
    expect(refusal({ cwd })).toEqual(['permission_denied', 'cwd'])
  })

  test('a root may be a link, and one that is not there admits nothing', () => {
    expect(admit({ cwd: join(root, 'a') }, { roots: [join(home, 'alias')] })?.cwd).toBe(join(root, 'a'))
    expect(refusal({ cwd: root }, { roots: [join(home, 'gone')] })).toEqual(['permission_denied', 'cwd'])
  })

  test('a refusal says the same of what is there and what is not, and no path', () => {
    const message = (cwd: string) => {
      try {
        admit({ cwd })
      } catch (error) {
        return (error as Error).message
      }
      return ''
    }
    expect(message(join(home, 'other'))).toBe(message(join(home, 'none')))
    expect(message(join(home, 'other'))).not.toContain(home)
  })

  test('folders that are added are judged alike', () => {
    expect(admit({ cwd: root, addDirs: [join(root, 'a')] })?.addDirs).toEqual([join(root, 'a')])
    expect(refusal({ cwd: root, addDirs: [root, join(root, 'out')] })).toEqual(['permission_denied', 'add_dirs[1]'])
  })
})

describe('permissions', () => {
  test('no tools stay no tools, and tools left out are left out', () => {
    expect(admit({ cwd: root, tools: [] })?.tools).toEqual([])
    expect(admit({ cwd: root, disallowedTools: ['Bash'] })).toEqual({
      cwd: root,
      addDirs: [],
      allowedTools: [],
      disallowedTools: ['Bash'],
      permissionMode: 'default',
      fork: false,
    })
  })

  test('all at once are for the configuration to give', () => {
    const asked: AskedAgent = { cwd: root, permissionMode: 'bypassPermissions' }
    expect(refusal(asked)).toEqual(['permission_denied', 'permission_mode'])
    expect(admit(asked, { skipPermissions: true })?.permissionMode).toBe('bypassPermissions')
  })

  test('MCP servers are not for requests to name', () => {
    for (const mcpConfig of [{}, '', null, '/etc/servers.json']) {
      expect(refusal({ cwd: root, mcpConfig }, { skipPermissions: true })).toEqual(['permission_denied', 'mcp_config'])
    }
  })

  test('a fork is of a session', () => {
    expect(refusal({ cwd: root, fork: true })).toEqual(['invalid_request', 'fork'])
    expect(admit({ cwd: root, fork: true, sessionId: 'a' })).toMatchObject({ fork: true, sessionId: 'a' })
  })
})

describe('without a folder', () => {
  test('it is a plain chat, which may say that it has no tools', () => {
    for (const roots of [[], [root]]) {
      expect(admit({}, { roots })).toBeUndefined()
      const nothing: AskedAgent = {
        tools: [],
        allowedTools: [],
        disallowedTools: ['Bash'],
        permissionMode: 'default',
        fork: false,
        addDirs: [],
      }
      expect(admit(nothing, { roots })).toBeUndefined()
    }
  })

  test.each([
    ['tools', { tools: ['Read'] }],
    ['allowed_tools', { allowedTools: ['Read'] }],
    ['permission_mode', { permissionMode: 'acceptEdits' }],
    ['permission_mode', { permissionMode: 'bypassPermissions' }],
    ['session_id', { sessionId: 'a' }],
    ['add_dirs', { addDirs: [root] }],
    ['fork', { fork: true }],
  ] satisfies [string, AskedAgent][])('%s needs one, and roots', (param, asked) => {
    expect(refusal(asked)).toEqual(['invalid_request', param])
    expect(refusal(asked, { roots: [], skipPermissions: true })).toEqual(['permission_denied', param])
  })

  test('a folder without roots is refused', () => {
    expect(refusal({ cwd: root }, { roots: [], skipPermissions: true })).toEqual(['permission_denied', 'cwd'])
  })
})
