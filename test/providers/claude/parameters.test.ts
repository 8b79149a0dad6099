import { describe, expect, test } from 'bun:test'
import type { ChatRequest } from '../../../src/core/request.ts'
import { documentedEnvironment, parametersFor } from '../../../src/providers/claude/assign.ts'
import { modelFacts } from '../../../src/providers/claude/model-facts.ts'
import { resolveParameters } from '../../../src/providers/claude/parameters.ts'
import { assistant, call, request, result, tool, user } from './requests.ts'

const resolve = (model: string, changes: Parameters<typeof request>[1]) =>
  resolveParameters(request('hi', changes), modelFacts(model))

describe('what is known of a model', () => {
  const cases: [string, string, boolean][] = [
    ['claude-3-5-haiku-20241022', 'none', true],
    ['claude-sonnet-4-20250514', 'budget', true],
    ['claude-opus-4-1-20250805', 'budget', true],
    ['claude-haiku-4-5-20251001', 'budget', true],
    ['us.anthropic.claude-opus-4-5-20251101-v1:0', 'budget', true],
    ['claude-sonnet-4-6', 'adaptive', true],
    ['claude-opus-4-7', 'adaptive', false],
    ['claude-opus-5', 'adaptive', false],
    ['claude-haiku-5', 'adaptive', false],
    ['claude-opus-5-5', 'always', false],
    ['claude-fable-5-2', 'always', false],
    ['claude-sonnet-6-20280101', 'always', false],
    ['haiku', 'always', false],
    ['glm-4.6', 'adaptive', true],
  ]
  test.each(cases)('%s', (model, thinking, sampling) => {
    expect(modelFacts(model)).toMatchObject({ thinking, sampling })
  })

  test('only some models have effort levels', () => {
    expect(modelFacts('claude-haiku-4-5').efforts).toEqual([])
    expect(modelFacts('claude-opus-4-5').efforts).toEqual(['low', 'medium', 'high'])
    expect(modelFacts('claude-opus-5-5').efforts).toEqual(['low', 'medium', 'high', 'xhigh', 'max'])
  })
})

test('nothing asked for, nothing set', () => {
  expect(resolve('claude-opus-5-5', {})).toMatchObject({
    effort: null,
    thinking: null,
    maxTokens: null,
    body: {},
    metadata: {},
  })
})

describe('max_tokens', () => {
  test('a small one leaves no room to think', () => {
    expect(resolve('claude-haiku-4-5', { sampling: { maxTokens: 500 } })).toMatchObject({ maxTokens: 500, thinking: 0 })
    expect(resolve('claude-haiku-4-5', { sampling: { maxTokens: 5000 } })).toMatchObject({
      maxTokens: 5000,
      thinking: 2500,
    })
  })

  test('at most half of it is for thinking, so that an answer fits', () => {
    const high = { reasoning: { effort: 'medium' as const } }
    expect(resolve('claude-haiku-4-5', { sampling: { maxTokens: 100_000 } })).toMatchObject({ thinking: null })
    expect(resolve('claude-haiku-4-5', { sampling: { maxTokens: 8000 }, ...high })).toMatchObject({ thinking: 4000 })
    expect(resolve('claude-haiku-4-5', { sampling: { maxTokens: 80_000 }, ...high })).toMatchObject({
      thinking: 12_000,
    })
  })

  test('where thinking cannot be switched off, its effort is the least', () => {
    expect(resolve('claude-opus-5-5', { sampling: { maxTokens: 500 } })).toMatchObject({
      thinking: null,
      effort: 'low',
    })
  })

  test('an effort that was asked for stays, unless there is no room for the least budget', () => {
    const effort = { reasoning: { effort: 'high' as const } }
    expect(resolve('claude-haiku-4-5', { sampling: { maxTokens: 2000 }, ...effort })).toMatchObject({ thinking: null })
    const tight = resolve('claude-haiku-4-5', { sampling: { maxTokens: 1000 }, ...effort })
    expect(tight).toMatchObject({ thinking: 0, support: { effort: 'ignored', maxTokens: 'native' } })
  })
})

describe('effort', () => {
  const cases: [string, ChatRequest['reasoning']['effort'], object][] = [
    ['claude-opus-5-5', 'none', { effort: 'low', thinking: null }],
    ['claude-opus-5-5', 'minimal', { effort: 'low', thinking: null }],
    ['claude-opus-5-5', 'xhigh', { effort: 'xhigh', thinking: null }],
    ['claude-opus-4-6', 'xhigh', { effort: 'high', thinking: null }],
    ['claude-opus-4-6', 'max', { effort: 'max', thinking: null }],
    ['claude-opus-4-6', 'none', { effort: null, thinking: 0 }],
    ['claude-opus-4-5', 'max', { effort: 'high', thinking: null }],
    ['claude-haiku-4-5', 'low', { effort: null, thinking: 4096 }],
    ['claude-haiku-4-5', 'medium', { effort: null, thinking: 12_000 }],
    ['claude-haiku-4-5', 'high', { effort: null, thinking: null }],
    ['claude-haiku-4-5', 'none', { effort: null, thinking: 0 }],
  ]
  test.each(cases)('%s %s', (model, effort, expected) => {
    const parameters = resolve(model, { reasoning: { effort } })
    expect(parameters).toMatchObject({ ...expected, support: { effort: 'native' } })
  })

  test('a model that cannot think ignores it', () => {
    expect(resolve('claude-3-5-haiku-20241022', { reasoning: { effort: 'high' } }).support.effort).toBe('ignored')
  })

  test('a budget in tokens is kept, but not below the least of the API', () => {
    expect(resolve('claude-haiku-4-5', { reasoning: { budgetTokens: 3000 } }).thinking).toBe(3000)
    expect(resolve('claude-haiku-4-5', { reasoning: { budgetTokens: 10 } }).thinking).toBe(1024)
  })
})

describe('sampling', () => {
  test('needs thinking off', () => {
    const parameters = resolve('claude-haiku-4-5', { sampling: { temperature: 0.2, topK: 5 } })
    expect(parameters).toMatchObject({ thinking: 0, body: { temperature: 0.2, top_k: 5 } })
    expect(parameters.support).toMatchObject({ temperature: 'native', topK: 'native' })
  })

  test('zero is a temperature', () => {
    expect(resolve('claude-haiku-4-5', { sampling: { temperature: 0 } }).body).toEqual({ temperature: 0 })
  })

  test('an effort goes before it', () => {
    const parameters = resolve('claude-haiku-4-5', { sampling: { temperature: 0.2 }, reasoning: { effort: 'low' } })
    expect(parameters).toMatchObject({
      thinking: 4096,
      body: {},
      support: { temperature: 'ignored', effort: 'native' },
    })
  })

  test('an effort of none does not', () => {
    const parameters = resolve('claude-haiku-4-5', { sampling: { temperature: 0.2 }, reasoning: { effort: 'none' } })
    expect(parameters).toMatchObject({ thinking: 0, body: { temperature: 0.2 } })
  })

  test('above 1 it is cut, and that is said', () => {
    const parameters = resolve('claude-haiku-4-5', { sampling: { temperature: 1.7 } })
    expect(parameters).toMatchObject({ body: { temperature: 1 }, support: { temperature: 'ignored' } })
  })

  test('what the service does anyway costs no thinking', () => {
    const parameters = resolve('claude-opus-5-5', { sampling: { temperature: 1, topP: 1 } })
    expect(parameters).toMatchObject({ thinking: null, body: {}, support: { temperature: 'native', topP: 'native' } })
  })

  test('newer models take none of it', () => {
    const parameters = resolve('claude-opus-5-5', { sampling: { temperature: 0.2, topP: 0.5, topK: 3 } })
    expect(parameters).toMatchObject({ thinking: null, body: {} })
    expect(parameters.support).toMatchObject({ temperature: 'ignored', topP: 'ignored', topK: 'ignored' })
  })

  test('temperature goes before top_p: the service refuses both at once', () => {
    const parameters = resolve('claude-haiku-4-5', { sampling: { temperature: 0.2, topP: 0.5 } })
    expect(parameters).toMatchObject({ body: { temperature: 0.2 }, support: { topP: 'ignored' } })
    expect(resolve('claude-haiku-4-5', { sampling: { topP: 0.5 } })).toMatchObject({
      body: { top_p: 0.5 },
      support: { topP: 'native' },
    })
  })

  test('seed and penalties do not exist', () => {
    const { support } = resolve('claude-haiku-4-5', { sampling: { seed: 1, frequencyPenalty: 1, presencePenalty: 1 } })
    expect(support).not.toContainAnyKeys(['seed', 'frequencyPenalty', 'presencePenalty'])
  })
})

describe('stop', () => {
  test('blank ones are left to the gateway', () => {
    const parameters = resolve('claude-opus-5-5', { sampling: { stop: ['END', '\n', ' '] } })
    expect(parameters).toMatchObject({ body: { stop_sequences: ['END'] }, support: { stop: 'emulated' } })
    expect(resolve('claude-opus-5-5', { sampling: { stop: ['\n'] } }).body).toEqual({})
    expect(resolve('claude-opus-5-5', { sampling: { stop: ['END'] } }).support.stop).toBe('native')
  })
})

describe('user and metadata', () => {
  test('short ones go along', () => {
    const parameters = resolve('claude-opus-5-5', { user: 'u-1', metadata: { team: 'a' } })
    expect(parameters).toMatchObject({
      metadata: { user: 'u-1', team: 'a' },
      support: { user: 'native', metadata: 'native' },
    })
  })

  test('what makes the user id too long for the service stays behind', () => {
    const long = resolve('claude-opus-5-5', { user: 'u-1', metadata: { text: 'x'.repeat(100) } })
    expect(long).toMatchObject({ metadata: { user: 'u-1' }, support: { user: 'native', metadata: 'ignored' } })
    expect(resolve('claude-opus-5-5', { user: 'x'.repeat(100) })).toMatchObject({
      metadata: {},
      support: { user: 'ignored' },
    })
  })

  test.each(['device_id', 'account_uuid', 'session_id'])('nobody passes for another %s', (key) => {
    const parameters = resolve('claude-opus-5-5', { metadata: { [key]: 'x' } })
    expect(parameters).toMatchObject({ metadata: {}, support: { metadata: 'ignored' } })
  })
})

describe('calls of functions', () => {
  const tools = [tool('get.weather'), tool('b')]
  const required = { tools, toolChoice: { type: 'required' } } as const
  const named = { tools, toolChoice: { type: 'named', name: 'get.weather' } } as const

  test('forced ones are native where the model can be kept from thinking', () => {
    for (const model of ['claude-haiku-4-5', 'claude-opus-4-6', 'claude-sonnet-5', 'claude-3-5-haiku']) {
      const { body, thinking, support } = resolve(model, required)
      expect(body).toEqual({ tool_choice: { type: 'any' } })
      expect(support).toMatchObject({ tools: 'native', toolChoice: 'native', parallelToolCalls: 'native' })
      if (model !== 'claude-3-5-haiku') expect(thinking).toBe(0)
    }
    expect(resolve('claude-haiku-4-5', named).body).toEqual({ tool_choice: { type: 'tool', name: 'get_weather' } })
    expect(resolve('claude-haiku-4-5', { ...required, reasoning: { effort: 'none' } }).support.toolChoice).toBe(
      'native',
    )
    expect(resolve('claude-haiku-4-5', { ...required, sampling: { maxTokens: 500 } }).support.toolChoice).toBe('native')
  })

  test('where it always thinks, or shall think, they are left to the gateway', () => {
    const cases = [
      resolve('claude-opus-5-5', required),
      resolve('claude-opus-5-5', named),
      resolve('claude-haiku-4-5', { ...required, reasoning: { effort: 'low' } }),
      resolve('claude-haiku-4-5', { ...required, reasoning: { budgetTokens: 2000 } }),
    ]
    for (const { body, thinking, support } of cases) {
      expect(body).toEqual({})
      expect(thinking).not.toBe(0)
      expect(support.toolChoice).toBe('emulated')
    }
  })

  test('none, and one at a time, are native everywhere', () => {
    const one = resolve('claude-opus-5-5', { tools, parallelToolCalls: false })
    expect(one.body).toEqual({ tool_choice: { type: 'auto', disable_parallel_tool_use: true } })
    const emulated = resolve('claude-opus-5-5', { ...required, parallelToolCalls: false })
    expect(emulated).toMatchObject({ body: one.body, support: { toolChoice: 'emulated', parallelToolCalls: 'native' } })
    const none = resolve('claude-opus-5-5', { tools, toolChoice: { type: 'none' }, parallelToolCalls: false })
    expect(none).toMatchObject({ body: { tool_choice: { type: 'none' } }, support: { toolChoice: 'native' } })
  })

  test('without functions there is no choice', () => {
    const { body, thinking, support } = resolve('claude-haiku-4-5', {
      toolChoice: { type: 'none' },
      parallelToolCalls: false,
    })
    expect({ body, thinking }).toEqual({ body: {}, thinking: null })
    expect(support).toMatchObject({ toolChoice: 'native', parallelToolCalls: 'native' })
  })

  test('an effort that cannot be had in the middle of calls is named', () => {
    const messages = [user('q'), assistant(call('c', 'b', '{}')), result({ c: 'r' })]
    const asked = request(messages, { tools, reasoning: { effort: 'high' } })
    expect(resolveParameters(asked, modelFacts('claude-haiku-4-5'))).toMatchObject({
      thinking: 0,
      support: { effort: 'ignored' },
    })
    expect(resolveParameters(asked, modelFacts('claude-opus-4-6')).support.effort).toBe('native')
  })
})

test('documented ways alone: what needs the body is not promised', () => {
  const asked = request('hi', { sampling: { temperature: 0.2, maxTokens: 3000, stop: ['END'] }, user: 'u' })
  const parameters = parametersFor(asked, modelFacts('claude-haiku-4-5'), { documented: true })
  expect(parameters).toMatchObject({
    thinking: 1500,
    body: {},
    metadata: {},
    support: { temperature: 'ignored', stop: 'emulated', user: 'ignored', maxTokens: 'native' },
  })
  expect(documentedEnvironment(parameters)).toEqual({ CLAUDE_CODE_MAX_OUTPUT_TOKENS: '3000' })
})
