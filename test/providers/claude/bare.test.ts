// When Claude Code may be started without a look at anything but the API key.
import { expect, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canBeBare, inOneParagraph } from '../../../src/providers/claude/bare.ts'

const KEY = { ANTHROPIC_API_KEY: 'sk-dummy' }
const managed = [join(tmpdir(), 'no/such/folder')]

test('with an API key alone, the host’s or the account’s', () => {
  expect(canBeBare({ environment: KEY, account: {}, managed })).toBe(true)
  expect(canBeBare({ environment: {}, account: { env: KEY }, managed })).toBe(true)
  expect(canBeBare({ environment: { ANTHROPIC_AUTH_TOKEN: 't' }, account: { env: KEY }, managed })).toBe(true)
})

test.each([
  ['no key', {}],
  ['an empty one', { ANTHROPIC_API_KEY: '' }],
  ['the token of another gateway', { ANTHROPIC_AUTH_TOKEN: 't' }],
  ['both', { ...KEY, ANTHROPIC_AUTH_TOKEN: 't' }],
  ['the token of a subscription beside it', { ...KEY, CLAUDE_CODE_OAUTH_TOKEN: 't' }],
])('not with %s', (_, environment) => {
  expect(canBeBare({ environment, account: {}, managed })).toBe(false)
})

test('not in a cloud, and not where it may search the web', () => {
  const cloud = { env: { ...KEY, CLAUDE_CODE_USE_BEDROCK: '1' } }
  expect(canBeBare({ environment: {}, account: cloud, managed })).toBe(false)
  expect(canBeBare({ environment: KEY, account: {}, web: true, managed })).toBe(false)
})

test('not where an organisation may have named another login', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cligate-test-'))
  try {
    expect(canBeBare({ environment: KEY, account: {}, managed: [folder] })).toBe(false)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('not where the service has sent settings of an organisation', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cligate-test-'))
  try {
    const account = { configDir: folder }
    const before = canBeBare({ environment: KEY, account })
    writeFileSync(join(folder, 'remote-settings.json'), '{}')
    expect(canBeBare({ environment: KEY, account })).toBe(false)
    // A machine with settings of its own is never bare.
    if (!existsSync('/etc/claude-code')) expect(before).toBe(process.platform !== 'win32')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('descriptions of functions are in one paragraph, and nothing else is another', () => {
  const tool = (description: string) => ({
    name: 'a',
    description,
    inputSchema: { type: 'object', properties: { x: { anyOf: [{ description: 'one\n\ntwo' }] } } },
  })
  const told = (text: string) => JSON.parse(inOneParagraph(JSON.stringify([tool(text)]))) as unknown
  expect(told('one\ntwo')).toEqual([tool('one\ntwo')])
  expect(told('one\n\ntwo\n\n\nthree\n')).toEqual([tool('one\n \ntwo\n \n \nthree\n')])
  expect(inOneParagraph('[]')).toBe('[]')
})
