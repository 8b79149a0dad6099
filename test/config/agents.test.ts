import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { agentsOf } from '../../src/config/agents.ts'
import { shownSettings } from '../../src/config/display.ts'
import { ConfigError } from '../../src/config/error.ts'
import { loadConfig } from '../../src/config/load.ts'
import { secretsOf } from '../../src/config/secrets.ts'

function load(yaml: string, environment: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'cligate-agents-'))
  try {
    writeFileSync(join(folder, 'cligate.yaml'), yaml, { mode: 0o600 })
    return loadConfig({ folder, environment: { HOME: folder, ...environment } })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function problemsOf(yaml: string): string {
  try {
    load(yaml)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return ''
}

const AGENT = `
providers:
  helper:
    kind: acp
    command: helper-cli
    args: [--acp]
    env: { HELPER_KEY: "\${KEY}", RETRIES: 3 }
`

describe('providers under names of the owner', () => {
  test('an agent has its defaults, and its variables are texts', () => {
    const loaded = load(AGENT, { KEY: 'very-secret-value' })
    const [[name, agent] = []] = agentsOf(loaded.config)
    expect(name).toBe('helper')
    expect(agent).toMatchObject({
      command: 'helper-cli',
      args: ['--acp'],
      enabled: true,
      models: [],
      env: { HELPER_KEY: 'very-secret-value', RETRIES: '3' },
    })
  })

  test('only those of its variables are secrets whose names say so', () => {
    const env = {
      OPENAI_API_KEY: 'secret-1',
      HELPER_AUTH_TOKEN: 'secret-2',
      helper_password: 'secret-3',
      GOOGLE_APPLICATION_CREDENTIALS: 'secret-4',
      OAUTH: 'secret-5',
      KEY_OF_HELPER: 'secret-6',
      OPENAI_MODEL: 'qwen3-coder-plus',
      OPENAI_BASE_URL: 'http://127.0.0.1:1/v1',
      CLAUDE_CODE_MAX_OUTPUT_TOKENS: '32000',
      AUTH_TYPE: 'openai',
      RETRIES: '3',
    }
    const agent = { kind: 'acp', command: 'helper-cli', env }
    const loaded = load(Bun.YAML.stringify({ providers: { helper: agent, qwen: { env } } }))
    const secrets = secretsOf(loaded.config)
    expect(new Set(secrets)).toEqual(new Set([1, 2, 3, 4, 5, 6].map((number) => `secret-${number}`)))
  })

  test('a password in the address of a proxy or a service is a secret', () => {
    const env = { HTTPS_PROXY: 'http://me:hunter-22@proxy.example:8080' }
    const loaded = load(Bun.YAML.stringify({ providers: { helper: { kind: 'acp', command: 'helper-cli', env } } }))
    expect(secretsOf(loaded.config)).toEqual(['http://me:hunter-22@proxy.example:8080'])
  })

  test('its variables are secrets', () => {
    const loaded = load(AGENT, { KEY: 'very-secret-value' })
    expect(secretsOf(loaded.config)).toContain('very-secret-value')
    const shown = shownSettings(loaded, false)
    expect(shown.map(({ path }) => path)).toContain('providers.helper')
    expect(JSON.stringify(shown)).not.toContain('very-secret-value')
  })

  test('so is what it inherits, and every variable that by its name is one', () => {
    const { config } = load(AGENT.replace('command:', 'inherit: [HELPER_LOGIN]\n    command:'), {
      KEY: 'very-secret-value',
    })
    const environment = {
      HELPER_LOGIN: 'inherited',
      ANTHROPIC_API_KEY: 'key',
      GH_TOKEN: 'token',
      PATH: '/bin',
      HOME: '/h',
    }
    const secrets = secretsOf(config, environment)
    expect(secrets).toEqual(expect.arrayContaining(['very-secret-value', 'inherited', 'key', 'token']))
    for (const harmless of ['/bin', '/h']) expect(secrets).not.toContain(harmless)
  })

  test('what is wrong with it is told with its place', () => {
    expect(problemsOf('providers:\n  helper: { kind: acp }')).toContain('providers.helper.command')
    expect(problemsOf('providers:\n  helper: { kind: telepathy, command: x }')).toContain('cligate.yaml:2')
    expect(problemsOf('providers:\n  helper: { kind: acp, command: x, comand: y }')).toContain(
      'providers.helper.comand',
    )
    expect(problemsOf(AGENT)).toContain('${KEY}')
  })

  test('a provider without a kind is a misspelt one', () => {
    expect(problemsOf('providers:\n  cluade: { enabled: true }')).toContain('did you mean providers.claude?')
  })
})
