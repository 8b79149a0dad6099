// Every endpoint, header, command, option, variable and key that the pages name is there.
import { afterAll, describe, expect, spyOn, test } from 'bun:test'
import type { CommandDef } from 'citty'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { main, root } from '../../src/commands/main.ts'
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
    // The base URL of clients is no path by itself; and the only provider here is the demo.
    const scoped = path.replace(/^\/claude(?=\/v1)/, '/demo')
    expect(await methodsOf(/\/v1(?:beta)?$/.test(scoped) ? `${scoped}/models` : scoped)).not.toEqual([])
  })

  test.each(mentioned(/^(\/(?:v1\/|health|docs|processes)[\w/{}]*)$/g))('%s (%s)', async (path) => {
    expect(await methodsOf(concrete(path))).not.toEqual([])
  })

  test('each of the API document is on a page, and the gateway’s own on the API page', async () => {
    const document = (await (await app.fetch(new Request('http://localhost/docs/json'))).json()) as {
      paths: Record<string, Record<string, { tags: string[] }>>
    }
    const there = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { tags }]) => ({ endpoint: `${method.toUpperCase()} ${path}`, tags })),
    )
    expect(there.length).toBeGreaterThan(20)
    // What a parameter is called does not matter.
    const plain = (text: string) => text.replace(/\{\w+\}/g, '{}').replace(/\?.*$/, '')
    const written = new Set(pages.flatMap(({ spans }) => spans.map(plain)))
    const own = new Set(page('docs/dialects.md').spans.map(plain))
    for (const { endpoint, tags } of there) {
      expect(tags.includes('Gateway') ? own : written).toContain(plain(endpoint))
    }
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

/** What citty takes as a value, a promise, or a function of either. */
async function resolved<T>(value: T | Promise<T> | (() => T | Promise<T>)): Promise<T> {
  return await (typeof value === 'function' ? (value as () => T | Promise<T>)() : value)
}

/** The words of every command that can be run: `['keys', 'create']`. */
async function leavesOf(command: CommandDef, words: string[] = []): Promise<string[][]> {
  const children = await resolved(command.subCommands ?? {})
  if (Object.keys(children).length === 0) return [words]
  const below = Object.entries(children).map(async ([name, child]) =>
    leavesOf(await resolved<CommandDef>(child), [...words, name]),
  )
  return (await Promise.all(below)).flat()
}
const leaves = (await leavesOf(root)).map((words) => words.join(' '))

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
    // Those of every program, of docker, of the agents that are driven, and of clients.
    const others = [
      '--bare',
      '--help',
      '--init',
      '--build-arg',
      '--stop-timeout',
      '--acp',
      '--skip-trust',
      '--no-show-model-warnings',
    ]
    if (others.includes(option)) return
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

  test('are found', () => expect(leaves.length).toBeGreaterThanOrEqual(25))

  test.each(leaves)('Operations has cligate %s', (name) => {
    expect(page('docs/operations.md').spans).toContain(`cligate ${name}`)
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
      // Those of the examples and of Codex beside cligate.
      const examples = ['CLIGATE_CONFIG', 'CLIGATE_URL', 'CLIGATE_KEY', 'CLIGATE_API_KEY', 'CLIGATE_SECTION__KEY']
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
