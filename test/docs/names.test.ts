// Every endpoint, header, command, option, variable and key that the pages name is there.
import { afterAll, describe, expect, spyOn, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { main } from '../../src/commands/main.ts'
import { loadConfig } from '../../src/config/load.ts'
import { SECTIONS, SETTINGS } from '../../src/config/settings.ts'
import { world } from '../http/world.ts'
import { mentioned, page, pages, source } from './pages.ts'

const { app } = world({ models: async () => [] })

/** The methods that a path knows. */
async function methodsOf(path: string): Promise<string[]> {
  const response = await app.fetch(new Request(`http://localhost${path}`, { method: 'OPTIONS' }))
  return response.headers.get('allow')?.split(', ') ?? []
}

const concrete = (path: string) => path.replace(/\{\w+\}/g, 'x').replace(/[?#].*$/, '')

describe('endpoints', () => {
  test.each(mentioned(/\b((?:GET|POST|PUT|PATCH|DELETE|HEAD) \/[^\s`'"]*)/g))('%s (%s)', async (endpoint) => {
    const [method = '', path = ''] = endpoint.split(' ')
    expect(await methodsOf(concrete(path))).toContain(method)
  })

  const addresses = mentioned(/http:\/\/(?:127\.0\.0\.1|localhost):8000(\/[\w./-]*)/g)
  test.each(addresses)('http://127.0.0.1:8000%s (%s)', async (path) => {
    // The base URL of clients is no path by itself.
    expect(await methodsOf(path === '/v1' ? '/v1/models' : path)).not.toEqual([])
  })

  test.each(mentioned(/^(\/(?:v1\/|health|docs|processes)[\w/{}]*)$/g))('%s (%s)', async (path) => {
    expect(await methodsOf(concrete(path))).not.toEqual([])
  })

  test('the API page has every endpoint of the gateway itself', async () => {
    const document = (await (await app.fetch(new Request('http://localhost/docs/json'))).json()) as {
      paths: Record<string, Record<string, { tags: string[] }>>
    }
    const own = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, { tags }]) => tags.includes('Gateway'))
        .map(([method]) => `${method.toUpperCase()} ${path}`),
    )
    expect(own.length).toBeGreaterThan(2)
    for (const endpoint of own) expect(page('docs/dialects.md').spans).toContain(endpoint)
  })
})

describe('headers', () => {
  test.each(mentioned(/^((?:x-|retry-|server-t|www-)[a-z-]+)(?:: .*)?$/g))('%s (%s)', (header) => {
    expect(source.toLowerCase()).toContain(`'${header}'`)
  })

  test('the API page has every header of cligate that is in the code', () => {
    const own = new Set(source.match(/(?<=')x-(?:cligate|request|should)-[a-z-]+(?=')/g))
    expect(own.size).toBeGreaterThanOrEqual(5)
    for (const header of own) expect(page('docs/dialects.md').spans.join('\n')).toContain(header)
  })
})

describe('commands', () => {
  /** What `cligate WORDS --help` prints; undefined where there is no such command. */
  async function helpOf(words: string[]): Promise<string | undefined> {
    const printed: string[] = []
    const out = spyOn(console, 'log').mockImplementation((text: unknown) => void printed.push(String(text)))
    const error = spyOn(console, 'error').mockImplementation(() => {})
    try {
      return (await main([...words, '--help'])) === 0 ? printed.join('\n') : undefined
    } finally {
      out.mockRestore()
      error.mockRestore()
    }
  }
  const written = mentioned(/^(cligate(?: (?:--?[a-z][\w-]*(?:=\S+)?|[a-z]+))+)$/gm)

  test('are written down', () => expect(written.length).toBeGreaterThan(5))

  test.each(written)('%s (%s)', async (line) => {
    const words = line.split(/[ =]/).slice(1)
    const names = words.slice(
      0,
      [...words, '-'].findIndex((word) => word.startsWith('-')),
    )
    const help = await helpOf(names.length > 0 ? names : ['serve'])
    expect(help, `there is no command ${names.join(' ')}`).toBeDefined()
    const options = words.filter((word) => word.startsWith('-') && word !== '--help')
    for (const option of options) expect(help).toContain(option)
  })

  test.each(mentioned(/^(--[a-z][a-z-]+)(?: .*)?$/g))('the option %s (%s)', async (option) => {
    // Those of every program, of docker, and of the agents that are driven.
    if (['--help', '--init', '--build-arg', '--stop-timeout', '--acp'].includes(option)) return
    const commands = [
      ['serve'],
      ['doctor'],
      ['config', 'show'],
      ['keys', 'create'],
      ['logs'],
      ['connect'],
      ['service', 'install'],
      ['auth', 'login'],
    ]
    let help = ''
    for (const command of commands) help += await helpOf(command)
    expect(help).toContain(option)
  })

  test.each([
    'serve',
    'doctor',
    'config show',
    'config validate',
    'config schema',
    'version',
    'keys create',
    'keys list',
    'keys revoke',
    'start',
    'stop',
    'restart',
    'status',
    'logs',
    'connect',
    'completion',
    'auth login',
    'auth logout',
    'auth status',
    'account list',
    'account use',
    'service install',
    'service uninstall',
    'service status',
    'config init',
  ])('Operations has cligate %s', async (name) => {
    expect(await helpOf(name.split(' '))).toBeDefined()
    expect(page('docs/operations.md').spans).toContain(`cligate ${name}`)
  })

  test('there is no command that Operations does not have', async () => {
    const names = /^USAGE cligate (\S+)$/m.exec(Bun.stripANSI((await helpOf([])) ?? ''))?.[1]?.split('|') ?? []
    expect(names.length).toBeGreaterThan(3)
    for (const name of names) expect(page('docs/operations.md').text).toContain(`\`cligate ${name}`)
  })
})

describe('environment variables', () => {
  const own = new Set(
    SETTINGS.flatMap(({ variable, notes }) => [variable, ...(notes.environment ?? []).map(({ name }) => name)]),
  )
  /** Of programs beside cligate: variables of the shell, of CLIs' own clouds, of the examples. */
  const FOREIGN = new Set([
    'AWS_REGION',
    'AWS_PROFILE',
    'MY_GATE_KEY',
    'QWEN_CODE_LEGACY_MCP_BLOCKING',
    'SOME_AGENT_API_KEY',
    'SOME_AGENT_HOME',
  ])
  const names = mentioned(/(?<![\w.])([A-Z][A-Z0-9]*(?:_+[A-Z0-9]+)+)(?![\w.-]*\.(?:md|ts))/g)

  test('are written down', () => expect(names.length).toBeGreaterThan(40))

  test.each(names)('%s (%s)', (name) => {
    if (name.startsWith('CLIGATE_')) {
      // Those of the examples beside cligate.
      const examples = ['CLIGATE_CONFIG', 'CLIGATE_URL', 'CLIGATE_KEY', 'CLIGATE_SECTION__KEY']
      expect([...own, ...examples]).toContain(name)
      return
    }
    const known = own.has(name) || FOREIGN.has(name) || new RegExp(`\\b${name}\\b`).test(source)
    expect(known, `${name} is neither a setting nor in the code`).toBe(true)
  })
})

describe('keys of the configuration', () => {
  const tops = [...new Set(SETTINGS.map(({ path }) => path.split('.')[0]!))]
  const sections = tops.filter((name) => SECTIONS.has(name)).join('|')
  const keys = mentioned(new RegExp(`^((?:${sections})(?:\\.[a-z_]+)+)(?:: .*)?$`, 'g'))
  const known = new Set([...SETTINGS.map(({ path }) => path), ...SECTIONS])

  test('are written down', () => expect(keys.length).toBeGreaterThan(60))

  test.each(keys)('%s (%s)', (key) => {
    expect([...known]).toContain(key)
  })

  const folder = mkdtempSync(join(tmpdir(), 'cligate-docs-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const examples = pages.flatMap(({ path, blocks }) =>
    blocks.filter(({ language }) => language === 'yaml').map(({ text }): [string, string] => [path, text]),
  )
  test.each(examples)('the example of %s can be loaded', (_, text) => {
    writeFileSync(join(folder, 'cligate.yaml'), text, { mode: 0o600 })
    expect(() => loadConfig({ folder, environment: { HOME: folder } })).not.toThrow()
  })
})
