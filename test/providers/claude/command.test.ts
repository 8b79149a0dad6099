import { describe, expect, test } from 'bun:test'
import { claudeArguments, claudeEnvironment } from '../../../src/providers/claude/command.ts'

const HOST = {
  PATH: '/bin',
  HOME: '/home/u',
  ANTHROPIC_API_KEY: 'host-key',
  ANTHROPIC_BASE_URL: 'http://127.0.0.1:1',
  ANTHROPIC_MODEL: 'claude-opus-4-1',
  ANTHROPIC_CUSTOM_HEADERS: 'x: y',
  CLAUDE_CODE_USE_BEDROCK: '1',
  CLAUDE_CODE_SIMPLE: '1',
  CLAUDECODE: '1',
  CLAUDE_CONFIG_DIR: '/home/u/other',
  AWS_SECRET_ACCESS_KEY: 'aws',
  MAX_THINKING_TOKENS: '1',
  TMPDIR: '/somewhere',
  XDG_RUNTIME_DIR: '/run/user/1',
  OPENAI_API_KEY: 'other',
}

describe('environment', () => {
  test('of the host nothing gets in that would change Claude Code or is not its business', () => {
    const environment = claudeEnvironment(HOST, {}, '/tmp/x')
    expect(environment).toMatchObject({
      HOME: '/home/u',
      ANTHROPIC_API_KEY: 'host-key',
      ANTHROPIC_BASE_URL: 'http://127.0.0.1:1',
      CLAUDE_CONFIG_DIR: '/home/u/other',
      CLAUDE_CODE_TMPDIR: '/tmp/x',
    })
    expect(environment).not.toContainAnyKeys([
      'ANTHROPIC_MODEL',
      'ANTHROPIC_CUSTOM_HEADERS',
      'CLAUDE_CODE_USE_BEDROCK',
      'CLAUDE_CODE_SIMPLE',
      'CLAUDECODE',
      'AWS_SECRET_ACCESS_KEY',
      'MAX_THINKING_TOKENS',
      'TMPDIR',
      'XDG_RUNTIME_DIR',
      'OPENAI_API_KEY',
    ])
  })

  test('the credential of the account is the only one', () => {
    const environment = claudeEnvironment(HOST, { env: { CLAUDE_CODE_OAUTH_TOKEN: 'own' } }, '/tmp/x')
    expect(environment).toMatchObject({ CLAUDE_CODE_OAUTH_TOKEN: 'own' })
    expect(environment).not.toHaveProperty('ANTHROPIC_API_KEY')
  })

  test('the account brings its folder and its switches', () => {
    const account = { configDir: '/accounts/1', env: { CLAUDE_CODE_USE_BEDROCK: '1', AWS_REGION: 'eu' } }
    expect(claudeEnvironment(HOST, account, '/tmp/x')).toMatchObject({
      CLAUDE_CONFIG_DIR: '/accounts/1',
      CLAUDE_CODE_USE_BEDROCK: '1',
      AWS_REGION: 'eu',
    })
  })

  test('what keeps a turn clean is in nobody else’s hands', () => {
    const own = { CLAUDE_CODE_DISABLE_ATTACHMENTS: '0', CLAUDE_CODE_MAX_RETRIES: '10', CLAUDE_CODE_TMPDIR: '/' }
    expect(claudeEnvironment({ ...HOST, ...own }, { env: own }, '/tmp/x')).toMatchObject({
      CLAUDE_CODE_DISABLE_ATTACHMENTS: '1',
      CLAUDE_CODE_MAX_RETRIES: '1',
      CLAUDE_CODE_TMPDIR: '/tmp/x',
    })
  })
})

describe('arguments', () => {
  test('no tools, no settings, no servers, no session', () => {
    const args = claudeArguments()
    const value = (flag: string) => args[args.indexOf(flag) + 1]
    expect(value('--tools')).toBe('')
    expect(value('--setting-sources')).toBe('')
    expect(args).toContain('--strict-mcp-config')
    expect(args).toContain('--no-session-persistence')
    // It takes all that follows up to the next flag: the last one would take a prompt.
    expect(args.at(-1)).not.toBe('')
  })

  test('a model is the only word of a caller, and only a harmless one', () => {
    expect(claudeArguments({ model: 'claude-opus-4-6' }).slice(-2)).toEqual(['--model', 'claude-opus-4-6'])
    expect(claudeArguments({ model: '--dangerously-skip-permissions' })).toEqual(claudeArguments())
    expect(claudeArguments({ model: 'x y' })).toEqual(claudeArguments())
  })
})
