import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError } from '../../src/config/error.ts'
import { type LoadOptions, loadConfig } from '../../src/config/load.ts'
import { SETTINGS } from '../../src/config/settings.ts'

const root = mkdtempSync(join(tmpdir(), 'cligate-config-'))
afterAll(() => rmSync(root, { recursive: true }))

let folder = ''
let home = ''
beforeEach(() => {
  folder = mkdtempSync(join(root, 'cwd-'))
  home = mkdtempSync(join(root, 'home-'))
})

const write = (name: string, text: string) => {
  writeFileSync(join(folder, name), text, { mode: 0o600 })
  return join(folder, name)
}
const load = (environment: Record<string, string> = {}, options: LoadOptions = {}) =>
  loadConfig({ environment: { HOME: home, ...environment }, folder, ...options })

/** The problems of a configuration that must not load, `message (source)` each. */
const problems = (environment: Record<string, string> = {}, options: LoadOptions = {}): string[] => {
  try {
    load(environment, options)
  } catch (error) {
    if (error instanceof ConfigError) {
      expect(error.message).toContain(error.problems[0]!.message)
      return error.problems.map(({ message, source }) => `${message} (${source.replace(`${folder}/`, '')})`)
    }
    throw error
  }
  throw new Error('it loaded')
}

describe('defaults', () => {
  test('are all there, and say so', () => {
    const { config, sources, file, warnings } = load()
    expect(config.server).toEqual({
      host: '127.0.0.1',
      port: 8000,
      api_keys: [],
      users: {},
      trusted_proxies: [],
      hosts: [],
      body_limit_mb: 32,
      insecure: false,
    })
    expect(config.timeouts).toEqual({ first_event: 120, between_events: 300, total: 3600, shutdown: 10 })
    expect(config.images).toEqual({ max_count: 20, max_mb: 3.75, allow_hosts: [] })
    expect(config.cleanup).toEqual({ enabled: true, delay_minutes: 720 })
    expect(config.sse).toEqual({ keepalive_interval: 30, head_after_ms: 1000 })
    expect(config.chat.web).toBe(false)
    expect(config.state_dir).toBe(join(home, '.local/state/cligate'))
    expect(new Set(Object.values(sources))).toEqual(new Set(['default']))
    expect(Object.keys(sources)).toEqual(SETTINGS.map((setting) => setting.path))
    expect({ file, warnings }).toEqual({ file: undefined, warnings: [] })
  })

  test('every key has a description, and its default passes its own validation', () => {
    for (const { path, description } of SETTINGS) expect([path, description.length > 10]).toEqual([path, true])
    expect(() => load()).not.toThrow()
  })

  test('the result cannot be changed', () => {
    const { config } = load({ CLIGATE_ALIASES: '{"a":"b"}' })
    expect(() => Object.assign(config.providers.claude.warm, { size: 9 })).toThrow(TypeError)
    expect(() => Object.assign(config.aliases, { x: 'y' })).toThrow(TypeError)
    expect(() => (config.server.api_keys as string[]).push('x')).toThrow(TypeError)
  })
})

describe('precedence: flags, environment, .env, file, defaults', () => {
  const flags = [{ name: '--port', path: 'server.port', value: '5' }]

  test('each one gives way to the one before it', () => {
    write('cligate.yaml', 'server:\n  port: 1\n  host: localhost\nlog:\n  level: warn\nstrict: true\n')
    write('.env', 'PORT=2\nLOG_LEVEL=error\nMAX_TIMEOUT=60000\n')
    const { config, sources, file } = load({ PORT: '3' }, { flags })
    expect([config.server.port, sources['server.port']]).toEqual([5, 'flag --port'])
    expect([config.log.level, sources['log.level']]).toEqual(['error', '.env LOG_LEVEL'])
    expect([config.strict, sources['strict']]).toEqual([true, `file ${file}:6`])
    expect([config.timeouts.total, sources['timeouts.total']]).toEqual([60, '.env MAX_TIMEOUT'])
    expect(sources['server.host']).toBe(`file ${folder}/cligate.yaml:3`)
    expect(sources['log.format']).toBe('default')

    expect(load({ PORT: '3' }).sources['server.port']).toBe('env PORT')
    expect(load().config.server.port).toBe(2)
    rmSync(join(folder, '.env'))
    expect(load().config.server.port).toBe(1)
  })

  test('the nested name wins over the flat one, but never over a stronger source', () => {
    expect(load({ PORT: '3', CLIGATE_SERVER__PORT: '4' }).config.server.port).toBe(4)
    write('.env', 'CLIGATE_SERVER__PORT=4\n')
    expect(load({ PORT: '3' }).config.server.port).toBe(3)
  })

  test("what Bun itself put into the environment from .env is still .env's", () => {
    write('.env', 'PORT=2\n')
    expect(load({ PORT: '2' }).sources['server.port']).toBe('.env PORT')
  })

  test('the environment for children is the same with and without what Bun does', () => {
    write('.env', 'ONE=1\nTWO=2\n')
    expect(load({ TWO: '3' }).environment).toEqual({ HOME: home, ONE: '1', TWO: '3' })
    expect(load({ ONE: '1', TWO: '3' }).environment).toEqual({ HOME: home, ONE: '1', TWO: '3' })
  })

  test('an empty variable counts as unset', () => {
    write('.env', 'PORT=\n')
    expect(load({ HOST: '', CLIGATE_SERVER__PORT: '' }).sources).toMatchObject({
      'server.host': 'default',
      'server.port': 'default',
    })
  })

  test('the file: --config, CLIGATE_CONFIG, the current folder, the user folder', () => {
    const user = join(home, '.config/cligate')
    mkdirSync(user, { recursive: true })
    writeFileSync(join(user, 'cligate.yaml'), 'server: {port: 10}\n')
    expect(load().config.server.port).toBe(10)
    const elsewhere = mkdtempSync(join(root, 'xdg-'))
    mkdirSync(join(elsewhere, 'cligate'))
    writeFileSync(join(elsewhere, 'cligate/cligate.yaml'), 'server: {port: 11}\n')
    expect(load({ XDG_CONFIG_HOME: elsewhere }).config.server.port).toBe(11)
    write('cligate.yml', 'server: {port: 12}\n')
    expect(load({ XDG_CONFIG_HOME: elsewhere }).config.server.port).toBe(12)
    write('cligate.yaml', 'server: {port: 13}\n')
    expect(load().config.server.port).toBe(13)
    write('other.yaml', 'server: {port: 14}\n')
    expect(load({ CLIGATE_CONFIG: 'other.yaml' }).config.server.port).toBe(14)
    write('asked.yaml', 'server: {port: 15}\n')
    expect(load({ CLIGATE_CONFIG: 'other.yaml' }, { file: 'asked.yaml' }).config.server.port).toBe(15)
    expect(problems({}, { file: 'missing.yaml' })[0]).toStartWith('cannot be read: ENOENT')
  })
})

describe('texts become what their key holds', () => {
  test('numbers, booleans, lists, maps', () => {
    const { config } = load({
      CLIGATE_SERVER__BODY_LIMIT_MB: '1.5',
      CLIGATE_STRICT: 'yes',
      CLEANUP_ENABLED: 'off',
      CLEANUP_DELAY_MINUTES: '0',
      CORS_ORIGINS: '["https://a.example", "http://b.example:1"]',
      CLIGATE_SERVER__HOSTS: 'one.example, two.example,',
      CLIGATE_ALIASES: '{"gpt-4o": "claude/sonnet"}',
      CLIGATE_PROVIDERS__CLAUDE__WARM__SIZE: '0',
      CLAUDE_CLI_PATH: 'claude',
      SSE_KEEPALIVE_INTERVAL: '15',
      MAX_TIMEOUT: '600000',
    })
    expect(config.server.body_limit_mb).toBe(1.5)
    expect(config.strict).toBe(true)
    expect(config.cleanup).toEqual({ enabled: false, delay_minutes: 0 })
    expect(config.cors.origins).toEqual(['https://a.example', 'http://b.example:1'])
    expect(config.server.hosts).toEqual(['one.example', 'two.example'])
    expect(config.aliases).toEqual({ 'gpt-4o': 'claude/sonnet' })
    expect(config.providers.claude.warm.size).toBe(0)
    expect(config.providers.claude.path).toBe('claude')
    expect(config.sse.keepalive_interval).toBe(15)
    expect(config.timeouts.total).toBe(600)
  })

  test('API_KEY is one key, whatever it holds', () => {
    expect(load({ API_KEY: 'with,comma and [bracket' }).config.server.api_keys).toEqual(['with,comma and [bracket'])
    expect(load({ CLIGATE_SERVER__API_KEYS: 'first-key,second-key' }).config.server.api_keys).toEqual([
      'first-key',
      'second-key',
    ])
  })

  test.each(['0x10', '1e3', '0b1', '0o7', '1_000', 'Infinity', '.', '--1'])('%s is no number', (text) => {
    expect(problems({ PORT: text })).toEqual([`server.port must be a number, but is "${text}" (env PORT)`])
  })

  test('a text that does not fit is named', () => {
    expect(
      problems({
        PORT: 'abc',
        CLIGATE_STRICT: 'maybe',
        LOG_LEVEL: 'loud',
        CLIGATE_ALIASES: 'a=b',
        CORS_ORIGINS: '["a"',
        MAX_TIMEOUT: '-1',
      }),
    ).toEqual([
      'server.port must be a number, but is "abc" (env PORT)',
      'cors.origins must be a list, but is "[\\"a\\"" (env CORS_ORIGINS)',
      'timeouts.total must be 0 or more, but is -0.001 (env MAX_TIMEOUT)',
      'strict must be true or false, but is "maybe" (env CLIGATE_STRICT)',
      'aliases must be "name: value" lines, but is "a=b" (env CLIGATE_ALIASES)',
      'log.level must be "debug" or "info" or "warn" or "error" or "silent", but is "loud" (env LOG_LEVEL)',
    ])
  })

  test('any origin needs a key: one of its own, or one that will be made', () => {
    const origin = { CORS_ORIGINS: '["*"]' }
    const message =
      'cors.origins "*" needs a key in server.api_keys, or any web page could use your accounts (env CORS_ORIGINS)'
    expect(problems(origin)).toEqual([message])
    expect(problems({ ...origin, HOST: '0.0.0.0', CLIGATE_SERVER__INSECURE: 'true' })).toEqual([message])
    expect(load({ ...origin, API_KEY: 'a-long-key' }).config.cors.origins).toEqual(['*'])
    expect(load({ ...origin, HOST: '0.0.0.0' }).config.cors.origins).toEqual(['*'])
  })

  test('no text of a variable crashes the loader', () => {
    const names = SETTINGS.map((setting) => setting.variable)
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.string({ unit: 'binary' }), (name, text) => {
        try {
          load({ [name]: text })
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error
        }
      }),
    )
  })
})

describe('the file', () => {
  test('${NAME} comes from the environment or .env, also for keys that hold no text', () => {
    write('.env', 'FROM_DOTENV=dotenv-key-1\n')
    write(
      'cligate.yaml',
      [
        'server:',
        '  port: ${MY_PORT}',
        '  host: "${MY_HOST:-localhost}"',
        '  api_keys: ["${FROM_DOTENV}", "pre-${KEY}-post", "literal $${KEY} $KEY"]',
        '  insecure: ${NO:-true}',
        'aliases: ${ALIASES}',
        'providers:',
        '  claude:',
        '    env: {A: "${KEY}", B: 1, C: true, D: }',
      ].join('\n'),
    )
    const { config } = load({ MY_PORT: '9', KEY: 'k', ALIASES: '{"a":"b"}', MY_HOST: '' })
    expect(config.server).toMatchObject({
      port: 9,
      host: 'localhost',
      api_keys: ['dotenv-key-1', 'pre-k-post', 'literal ${KEY} $KEY'],
      insecure: true,
    })
    expect(config.aliases).toEqual({ a: 'b' })
    expect(config.providers.claude.env).toEqual({ A: 'k', B: '1', C: 'true' })
  })

  test('a variable that is not set is an error, not an empty key', () => {
    write('cligate.yaml', 'server:\n  api_keys:\n    - ${MISSING}\n    - ${not a name}\n')
    expect(problems({ MISSING: '' })).toEqual([
      'server.api_keys needs ${MISSING}, which is not set (file cligate.yaml:2)',
      'server.api_keys needs ${not a name}, which is not set (file cligate.yaml:2)',
    ])
  })

  test('all mistakes at once, each with its line and a suggestion', () => {
    write(
      'cligate.yaml',
      [
        'servr:',
        '  port: 1',
        'server:',
        '  prot: 9000 # comment',
        '  port: "80"',
        '  hosts: not a list',
        'port: 1',
        'log: pretty',
        'images:',
        '  max_count: 1.5',
        '  max_mb: -1',
        'providers:',
        '  claude:',
        '    warm: {siz: 1}',
        '  mistral: {}',
        '__proto__: {polluted: true}',
        'nothing_like_it: 1',
      ].join('\n'),
    )
    expect(problems({ CLIGATE_SERVER__PROT: '1', CLIGATE_PORT: '2' })).toEqual([
      'servr is unknown; did you mean server? (file cligate.yaml:1)',
      'server.prot is unknown; did you mean server.port? (file cligate.yaml:4)',
      'port is unknown; did you mean server.port? (file cligate.yaml:7)',
      'log must hold "key: value" lines (file cligate.yaml:8)',
      'providers.claude.warm.siz is unknown; did you mean providers.claude.warm.size? (file cligate.yaml:14)',
      'providers.mistral is unknown (file cligate.yaml:15)',
      '__proto__ is unknown (file cligate.yaml:16)',
      'nothing_like_it is unknown (file cligate.yaml:17)',
      'CLIGATE_SERVER__PROT is no setting; did you mean CLIGATE_SERVER__PORT? (env)',
      'CLIGATE_PORT is no setting; did you mean CLIGATE_SERVER__PORT? (env)',
      'server.port must be a number, but is "80" (file cligate.yaml:5)',
      'server.hosts must be a list, but is "not a list" (file cligate.yaml:6)',
      'images.max_count must be a whole number, but is 1.5 (file cligate.yaml:10)',
      'images.max_mb must be 0.001 or more, but is -1 (file cligate.yaml:11)',
    ])
    expect(Object.keys({})).toEqual([])
    expect('polluted' in {}).toBe(false)
  })

  test('broken YAML names the line', () => {
    write('cligate.yaml', 'server:\n  port: 1\n bad: 2\nlog: {}\n')
    expect(problems()).toEqual(['is not valid YAML: Unexpected token (file cligate.yaml:3)'])
    write('cligate.yaml', 'strict: true\nserver:\n\tport: 1\n')
    expect(problems()[0]).toEndWith('(file cligate.yaml:3)')
  })

  test('a key that is set twice is an error: YAML would drop the first in silence', () => {
    write('cligate.yaml', 'server:\n  port: 1\nlog:\n  level: info\nserver:\n  host: localhost\n')
    expect(problems()).toEqual(['server is set twice (file cligate.yaml:5)'])
  })

  test.each(['', '# only a comment\n', '---\n', 'server:\nlog:\n  level:\n', '{}', '\uFEFFstrict: false\n'])(
    'nothing set: %j',
    (text) => {
      write('cligate.yaml', text)
      expect(load().config.server.port).toBe(8000)
    },
  )

  test.each(['- a\n', 'just text\n', '42\n', 'strict: true\n---\nstrict: false\n'])('no keys: %j', (text) => {
    write('cligate.yaml', text)
    expect(problems()).toEqual(['the file must hold "key: value" lines (file cligate.yaml)'])
  })

  test('a folder in place of the file, or of .env, is an error and no crash', () => {
    mkdirSync(join(folder, 'cligate.yaml'))
    mkdirSync(join(folder, '.env'))
    const found = problems()
    expect(found.length).toBe(2)
    for (const problem of found) expect(problem).toStartWith('cannot be read: ')
  })

  test('no content crashes the loader', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.json(), (text, json) => {
        for (const content of [text, json, `server: ${text}`, `server: ${json}`, `aliases: ${json}`]) {
          write('cligate.yaml', content)
          try {
            load()
          } catch (error) {
            if (!(error instanceof ConfigError)) throw error
          }
        }
      }),
      { numRuns: 50 },
    )
  })
})

describe('paths', () => {
  test('start where they are written; ~ is the home folder; a bare command stays one', () => {
    mkdirSync(join(folder, 'sub'))
    write(
      'sub/c.yaml',
      'state_dir: ./state\nlog: {file: x.log}\nproviders: {claude: {path: bin/claude, config_dir: ~/cc}}\n',
    )
    const { config } = load({}, { file: 'sub/c.yaml' })
    expect(config.state_dir).toBe(join(folder, 'sub/state'))
    expect(config.log.file).toBe(join(folder, 'sub/x.log'))
    expect(config.providers.claude.path).toBe(join(folder, 'sub/bin/claude'))
    expect(config.providers.claude.config_dir).toBe(join(home, 'cc'))
    const fromEnvironment = load({ CLIGATE_STATE_DIR: 'state', CLAUDE_CLI_PATH: 'claude-next', XDG_STATE_HOME: '/x' })
    expect(fromEnvironment.config.state_dir).toBe(join(folder, 'state'))
    expect(fromEnvironment.config.providers.claude.path).toBe('claude-next')
    expect(load({ XDG_STATE_HOME: '/x' }).config.state_dir).toBe('/x/cligate')
  })
})

describe('secrets', () => {
  test('are not told by error messages', () => {
    write('cligate.yaml', 'server: {api_keys: [hunter2]}\nproviders: {claude: {env: {1A: SEEDED-value}}}\n')
    const found = problems({ API_KEY: 'short' }).concat(problems()).join('\n')
    expect(found).toContain('server.api_keys.0 must have 8 characters or more (env API_KEY)')
    expect(found).not.toMatch(/hunter2|SEEDED|short/)
  })

  test('in a file that others can read are worth a warning; variables in it are not', () => {
    const file = write('cligate.yaml', 'server: {api_keys: [a-long-key]}\n')
    expect(load().warnings).toEqual([])
    chmodSync(file, 0o644)
    expect(load().warnings).toEqual([
      `${file} holds secrets (server.api_keys) and others can read it (mode 644): chmod 600 ${file}`,
    ])
    write('cligate.yaml', 'server: {api_keys: ["${KEY}"]}\n')
    expect(load({ KEY: 'a-long-key' }).warnings).toEqual([])
  })
})
