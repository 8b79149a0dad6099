// What is found on a machine: the program, the login, and what a worker gets of it.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSandbox } from '../../../src/process/sandbox.ts'
import { credentials, findLogin, userHome } from '../../../src/providers/gemini/auth.ts'
import { workerArguments, workerEnvironment } from '../../../src/providers/gemini/command.ts'
import { findGemini } from '../../../src/providers/gemini/executable.ts'
import { createHome } from '../../../src/providers/gemini/home.ts'
import { toStatus } from '../../../src/providers/gemini/status.ts'

let root: string
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'cligate-test-')))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function put(path: string, text: string, mode = 0o644): string {
  const file = join(root, path)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, text)
  chmodSync(file, mode)
  return file
}

describe('the program', () => {
  const PACKAGE = 'lib/node_modules/@google/gemini-cli'
  const install = () => {
    put(`${PACKAGE}/package.json`, JSON.stringify({ name: '@google/gemini-cli', version: '0.61.0' }))
    const script = put(`${PACKAGE}/bundle/gemini.js`, '#!/usr/bin/env node\n', 0o755)
    put('bin/node', '', 0o755)
    return script
  }
  const find = (configured?: string, runtimePath?: string) =>
    findGemini({ configured, path: join(root, 'bin'), runtime: 'node', runtimePath })

  test('npm’s link leads to the script, and Node.js runs it', () => {
    const script = install()
    symlinkSync(script, join(root, 'bin/gemini'))
    expect(find()).toEqual({
      path: join(root, 'bin/gemini'),
      command: join(root, 'bin/node'),
      args: [script],
      version: '0.61.0',
    })
  })

  test('pnpm’s small script names it', () => {
    const script = install()
    const shim = '#!/bin/sh\nexec node "$basedir/../lib/node_modules/@google/gemini-cli/bundle/gemini.js" "$@"\n'
    put('bin/gemini', shim, 0o755)
    expect(find()).toMatchObject({ command: join(root, 'bin/node'), args: [script], version: '0.61.0' })
  })

  test('the script itself may be named', () => {
    const script = install()
    expect(find(script)).toMatchObject({ command: join(root, 'bin/node'), args: [script] })
  })

  test('anything else is run as it is', () => {
    const path = put('bin/gemini', '#!/bin/sh\n', 0o755)
    expect(find()).toEqual({ path, command: path, args: [], version: undefined })
  })

  test('nothing is nothing, and a wrong path does not fall back', () => {
    symlinkSync(install(), join(root, 'bin/gemini'))
    expect(find('/nowhere/gemini')).toBeUndefined()
    expect(
      findGemini({ configured: undefined, path: '/nowhere', runtime: 'node', runtimePath: undefined }),
    ).toBeUndefined()
  })
})

describe('the login', () => {
  const login = (env: Record<string, string> = {}, account = {}) => findLogin(account, { HOME: root, ...env })
  const select = (selectedType: string) =>
    put('.gemini/settings.json', JSON.stringify({ security: { auth: { selectedType } } }))

  test('none', () => {
    expect(login()).toEqual({ type: undefined, found: false })
  })

  test('by a key, by Vertex, by a Google account', () => {
    expect(login({ GEMINI_API_KEY: 'k' })).toEqual({ type: 'gemini-api-key', found: true })
    const vertex = { GOOGLE_GENAI_USE_VERTEXAI: 'true', GOOGLE_CLOUD_PROJECT: 'p' }
    expect(login(vertex)).toEqual({ type: 'vertex-ai', found: false })
    expect(login({ ...vertex, GOOGLE_CLOUD_LOCATION: 'l' })).toEqual({ type: 'vertex-ai', found: true })
    put('.gemini/oauth_creds.json', '{}')
    expect(login()).toEqual({ type: 'oauth-personal', found: true })
  })

  test('what the user has chosen comes before what lies about', () => {
    select('oauth-personal')
    expect(login({ GEMINI_API_KEY: 'k' })).toEqual({ type: 'oauth-personal', found: false })
    select('nonsense')
    expect(login({ GEMINI_API_KEY: 'k' })).toEqual({ type: 'gemini-api-key', found: true })
  })

  test('the account’s own key comes before all, and none of the host’s stands beside it', () => {
    select('oauth-personal')
    const account = { env: { GEMINI_API_KEY: 'own' } }
    const host = { GOOGLE_API_KEY: 'host', GOOGLE_GENAI_USE_VERTEXAI: 'true' }
    expect(login(host, account)).toEqual({ type: 'gemini-api-key', found: true })
    expect(credentials(account, { HOME: root, ...host })).toEqual({ GEMINI_API_KEY: 'own' })
  })

  test('the CLI’s own file of variables: those that say who pays', () => {
    put(
      '.gemini/.env',
      'GEMINI_API_KEY=\'of the file\'\nGEMINI_SYSTEM_MD=/evil\nGOOGLE_API_KEY = "x" \n# GEMINI_MODEL=y\n',
    )
    expect(credentials({}, { HOME: root, GOOGLE_API_KEY: 'host' })).toEqual({
      GEMINI_API_KEY: 'of the file',
      GOOGLE_API_KEY: 'host',
    })
    expect(login()).toEqual({ type: 'gemini-api-key', found: true })
  })

  test('where it is looked for', () => {
    expect(userHome({}, { HOME: '/h' })).toBe('/h/.gemini')
    expect(userHome({}, { HOME: '/h', GEMINI_CLI_HOME: '/g' })).toBe('/g/.gemini')
    expect(userHome({ home: '/a' }, { HOME: '/h', GEMINI_CLI_HOME: '/g' })).toBe('/a/.gemini')
  })
})

describe('a worker', () => {
  test('has the login by links, an empty folder to work in, and no program but a shell', async () => {
    const creds = put('.gemini/oauth_creds.json', '{"refresh_token":"r"}')
    put('.gemini/GEMINI.md', 'mine')
    await using sandbox = { ...(await openSandbox({ root: join(root, 'run') })), async [Symbol.asyncDispose]() {} }
    const home = await createHome(sandbox, join(root, '.gemini'), { settings: { a: 1 }, policy: 'p' })
    const link = join(home.folder.path, '.gemini/oauth_creds.json')
    writeFileSync(link, 'renewed')
    expect(readFileSync(creds, 'utf8')).toBe('renewed')
    expect(readFileSync(join(home.folder.path, '.gemini/settings.json'), 'utf8')).toBe('{"a":1}')
    const environment = workerEnvironment(
      {
        HOME: root,
        PATH: '/usr/bin',
        GEMINI_API_KEY: 'k',
        GEMINI_MODEL: 'm',
        GEMINI_CLI_CUSTOM_HEADERS: 'x: y',
        SECRET: 's',
      },
      {},
      home,
      'gemini-api-key',
      true,
    )
    expect(environment).toEqual({
      HOME: root,
      PATH: home.programs,
      GEMINI_API_KEY: 'k',
      GEMINI_CLI_HOME: home.folder.path,
      GEMINI_SYSTEM_MD: home.system,
      GEMINI_CLI_NO_RELAUNCH: '1',
      NO_BROWSER: 'true',
      TMPDIR: home.temporary,
    })
    expect(workerArguments(home, 'oauth-personal')).toEqual(['--acp', '-m', 'gemini-2.5-pro', '--policy', home.policy])
    expect(workerArguments(home, 'gemini-api-key').slice(-2)).toEqual(['--record-responses', home.answers])
    const shim = workerEnvironment({ PATH: '/usr/bin' }, {}, home, 'gemini-api-key', false)
    expect(shim['PATH']).toBe(`${home.programs}:/usr/bin`)
    await home.folder.remove()
    await sandbox.close()
    expect(readFileSync(creds, 'utf8')).toBe('renewed')
  })
})

describe('status', () => {
  const installation = { path: '/bin/gemini', command: '/bin/node', args: [], version: '0.61.0' }
  const facts = {
    installation,
    configured: undefined,
    minimum: '0.61.0',
    login: { type: 'gemini-api-key' as const, found: true },
    failure: undefined,
  }
  test.each([
    ['ready', {}, { state: 'ready', authMethod: 'gemini-api-key', notes: [] }],
    [
      'not installed',
      { installation: undefined },
      { state: 'not-installed', fix: 'npm install -g @google/gemini-cli' },
    ],
    ['not logged in', { login: { type: undefined, found: false } }, { state: 'not-logged-in', fix: 'gemini' }],
    [
      'too old',
      { installation: { ...installation, version: '0.60.0' } },
      { state: 'degraded', fix: 'npm install -g @google/gemini-cli@latest' },
    ],
    ['did not start', { failure: 'It did not start.' }, { state: 'degraded', notes: ['It did not start.'] }],
  ])('%s', (_, changes, expected) => {
    expect(toStatus({ ...facts, ...changes })).toMatchObject({ provider: 'gemini', ...expected } as object)
  })
})
