import { describe, expect, test } from 'bun:test'
import { EFFORTS } from '../../../src/core/request.ts'
import { resolveParameters } from '../../../src/providers/codex/parameters.ts'
import { request } from '../claude/requests.ts'

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
    'tools',
  ] as const) {
    expect(support[name] ?? 'ignored').toBe('ignored')
  }
  expect(support).toMatchObject({ maxTokens: 'emulated', stop: 'emulated', count: 'emulated', effort: 'native' })
})

test('a strict schema is passed on; one that is not would be refused by the service', () => {
  const schema = { type: 'object', properties: {}, additionalProperties: false }
  const asked = (strict: boolean) => request('hi', { output: { type: 'json-schema', name: 'x', schema, strict } })
  expect(resolveParameters(asked(true), USUAL)).toMatchObject({ schema, support: { output: 'native' } })
  expect(resolveParameters(asked(false), USUAL)).toMatchObject({ schema: undefined, support: { output: 'ignored' } })
  expect(resolveParameters(request('hi', { output: { type: 'json' } }), USUAL).support.output).toBe('ignored')
})
