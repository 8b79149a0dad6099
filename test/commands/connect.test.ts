import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { assert, dictionary, jsonValue, property, string } from 'fast-check'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { changedSettings } from '../../src/commands/connect/change-settings.ts'
import { COMMAND_LINE_CLIENTS } from '../../src/commands/connect/command-line-clients.ts'
import { OTHER_CLIENTS } from '../../src/commands/connect/other-clients.ts'
import { writeSettings } from '../../src/commands/connect/write-settings.ts'

const CLI = join(import.meta.dir, '../../src/cli.ts')
const root = mkdtempSync(join(tmpdir(), 'cligate-connect-'))
afterAll(() => rmSync(root, { recursive: true }))
let home = ''
beforeEach(() => {
  home = mkdtempSync(join(root, 'home-'))
})

const FACTS = { url: 'http://127.0.0.1:9', key: "sk-it's", model: 'haiku' }
const CLIENTS = [...COMMAND_LINE_CLIENTS, ...OTHER_CLIENTS]

function connect(...words: string[]) {
  const { stdout, stderr, exitCode } = Bun.spawnSync([process.execPath, CLI, 'connect', ...words], {
    cwd: home,
    env: { PATH: process.env['PATH'] ?? '', HOME: home },
  })
  return { out: stdout.toString(), error: stderr.toString(), code: exitCode }
}

describe('what a client is told', () => {
  test.each(CLIENTS.map((client) => [client.name, client] as const))('%s: address and model or key', (_, client) => {
    const text = client.show(FACTS)
    expect(text).toContain(FACTS.url)
    expect(text.includes(FACTS.model) || text.includes('sk-it')).toBe(true)
  })

  test('shell lines are what a shell reads', () => {
    const shell = COMMAND_LINE_CLIENTS.find(({ name }) => name === 'shell')
    const script = `${shell?.show(FACTS)}\nprintf '%s %s' "$OPENAI_BASE_URL" "$ANTHROPIC_AUTH_TOKEN"`
    expect(Bun.spawnSync(['sh', '-c', script]).stdout.toString()).toBe("http://127.0.0.1:9/v1 sk-it's")
  })

  const claudeCode = COMMAND_LINE_CLIENTS.find(({ name }) => name === 'claude-code')!
  /** The models that Claude Code is to ask beside the chosen one, in a settings file that has `env`. */
  const otherModels = (
    env: unknown,
    model: string,
  ): { env: Record<string, string>; others: Record<string, string> } => {
    const [change] = claudeCode.changes!({ ...FACTS, model })
    const text = changedSettings(JSON.stringify({ env }), change!)
    const after = (JSON.parse(text) as { env: Record<string, string> }).env
    const others = Object.entries(after).filter(([name]) => name.startsWith('ANTHROPIC_DEFAULT_'))
    return { env: after, others: Object.fromEntries(others) }
  }
  const KINDS = ['HAIKU', 'SONNET', 'OPUS', 'FABLE'].map((kind) => `ANTHROPIC_DEFAULT_${kind}_MODEL`)

  test.each(['gpt-5.5', 'demo/chat', 'helper/claude-sonnet-5', 'opusx'])('Claude Code asks nothing but %s', (model) => {
    expect(otherModels({}, model).others).toEqual(Object.fromEntries(KINDS.map((name) => [name, model])))
    const shown = claudeCode.show({ ...FACTS, model })
    for (const name of KINDS) expect(shown).toContain(`export ${name}='${model}'\n`)
  })

  const CLAUDES = ['sonnet', 'default', 'haiku-progress', 'opus:high', 'claude-opus-5-5', 'claude/opus:low-progress']
  test.each(CLAUDES)('Claude Code has its own models beside %s', (model) => {
    expect(claudeCode.show({ ...FACTS, model })).not.toContain('ANTHROPIC_DEFAULT')
    // What was written for another one goes out again.
    const { env, others } = otherModels({}, 'gpt-5.5')
    expect(Object.keys(others)).toHaveLength(4)
    expect(otherModels(env, model).others).toEqual({})
  })

  test('Claude Code: what the person chose beside it stays', () => {
    const mine = { ANTHROPIC_DEFAULT_HAIKU_MODEL: 'mine/small', ANTHROPIC_DEFAULT_OPUS_MODEL: 'claude-opus-5-5' }
    for (const ANTHROPIC_MODEL of [undefined, 'claude-opus-5-5', 'gpt-5.5']) {
      expect(otherModels({ ...mine, ANTHROPIC_MODEL }, 'sonnet').others).toEqual(mine)
    }
    // One of them is what was written for the model before.
    const mixed = { ...mine, ANTHROPIC_DEFAULT_SONNET_MODEL: 'gpt-5.5', ANTHROPIC_MODEL: 'gpt-5.5' }
    expect(otherModels(mixed, 'sonnet').others).toEqual(mine)
    expect(otherModels('none', 'sonnet').others).toEqual({})
  })

  test('the AI SDK hands schemas on', () => {
    expect(connect('ai-sdk').out).toContain('supportsStructuredOutputs: true')
  })

  test('what is written is what the format’s own parser reads', () => {
    for (const made of COMMAND_LINE_CLIENTS.flatMap(({ changes }) => changes?.(FACTS) ?? [])) {
      const text = changedSettings('', made)
      if (made.kind === 'json') JSON.parse(text)
      if (made.kind === 'block')
        expect(Bun.TOML.parse(text)).toMatchObject({
          model: 'haiku',
          model_provider: 'cligate',
          model_providers: { cligate: { base_url: `${FACTS.url}/v1` } },
        })
      if (made.kind === 'yaml') expect(Bun.YAML.parse(text)).toMatchObject(made.set)
    }
  })
})

describe('changing a settings file', () => {
  test('JSON keeps what is there', () => {
    const change = { kind: 'json', path: 'x', merge: { env: { A: '1' }, b: [1] } } as const
    expect(JSON.parse(changedSettings('{"env":{"B":"2","A":"0"},"c":null,"b":{"x":1}}', change))).toEqual({
      env: { B: '2', A: '1' },
      c: null,
      b: [1],
    })
    for (const text of ['// comment\n{}', '[]', '{"a":', 'null']) {
      expect(() => changedSettings(text, change)).toThrow('not plain JSON')
    }
  })

  test('lines of .env and YAML are replaced where they stand', () => {
    const env = { kind: 'env', path: 'x', set: { A: 'a b', B: 'x' } } as const
    expect(changedSettings('# mine\nexport A=old\nAB=1\n', env)).toBe('# mine\nA="a b"\nAB=1\nB=x\n')
    const yaml = { kind: 'yaml', path: 'x', set: { model: 'openai/a' } } as const
    expect(changedSettings('other: 1\nmodel: old # mine\n', yaml)).toBe('other: 1\nmodel: "openai/a"\n')
  })

  test('a block stands behind the rest, once', () => {
    const block = { kind: 'block', path: 'x', text: '[a]\nb = 1' } as const
    const once = changedSettings('c = 2\n', block)
    expect(once).toBe('c = 2\n\n# >>> cligate >>>\n[a]\nb = 1\n# <<< cligate <<<\n')
    expect(changedSettings(once, block)).toBe(once)
    expect(changedSettings(`${once}[d]\n`, { ...block, text: '[e]' })).toBe(
      'c = 2\n\n# >>> cligate >>>\n[e]\n# <<< cligate <<<\n[d]\n',
    )
  })

  test('said twice, it is the same as said once', () => {
    assert(
      property(dictionary(string(), jsonValue()), dictionary(string({ minLength: 1 }), jsonValue()), (old, merge) => {
        const change = { kind: 'json', path: 'x', merge } as const
        const once = changedSettings(JSON.stringify(old), change)
        expect(changedSettings(once, change)).toBe(once)
      }),
    )
  })
})

describe('writing it', () => {
  const change = { kind: 'env', path: '.tool/.env', set: { A: '1' } } as const
  const now = new Date('2026-01-02T03:04:05.678Z')

  test('a new file is the owner’s alone', () => {
    expect(writeSettings(home, change, now)).toEqual({ path: join(home, '.tool/.env'), changed: true })
    expect(statSync(join(home, '.tool/.env')).mode & 0o777).toBe(0o600)
  })

  test('one that is there is kept beside it, with its rights; a link stays a link', () => {
    mkdirSync(join(home, '.tool'))
    mkdirSync(join(home, 'dotfiles'))
    const file = join(home, 'dotfiles/env')
    writeFileSync(file, 'B=2\n')
    chmodSync(file, 0o640)
    symlinkSync(file, join(home, '.tool/.env'))
    const { backup } = writeSettings(home, change, now)
    expect(readFileSync(file, 'utf8')).toBe('B=2\nA=1\n')
    expect(statSync(file).mode & 0o777).toBe(0o640)
    expect(lstatSync(join(home, '.tool/.env')).isSymbolicLink()).toBe(true)
    expect(backup).toBe(`${file}.before-cligate-2026-01-02T03-04-05-678Z`)
    expect(readFileSync(backup ?? '', 'utf8')).toBe('B=2\n')
    expect(writeSettings(home, change, now)).toEqual({ path: file, changed: false })
    expect(readdirSync(join(home, 'dotfiles'))).toHaveLength(2)
  })
})

describe('cligate connect', () => {
  test('lists its clients, tells, writes once, and refuses what it cannot do', () => {
    expect(connect().out).toContain('claude-code')
    expect(JSON.parse(connect('--json').out).clients.length).toBe(CLIENTS.length)
    expect(connect('aider', '--url', 'http://x/', '--key', 'k', '--model', 'm').out).toBe(
      'aider --openai-api-base http://x/v1 --openai-api-key k --model openai/m\n',
    )
    expect(connect('claude-code', '--write').out).toStartWith('Made ')
    expect(connect('claude-code', '--write').out).toEndWith('says it already.\n')
    expect(connect('gemini-cli', '--write').out.match(/^Made .*$/gm)).toHaveLength(2)
    expect(connect('curser')).toMatchObject({ code: 2, error: expect.stringContaining('Did you mean cursor?') })
    expect(connect('cline', '--write').code).toBe(2)
    writeFileSync(join(home, '.claude/settings.json'), '// mine')
    expect(connect('claude-code', '--write')).toMatchObject({
      code: 1,
      error: expect.stringContaining('left as it is'),
    })
    expect(readFileSync(join(home, '.claude/settings.json'), 'utf8')).toBe('// mine')
  })

  test('--copy hands the text to the terminal', () => {
    const { error } = connect('cline', '--copy')
    const copied = error.split(';c;')[1]?.replace('\u0007', '') ?? ''
    expect(atob(copied)).toContain('OpenAI Compatible')
  })
})
