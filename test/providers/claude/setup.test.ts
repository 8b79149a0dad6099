import { describe, expect, test } from 'bun:test'
import { canBecome, type Launch, launchKey, setupFrames, turnEnvironment } from '../../../src/providers/claude/setup.ts'

const LAUNCH: Launch = { model: 'claude-x', system: 'You are X.', effort: 'high', thinking: 0, tools: '[]' }

function framesOf(applied: Partial<Launch> | undefined, wanted: Launch, environment: Record<string, string> = {}) {
  let count = 0
  const text = setupFrames(applied, wanted, environment, () => String((count += 1)))
  const lines = text === '' ? [] : text.trim().split('\n')
  return lines.map((line) => JSON.parse(line).request)
}

describe('what a process is told', () => {
  test('a plain one, everything, in the order in which it takes effect', () => {
    expect(framesOf(undefined, LAUNCH, { A: '1' })).toEqual([
      { subtype: 'apply_flag_settings', settings: { model: 'claude-x', effortLevel: 'high', env: { A: '1' } } },
      { subtype: 'set_max_thinking_tokens', max_thinking_tokens: 0, thinking_display: 'summarized' },
      { subtype: 'set_model', model: 'claude-x', only_if_model_is_current: true, system_prompt: 'You are X.' },
    ])
  })

  test('one that knows it all, only what is of this turn', () => {
    expect(framesOf(LAUNCH, LAUNCH)).toEqual([])
    expect(framesOf(LAUNCH, LAUNCH, { A: '1' })).toEqual([
      { subtype: 'apply_flag_settings', settings: { env: { A: '1' } } },
    ])
  })

  test('one that knows something else, all that differs', () => {
    const wanted = { model: 'claude-y', system: 'You are Y.', effort: null, thinking: null, tools: '[]' }
    expect(framesOf(LAUNCH, wanted)).toEqual([
      { subtype: 'apply_flag_settings', settings: { model: 'claude-y', effortLevel: null } },
      { subtype: 'set_max_thinking_tokens', max_thinking_tokens: null, thinking_display: 'summarized' },
      { subtype: 'set_model', model: 'claude-y', only_if_model_is_current: true, system_prompt: 'You are Y.' },
    ])
  })

  test('other tools come before all else, also none', () => {
    const changed = {
      subtype: 'mcp_message',
      server_name: 'client',
      message: { jsonrpc: '2.0', method: 'notifications/tools/list_changed' },
    }
    const tools = '[{"name":"a"}]'
    expect(framesOf(LAUNCH, { ...LAUNCH, tools }, { A: '1' })[0]).toEqual(changed)
    expect(framesOf(undefined, { ...LAUNCH, tools })[0]).toEqual(changed)
    expect(framesOf({ ...LAUNCH, tools }, { ...LAUNCH, tools })).toEqual([])
    expect(framesOf({ ...LAUNCH, tools }, LAUNCH)).toEqual([changed])
  })

  test('a system prompt cannot be taken back', () => {
    expect(canBecome(LAUNCH, { ...LAUNCH, system: '' })).toBe(false)
    expect(canBecome(LAUNCH, { ...LAUNCH, system: 'other' })).toBe(true)
    expect(canBecome({ ...LAUNCH, system: '' }, { ...LAUNCH, system: '' })).toBe(true)
    expect(canBecome(undefined, { ...LAUNCH, system: '' })).toBe(true)
  })
})

test('launches are told apart by each of their parts', () => {
  const others: Launch[] = [
    { ...LAUNCH, model: 'claude-y' },
    { ...LAUNCH, system: 'You are X!' },
    { ...LAUNCH, effort: null },
    { ...LAUNCH, thinking: null },
    { ...LAUNCH, tools: '[{}]' },
  ]
  const keys = [LAUNCH, ...others].map(launchKey)
  expect(new Set(keys).size).toBe(keys.length)
  expect(launchKey({ ...LAUNCH })).toBe(launchKey(LAUNCH))
  expect(keys[0]).not.toContain('You are')
})

describe('the environment of a turn', () => {
  test('nothing to say is nothing', () => {
    expect(turnEnvironment({ maxTokens: null, body: {}, betas: [], metadata: {} }, ['own'])).toEqual({})
  })

  test('messages take their place in the body', () => {
    const settings = { maxTokens: 9, body: { top_k: 1 }, betas: ['a', 'b'], metadata: { user: 'u' } }
    const environment = turnEnvironment(settings, ['own'], [{ role: 'user' }])
    expect(environment).toEqual({
      CLAUDE_CODE_MAX_OUTPUT_TOKENS: '9',
      CLAUDE_CODE_EXTRA_METADATA: '{"user":"u"}',
      ANTHROPIC_BETAS: 'own,a,b',
      CLAUDE_CODE_EXTRA_BODY: '{"top_k":1,"messages":[{"role":"user"}]}',
    })
  })
})
