import { describe, expect, test } from 'bun:test'
import { createdKeyText, listeningText, providersText } from '../../src/commands/banner.ts'
import type { ProviderStatus } from '../../src/providers/driver.ts'

const url = 'http://127.0.0.1:8000'
const providers: ProviderStatus[] = [
  {
    provider: 'claude',
    state: 'ready',
    version: '2.1.329',
    authMethod: 'oauth_token',
    notes: [],
    path: '/usr/bin/claude',
  },
  { provider: 'codex', state: 'not-logged-in', version: '0.169', notes: [], fix: 'codex login' },
  { provider: 'gemini', state: 'not-installed', notes: ['Not on PATH.'], fix: 'npm install -g @google/gemini-cli' },
  { provider: 'qwen', state: 'disabled', notes: [] },
  { provider: 'demo', state: 'ready', notes: [] },
]

test('what works, what is missing, and the command that mends it', () => {
  expect(providersText({ url, providers, model: 'demo/hello', color: false })).toBe(`
Providers
  + claude  ready, 2.1.329, login: oauth_token
  - codex   not logged in, 0.169
      Run: codex login
  - gemini  not found
      Not on PATH.
      Run: npm install -g @google/gemini-cli
  + demo    ready

Base URLs
  OpenAI-compatible      http://127.0.0.1:8000/v1
  Anthropic-compatible   http://127.0.0.1:8000
  API explorer           http://127.0.0.1:8000/docs

Try it
  curl http://127.0.0.1:8000/v1/chat/completions \\
    -H 'content-type: application/json' \\
    -d '{"model":"demo/hello","messages":[{"role":"user","content":"Hello"}]}'
`)
})

describe('the first request', () => {
  /** What a shell makes of the command, one argument a line. */
  const shellWords = (text: string): string[] => {
    const command = text.slice(text.indexOf('curl '))
    const { stdout } = Bun.spawnSync(['sh', '-c', `curl() { printf '%s\\n' "$@"; }; ${command}`])
    return stdout.toString().trimEnd().split('\n')
  }

  test('is a command that a shell understands', () => {
    const text = providersText({ url, providers: [], model: 'demo/hello', key: "$(echo 'my key')", color: false })
    const words = shellWords(text)
    expect(words.slice(0, 5)).toEqual([
      `${url}/v1/chat/completions`,
      '-H',
      'content-type: application/json',
      '-H',
      'authorization: Bearer my key',
    ])
    expect(JSON.parse(words.at(-1)!)).toEqual({ model: 'demo/hello', messages: [{ role: 'user', content: 'Hello' }] })
  })

  test('lists the models where no demo model is offered', () => {
    expect(shellWords(providersText({ url, providers: [], color: false }))).toEqual([`${url}/v1/models`])
  })
})

test('colours only when asked for', () => {
  const facts = { version: '1', url, takenPort: 8000, exposed: '0.0.0.0' }
  const plain = [
    listeningText({ ...facts, color: false }),
    createdKeyText('k', '/f', false),
    providersText({ url, providers, color: false }),
  ].join('')
  const colored = [
    listeningText({ ...facts, color: true }),
    createdKeyText('k', '/f', true),
    providersText({ url, providers, color: true }),
  ].join('')
  expect(plain).not.toContain('\u001B')
  expect(colored).toContain('\u001B[')
  expect(Bun.stripANSI(colored)).toBe(plain)
})
