import { describe, expect, test } from 'bun:test'
import { EFFORTS } from '../../../src/core/request.ts'
import { resolveParameters } from '../../../src/providers/codex/parameters.ts'
import type { Fields } from '../../../src/providers/fields.ts'
import { request } from '../claude/requests.ts'
import { tool } from './functions.ts'

const entry = (...efforts: string[]) => ({
  slug: 'm',
  supported_reasoning_levels: efforts.map((effort) => ({ effort })),
})
const USUAL = entry('low', 'medium', 'high', 'xhigh', 'max', 'ultra')

describe('effort', () => {
  test.each([
    ['none', 'low'],
    ['minimal', 'low'],
    ['low', 'low'],
    ['high', 'high'],
    ['max', 'max'],
  ] as const)('%s is %s where the model begins with low', (effort, wanted) => {
    expect(resolveParameters(request('hi', { reasoning: { effort } }), USUAL).effort).toBe(wanted)
  })

  test('is never more than was asked for, but where the model has no less', () => {
    for (const effort of EFFORTS) {
      const given = resolveParameters(request('hi', { reasoning: { effort } }), entry('low', 'high')).effort!
      const rank = (name: string) => EFFORTS.findIndex((known) => known === name)
      expect(given === 'low' || rank(given) <= rank(effort)).toBe(true)
    }
  })

  test('is the model’s own where nobody asks, and passed on for models that are not listed', () => {
    expect(resolveParameters(request('hi'), USUAL).effort).toBeUndefined()
    expect(resolveParameters(request('hi', { reasoning: { effort: 'minimal' } }), undefined).effort).toBe('minimal')
  })

  test('is ignored, and said to be, where the model has none', () => {
    const { effort, support } = resolveParameters(request('hi', { reasoning: { effort: 'high' } }), entry())
    expect(effort).toBeUndefined()
    expect(support.effort).toBe('ignored')
  })
})

test('what Codex cannot be told is not called native', () => {
  const { support } = resolveParameters(request('hi'), USUAL)
  for (const name of [
    'temperature',
    'topP',
    'topK',
    'seed',
    'frequencyPenalty',
    'presencePenalty',
    'user',
    'metadata',
  ] as const) {
    expect(support[name] ?? 'ignored').toBe('ignored')
  }
  expect(support).toMatchObject({ maxTokens: 'emulated', stop: 'emulated', count: 'emulated', effort: 'native' })
})

describe('a schema', () => {
  const closed = { type: 'object', properties: {}, additionalProperties: false }
  const open = { type: 'object', properties: { a: { type: 'string' } } }
  const asked = (schema: Record<string, unknown>, strict: boolean) =>
    resolveParameters(request('hi', { output: { type: 'json-schema', name: 'x', schema, strict } }), USUAL)

  test('is passed on where it is strict, or its caller says so; Codex has no other way', () => {
    expect(asked(closed, true)).toMatchObject({ schema: closed, support: { output: 'native' } })
    expect(asked(closed, false)).toMatchObject({ schema: closed, support: { output: 'native' } })
    expect(asked(open, true)).toMatchObject({ schema: open, support: { output: 'native' } })
  })

  test('is the gateway’s to keep where OpenAI would refuse it, and so is JSON without one', () => {
    expect(asked(open, false)).toMatchObject({ schema: undefined, support: { output: 'emulated' } })
    expect(resolveParameters(request('hi', { output: { type: 'json' } }), USUAL).support.output).toBe('emulated')
    expect(resolveParameters(request('hi'), USUAL).support.output).toBe('native')
  })
})

describe('tools', () => {
  const LITE = { ...USUAL, use_responses_lite: true }
  const support = (changes: object, given: object | undefined = USUAL) =>
    resolveParameters(request('hi', { tools: [tool('x')], ...changes }), given as Fields | undefined).support

  test.each([
    [{ type: 'auto' }, 'native'],
    [{ type: 'none' }, 'native'],
    [{ type: 'required' }, 'emulated'],
    [{ type: 'named', name: 'x' }, 'emulated'],
  ])('choice %p: %s', (toolChoice, expected) => {
    expect(support({ toolChoice })).toMatchObject({ tools: 'native', toolChoice: expected })
  })

  test('one call at a time is what the models with "Responses lite" are asked for; others are asked for any number', () => {
    expect(support({ parallelToolCalls: false }, LITE).parallelToolCalls).toBe('native')
    expect(support({ parallelToolCalls: false }).parallelToolCalls).toBe('emulated')
    expect(
      resolveParameters(request('hi', { tools: [tool('x')], parallelToolCalls: false }), undefined).support,
    ).toMatchObject({ parallelToolCalls: 'emulated' })
    expect(support({ parallelToolCalls: true }).parallelToolCalls).toBe('native')
    expect(support({ parallelToolCalls: false, tools: [] }).parallelToolCalls).toBe('native')
  })
})
