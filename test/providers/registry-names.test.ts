import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { EFFORTS } from '../../src/core/request.ts'
import { nearestNames, parseModelName, providerByPattern } from '../../src/providers/model-name.ts'

describe('parseModelName', () => {
  const cases: [string, object][] = [
    ['claude-sonnet-5-5', { name: 'claude-sonnet-5-5', progress: false }],
    ['opus:high', { name: 'opus', effort: 'high', progress: false }],
    ['opus-progress', { name: 'opus', progress: true }],
    ['opus:low-progress', { name: 'opus', effort: 'low', progress: true }],
    ['opus-progress:low', { name: 'opus', effort: 'low', progress: true }],
    ['claude/opus:max-progress', { name: 'claude/opus', effort: 'max', progress: true }],
    ['llama3:8b', { name: 'llama3:8b', progress: false }],
    ['llama3:8b:high', { name: 'llama3:8b', effort: 'high', progress: false }],
    ['opus:low:high', { name: 'opus:low', effort: 'high', progress: false }],
    ['opus:HIGH', { name: 'opus:HIGH', progress: false }],
    ['work-in-progress-model', { name: 'work-in-progress-model', progress: false }],
  ]
  test.each(cases)('%s', (text, parsed) => expect(parseModelName(text)).toEqual(parsed as never))

  const illegal = [
    '',
    '-opus',
    '--help',
    '/opus',
    ':high',
    '-progress',
    'a b',
    'a\n',
    'a\0',
    'opus;rm',
    'ö',
    'x'.repeat(129),
  ]
  test.each(illegal)('%j is a 400 that names the field', (text) => {
    expect(() => parseModelName(text)).toThrow(
      expect.objectContaining({ code: 'invalid_request', status: 400, param: 'model' }),
    )
  })

  test('any name with any suffixes comes apart again', () => {
    const letters = fc.string({ unit: fc.constantFrom(...'abz09.-_/@'), maxLength: 30 })
    const name = letters.map((rest) => `m${rest}x`).filter((text) => !text.endsWith('-progress'))
    fc.assert(
      fc.property(
        name,
        fc.option(fc.constantFrom(...EFFORTS), { nil: undefined }),
        fc.boolean(),
        (base, effort, on) => {
          const text = `${base}${effort ? `:${effort}` : ''}${on ? '-progress' : ''}`
          expect(parseModelName(text)).toEqual({ name: base, effort, progress: on })
        },
      ),
    )
  })
})

describe('providerByPattern', () => {
  const cases: [string, string | undefined][] = [
    ['claude-opus-4-5', 'claude'],
    ['opus', 'claude'],
    ['sonnet', 'claude'],
    ['haiku', 'claude'],
    ['fable', 'claude'],
    ['default', 'claude'],
    ['gpt-5.1', 'codex'],
    ['codex-mini', 'codex'],
    ['o3', 'codex'],
    ['o4-mini', 'codex'],
    ['gemini-2.5-pro', 'gemini'],
    ['qwen3-coder', 'qwen'],
    ['qwen', 'qwen'],
    ['opusculum', undefined],
    ['claude', undefined],
    ['olmo-2', undefined],
    ['my-gpt-5', undefined],
    ['echo', undefined],
  ]
  test.each(cases)('%s', (name, provider) => expect(providerByPattern(name)).toBe(provider as string))
})

describe('nearestNames', () => {
  const known = ['claude-sonnet-5-5', 'claude-opus-5-5', 'claude-haiku-5-5', 'demo/echo', 'demo/text']

  test('the nearest first, whatever the case', () => {
    expect(nearestNames('claude-sonet-5-5', known)[0]).toBe('claude-sonnet-5-5')
    expect(nearestNames('Claude-Opus-5-5', known)[0]).toBe('claude-opus-5-5')
    expect(nearestNames('dmo/echo', known)[0]).toBe('demo/echo')
  })

  test('a part of a name counts as near', () => expect(nearestNames('echo', known)).toEqual(['demo/echo']))

  test('nothing that is far off, and never more than three', () => {
    expect(nearestNames('mistral-large', known)).toEqual([])
    expect(nearestNames('aa', ['aa1', 'aa2', 'aa3', 'aa4'])).toHaveLength(3)
  })

  test('the longest name against many names takes no time that anyone could misuse', () => {
    const many = Array.from({ length: 500 }, (_, index) => `model-number-${index}-with-a-name-of-some-length`)
    const begin = performance.now()
    nearestNames('x'.repeat(128), many)
    expect(performance.now() - begin).toBeLessThan(500)
  })
})
