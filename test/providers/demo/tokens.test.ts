import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { countTokens, tokenise } from '../../../src/providers/demo/tokens.ts'

describe('tokens', () => {
  const cases: [string, string[]][] = [
    ['', []],
    ['one two', ['one', ' two']],
    ['  one\n\ntwo  ', ['  one', '\n\ntwo', '  ']],
    [' \n', [' \n']],
    ['a'.repeat(17), ['a'.repeat(16), 'a']],
    ['😀'.repeat(17), ['😀'.repeat(16), '😀']],
    [`${'界'.repeat(16)} 界`, ['界'.repeat(16), ' 界']],
  ]
  test.each(cases)('%j', (text, tokens) => {
    expect(tokenise(text)).toEqual(tokens)
    expect(countTokens(text)).toBe(tokens.length)
  })

  test('of any text are the text again, and are counted as many as they are', () => {
    const unit = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.constantFrom('a', ' ', '\n', '\t', '\r', '\v', '\f', '\u00a0', '😀', '界', '\ud83d', '\ude00'),
      },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
      { weight: 1, arbitrary: fc.constant('x'.repeat(15)) },
    )
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 40 }), (units) => {
        const text = units.join('')
        const tokens = tokenise(text)
        expect(tokens.join('')).toBe(text)
        expect(countTokens(text)).toBe(tokens.length)
      }),
      { numRuns: 2_000 },
    )
  })
})
