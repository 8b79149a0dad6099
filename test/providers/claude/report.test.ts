// What Claude Code reports about itself: the init line, the answer at its start, `auth status`, `--version`.
import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { credentialOf, parseLogin } from '../../../src/providers/claude/auth.ts'
import { type Fields, fieldsAt } from '../../../src/providers/fields.ts'
import { checkInit } from '../../../src/providers/claude/init-check.ts'
import { fullName, listModels } from '../../../src/providers/claude/models.ts'
import { toStatus } from '../../../src/providers/claude/status.ts'

const file = join(import.meta.dir, '../../real/fixtures/claude/text.jsonl')
const lines = (await Bun.file(file).text())
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Fields)
const INIT = lines.find((line) => line['subtype'] === 'init')!
const REPORT = fieldsAt(
  fieldsAt(
    lines.find((line) => line['type'] === 'control_response')!,
    'response',
  ),
  'response',
)!

describe('the init report', () => {
  test('of a clean process passes', () => {
    expect(checkInit(INIT)).toBeUndefined()
  })

  const strangers: [string, object][] = [
    ['a tool', { tools: ['Bash'] }],
    ['a tool that is no text', { tools: [{ name: 'x' }] }],
    ['a server', { mcp_servers: [{ name: 'client' }, { name: 'filesystem' }] }],
    ['a command', { slash_commands: ['clear'] }],
    ['a skill', { skills: ['pdf'] }],
    ['a plugin of the user', { plugins: [{ name: 'mine', path: '/home/u/.claude/plugins/mine' }] }],
    ['another folder', { additional_directories: ['/home/u'] }],
    ['permission for everything', { permissionMode: 'bypassPermissions' }],
    ['no list of tools', { tools: undefined }],
    ['no list of servers', { mcp_servers: 'none' }],
  ]
  test.each(strangers)('with %s does not', (_, change) => {
    const error = checkInit({ ...INIT, ...change })
    expect(error).toMatchObject({ code: 'internal_error', status: 500, retryable: false })
    // A plugin's path is a path of this machine.
    expect(error?.message).not.toContain('/home/')
  })

  test('the caller’s own tools are allowed', () => {
    const report = { ...INIT, tools: ['get_weather'] }
    expect(checkInit(report, new Set(['get_weather']))).toBeUndefined()
    expect(checkInit(report, new Set(['other']))).toBeDefined()
    expect(checkInit({ ...INIT, tools: ['Task', 'Task'] }, new Set(['Agent', 'Task']))).toBeUndefined()
    expect(checkInit({ ...INIT, tools: ['Task'] }, new Set(['Agent']))).toBeUndefined()
    expect(checkInit({ ...INIT, tools: ['mcp__client__a'] }, new Set(['a']))).toBeUndefined()
    expect(checkInit({ ...INIT, tools: ['mcp__other__a'] }, new Set(['a']))).toMatchObject({ code: 'internal_error' })
  })

  test('and all of them have to be there', () => {
    const lacks = (tools: string[], offered: string[]) => checkInit({ ...INIT, tools }, new Set(offered))
    expect(lacks(['a'], ['a', 'b'])).toMatchObject({ code: 'invalid_request', message: expect.stringContaining('b') })
    expect(lacks([], ['a'])).toMatchObject({ code: 'invalid_request' })
    // Not one of several: that is no matter of their schemas.
    expect(lacks([], ['a', 'b'])).toMatchObject({ code: 'provider_error' })
  })
})

describe('credentials', () => {
  const cases: [string, object | undefined][] = [
    ['key', { tokenSource: 'none', apiKeySource: 'ANTHROPIC_API_KEY', apiProvider: 'firstParty' }],
    ['key', { tokenSource: 'ANTHROPIC_AUTH_TOKEN', apiProvider: 'firstParty' }],
    ['token', { tokenSource: 'CLAUDE_CODE_OAUTH_TOKEN', apiProvider: 'firstParty' }],
    ['login', { subscriptionType: 'Claude Max', apiProvider: 'firstParty' }],
    ['cloud', { apiProvider: 'bedrock' }],
    ['none', { tokenSource: 'none', apiProvider: 'firstParty' }],
  ]
  test.each(cases)('%s', (kind, account) => {
    expect(credentialOf({ account })).toBe(kind as ReturnType<typeof credentialOf>)
  })

  test('auth status', () => {
    expect(parseLogin('{\n "loggedIn": true,\n "authMethod": "oauth_token"\n}')).toEqual({
      loggedIn: true,
      method: 'oauth_token',
    })
    expect(parseLogin('{"loggedIn":false,"authMethod":"none"}')).toEqual({ loggedIn: false, method: 'none' })
    for (const nonsense of ['', 'error: unknown command', '{}', '[]', '{"loggedIn":"yes"}']) {
      expect(parseLogin(nonsense)).toBeUndefined()
    }
  })
})

describe('models', () => {
  test('those it lists, with their short names, and older ones', () => {
    const models = listModels(REPORT)
    expect(models.find((model) => model.id === 'claude-haiku-5-5')).toEqual({
      id: 'claude-haiku-5-5',
      displayName: 'Haiku 5.5',
      aliases: ['haiku'],
      efforts: ['low', 'medium', 'high', 'xhigh', 'max'],
    })
    expect(models.find((model) => model.id === 'claude-haiku-4-5')).toMatchObject({ aliases: [], efforts: [] })
    expect(new Set(models.map((model) => model.id)).size).toBe(models.length)
  })

  test('of another cloud only what it lists', () => {
    const id = 'us.anthropic.claude-opus-5'
    const listed = [
      { value: id, resolvedModel: id, displayName: 'Opus 5' },
      { value: `${id}[1m]`, resolvedModel: `${id}[1m]`, displayName: 'Opus 5 (1M)' },
    ]
    expect(listModels({ account: { apiProvider: 'bedrock' }, models: listed })).toEqual([
      { id, displayName: 'Opus 5', aliases: [], efforts: expect.any(Array) },
    ])
  })

  test('full names of short ones', () => {
    expect(fullName(REPORT, 'sonnet')).toBe('claude-sonnet-5-5')
    expect(fullName(REPORT, 'claude-opus-4-6')).toBe('claude-opus-4-6')
    expect(fullName(undefined, 'sonnet')).toBe('sonnet')
  })
})

describe('status', () => {
  const FACTS = {
    path: '/usr/bin/claude',
    configured: undefined,
    version: '2.1.329',
    minimum: '2.1.200',
    login: { loggedIn: true, method: 'api_key' },
    tested: { way: 'seeded' as const, failed: [] },
    notes: [],
  }
  test('ready', () => {
    expect(toStatus(FACTS)).toEqual({
      provider: 'claude',
      state: 'ready',
      path: '/usr/bin/claude',
      version: '2.1.329',
      authMethod: 'api_key',
      notes: [],
    })
  })
  test('each trouble has a sentence and a command', () => {
    const missing = toStatus({ ...FACTS, path: undefined, version: undefined, login: undefined, tested: undefined })
    expect(missing).toMatchObject({ state: 'not-installed', fix: 'npm install -g @anthropic-ai/claude-code' })
    expect(toStatus({ ...FACTS, path: undefined, configured: '/opt/claude' }).notes[0]).toContain('configured')
    const loggedOut = toStatus({ ...FACTS, login: { loggedIn: false, method: 'none' } })
    expect(loggedOut).toMatchObject({ state: 'not-logged-in', fix: 'claude auth login' })
    expect(toStatus({ ...FACTS, version: '1.0.9' })).toMatchObject({ state: 'degraded' })
    const slow = toStatus({ ...FACTS, tested: { way: 'documented', failed: ['history (replay)'] } })
    expect(slow).toMatchObject({ state: 'degraded', notes: [expect.stringContaining('history (replay)')] })
    const unusable = toStatus({ ...FACTS, tested: { way: 'none', failed: ['no tools'] } })
    expect(unusable).toMatchObject({ state: 'disabled', fix: 'npm install -g @anthropic-ai/claude-code@latest' })
    expect(toStatus({ ...FACTS, login: undefined }).state).toBe('degraded')
  })
})
