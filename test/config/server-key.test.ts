import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError } from '../../src/config/error.ts'
import { loadConfig } from '../../src/config/load.ts'
import { ensureServerKey, isLoopback } from '../../src/config/server-key.ts'

const root = mkdtempSync(join(tmpdir(), 'cligate-key-'))
afterAll(() => rmSync(root, { recursive: true }))

let state = ''
beforeEach(() => {
  state = join(mkdtempSync(join(root, 'run-')), 'state')
})

const load = (environment: Record<string, string>) =>
  loadConfig({ environment: { CLIGATE_STATE_DIR: state, ...environment }, folder: root }).config

test('beyond the loopback a key is made once, kept for its owner alone, and used again', () => {
  const config = load({ HOST: '0.0.0.0' })
  const first = ensureServerKey(config)
  expect(first.created).toMatch(/^cligate_[A-Za-z0-9]{40}$/)
  expect(first.file).toBe(join(state, 'api-key'))
  expect(first.config.server.api_keys).toEqual([first.created!])
  expect(config.server.api_keys).toEqual([])
  expect(statSync(first.file!).mode & 0o777).toBe(0o600)
  expect(statSync(state).mode & 0o777).toBe(0o700)

  const second = ensureServerKey(load({ HOST: '0.0.0.0' }))
  expect(second.created).toBeUndefined()
  expect(second.config.server.api_keys).toEqual([first.created!])
  expect(readdirSync(state)).toEqual(['api-key'])
})

test.each([
  ['on the loopback', {}],
  ['with a key of its own', { HOST: '0.0.0.0', API_KEY: 'configured-key' }],
  ['when asked to run open', { HOST: '0.0.0.0', CLIGATE_SERVER__INSECURE: 'true' }],
])('no key is made %s', (_, environment) => {
  const config = load(environment)
  expect(ensureServerKey(config)).toEqual({ config })
  expect(existsSync(state)).toBe(false)
})

test('a kept file that is no key stops the start and stays as it is', () => {
  mkdirSync(state, { recursive: true })
  for (const content of ['', 'short', 'cligate_', '\u0000'.repeat(48)]) {
    writeFileSync(join(state, 'api-key'), content)
    expect(() => ensureServerKey(load({ HOST: '::' }))).toThrow(ConfigError)
    expect(readFileSync(join(state, 'api-key'), 'utf8')).toBe(content)
  }
})

test('a kept key that others could read is closed to them', () => {
  const { file } = ensureServerKey(load({ HOST: '0.0.0.0' }))
  chmodSync(file!, 0o644)
  ensureServerKey(load({ HOST: '0.0.0.0' }))
  expect(statSync(file!).mode & 0o777).toBe(0o600)
})

describe('which addresses are the loopback', () => {
  test.each(['127.0.0.1', '127.1.2.3', 'localhost', 'LOCALHOST', '::1', '[::1]', '::ffff:127.0.0.1'])('%s is', (host) =>
    expect(isLoopback(host)).toBe(true),
  )
  test.each([
    '0.0.0.0',
    '::',
    '[::]',
    '192.168.1.2',
    '10.0.0.1',
    'localhost.example',
    'example.com',
    '',
    '127.0.0.1.nip.io',
  ])('%s is not', (host) => expect(isLoopback(host)).toBe(false))
})
