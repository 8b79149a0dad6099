// How the process is started, and what it gets to see.
import { describe, expect, test } from 'bun:test'
import { existsSync, lstatSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openSandbox } from '../../../src/process/sandbox.ts'
import { loginOf, routeOf } from '../../../src/providers/codex/auth.ts'
import { codexEnvironment, modelsArguments, serverArguments } from '../../../src/providers/codex/command.ts'
import { findCodex } from '../../../src/providers/codex/executable.ts'
import { createCodexFolder, loginStamp, userHome } from '../../../src/providers/codex/home.ts'
import { temporaryHome } from '../../real/harness/real-cli.ts'

const SETTINGS = { account: {}, web: false }

/** The values after each `-c`, by key. */
function configOf(args: string[]): Map<string, string> {
  const values = args.filter((_, index) => args[index - 1] === '-c')
  return new Map(values.map((value) => [value.slice(0, value.indexOf('=')), value.slice(value.indexOf('=') + 1)]))
}

describe('arguments', () => {
  test('nothing that Codex has of its own is left on', () => {
    const config = configOf(serverArguments(SETTINGS, '/state/models.json'))
    expect(config.get('web_search')).toBe('"disabled"')
    expect(config.get('model_catalog_json')).toBe('"/state/models.json"')
    expect(config.get('tools.update_plan')).toBe('{enabled=false}')
    for (const key of ['features.shell_tool', 'features.plugins', 'analytics.enabled', 'skills.bundled.enabled']) {
      expect(config.get(key)).toBe('false')
    }
    expect(config.has('openai_base_url')).toBe(false)
  })

  test('web search is on only where it is allowed', () => {
    expect(configOf(serverArguments({ ...SETTINGS, web: true }, '/x')).get('web_search')).toBe('"live"')
  })

  test('custom providers do not ask twice; a base URL holds for all of them', () => {
    const config = configOf(serverArguments({ ...SETTINGS, baseUrl: 'http://127.0.0.1:1/v1' }, '/x'))
    for (const provider of ['cligate-api', 'cligate-chatgpt']) {
      expect(config.get(`model_providers.${provider}.request_max_retries`)).toBe('0')
      expect(config.get(`model_providers.${provider}.stream_max_retries`)).toBe('0')
      expect(config.get(`model_providers.${provider}.base_url`)).toBe('"http://127.0.0.1:1/v1"')
    }
    expect(config.get('openai_base_url')).toBe('"http://127.0.0.1:1/v1"')
  })

  test('a key is never an argument, only the name of its variable', () => {
    const account = { env: { OPENAI_API_KEY: 'sk-secret' } }
    for (const args of [
      serverArguments({ ...SETTINGS, account }, '/x'),
      modelsArguments({ ...SETTINGS, account }, true),
    ]) {
      expect(args.join(' ')).not.toContain('sk-secret')
      expect(configOf(args).get('model_providers.cligate-key.env_key')).toBe('"OPENAI_API_KEY"')
    }
  })
})

describe('the folder', () => {
  test('has the login of the user as a link, and nothing else of the user', async () => {
    await using home = await temporaryHome()
    const user = join(home.path, '.codex')
    mkdirSync(user)
    writeFileSync(join(user, 'auth.json'), '{"OPENAI_API_KEY":"sk-dummy"}', { mode: 0o600 })
    writeFileSync(join(user, 'config.toml'), 'model = "x"')
    const sandbox = await openSandbox({ root: join(home.path, 'run') })
    const folder = await createCodexFolder(sandbox, user)
    expect(lstatSync(join(folder.home, 'auth.json')).isSymbolicLink()).toBe(true)
    expect(readFileSync(join(folder.home, 'auth.json'), 'utf8')).toContain('sk-dummy')
    expect(existsSync(join(folder.home, 'config.toml'))).toBe(false)
    expect(statSync(folder.home).mode & 0o777).toBe(0o700)
    await folder.sandbox.remove()
    expect(existsSync(join(user, 'auth.json'))).toBe(true)
    await sandbox.close()
  })

  test('a login that is not there is not made', async () => {
    await using home = await temporaryHome()
    const sandbox = await openSandbox({ root: join(home.path, 'run') })
    const folder = await createCodexFolder(sandbox, join(home.path, '.codex'))
    expect(() => lstatSync(join(folder.home, 'auth.json'))).toThrow()
    expect(existsSync(join(home.path, '.codex'))).toBe(false)
    await sandbox.close()
  })

  test('the user’s own is where Codex would look', () => {
    expect(userHome({ home: '/a' }, { CODEX_HOME: '/b', HOME: '/c' })).toBe('/a')
    expect(userHome({}, { CODEX_HOME: '/b', HOME: '/c' })).toBe('/b')
    expect(userHome({}, { HOME: '/c' })).toBe('/c/.codex')
  })

  test('the stamp of a login changes with it', async () => {
    await using home = await temporaryHome()
    const before = loginStamp(home.path)
    writeFileSync(join(home.path, 'auth.json'), '{}')
    const after = loginStamp(home.path)
    expect(loginStamp(home.path)).toBe(after)
    writeFileSync(join(home.path, 'auth.json'), '{"tokens":{}}')
    expect(new Set([before, after, loginStamp(home.path)]).size).toBe(3)
  })
})

test('the environment has no home, settings or keys of the user', () => {
  const folder = {
    home: '/f/home',
    databases: '/f/db',
    temporary: '/f/tmp',
    work: '/f/work',
    sandbox: undefined as never,
  }
  const source = {
    PATH: '/bin',
    HOME: '/root',
    CODEX_HOME: '/root/.codex',
    OPENAI_API_KEY: 'sk-host',
    CODEX_API_KEY: 'x',
  }
  expect(codexEnvironment(source, { env: { EXTRA: '1', HOME: '/mine' } }, folder)).toEqual({
    PATH: '/bin',
    EXTRA: '1',
    HOME: '/f/home',
    CODEX_HOME: '/f/home',
    CODEX_SQLITE_HOME: '/f/db',
    TMPDIR: '/f/tmp',
  })
})

describe('the way to the model', () => {
  const login = (authMethod: string | null, env?: Record<string, string>) =>
    loginOf({ account: env ? { env } : {} }, { authMethod })

  test('a subscription is asked as Codex asks, a key without retries and instructions', () => {
    expect(routeOf({}, login('chatgpt'))).toEqual({ provider: 'openai', retries: true, prompt: 'codex' })
    expect(routeOf({}, login('apikey'))).toEqual({ provider: 'cligate-api', retries: false, prompt: 'none' })
    expect(routeOf({}, login('chatgpt', { OPENAI_API_KEY: 'x' }))).toEqual({
      provider: 'cligate-key',
      retries: false,
      prompt: 'none',
    })
  })

  test('the owner decides otherwise', () => {
    expect(routeOf({ provider: 'custom', prompt: 'none' }, login('chatgpt'))).toEqual({
      provider: 'cligate-chatgpt',
      retries: false,
      prompt: 'none',
    })
    expect(routeOf({ provider: 'built-in', prompt: 'codex' }, login('apikey'))).toEqual({
      provider: 'openai',
      retries: true,
      prompt: 'codex',
    })
  })

  test('no login is no login', () => {
    expect(login(null).kind).toBe('none')
  })
})

describe('finding the program', () => {
  /** npm's layout: a link in bin, a script in the package, the program in a package of its own. */
  function install(root: string, native: boolean): string {
    const scope = join(root, 'lib/node_modules/@openai')
    mkdirSync(join(scope, 'codex/bin'), { recursive: true })
    writeFileSync(join(scope, 'codex/bin/codex.js'), '#!/usr/bin/env node\n', { mode: 0o755 })
    mkdirSync(join(root, 'bin'))
    symlinkSync('../lib/node_modules/@openai/codex/bin/codex.js', join(root, 'bin/codex'))
    const program = join(scope, 'codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin')
    if (!native) return join(root, 'bin/codex')
    mkdirSync(program, { recursive: true })
    writeFileSync(join(scope, 'codex-linux-x64/package.json'), '{"name":"@openai/codex-linux-x64"}')
    writeFileSync(join(program, 'codex'), '', { mode: 0o755 })
    return join(program, 'codex')
  }
  const find = (path: string, platform = 'linux-x64') => findCodex({ configured: undefined, path, platform })

  test('the program behind npm’s script', async () => {
    await using home = await temporaryHome()
    const program = install(home.path, true)
    expect(find(join(home.path, 'bin'))).toEndWith(program.slice(home.path.length))
  })

  test('the script itself, where its program is not found', async () => {
    await using home = await temporaryHome()
    const script = install(home.path, false)
    expect(find(join(home.path, 'bin'))).toBe(script)
    expect(find(join(home.path, 'bin'), 'sunos-sparc')).toBe(script)
  })

  test('a program that stands alone', async () => {
    await using home = await temporaryHome()
    writeFileSync(join(home.path, 'codex'), '', { mode: 0o755 })
    expect(find(home.path)).toBe(join(home.path, 'codex'))
  })

  test('nothing', async () => {
    await using home = await temporaryHome()
    expect(find(home.path)).toBeUndefined()
    expect(findCodex({ configured: join(home.path, 'codex'), path: '/bin' })).toBeUndefined()
  })
})
