import { describe, expect, test } from 'bun:test'
import { isExponential } from '../../src/tools/regex-cost.ts'

describe('patterns that may take for ever', () => {
  test.each([
    ['(a+)+$'],
    ['(a*)*b'],
    ['(a|a)*b'],
    ['(a|aa)+$'],
    ['^(\\w+\\s?)*$'],
    ['(.*)*x'],
    ['(?=(a+)+b)x'],
    ['(x+x+)+y'],
    ['^(([a-z])+.)+[A-Z]([a-z])+$'],
    ['(a?){50}a'],
    ['^(a|b|ab)*c$'],
    ['(\\w|_)+z'],
    ['(?:(?:漢|\\p{L})*)!'],
  ])('%s', (source) => expect(isExponential(source)).toBe(true))

  test('one that goes back to what it matched cannot be bounded', () => {
    expect(isExponential('(a)\\1')).toBe(true)
    expect(isExponential('(?<x>a)\\k<x>')).toBe(true)
  })
})

describe('patterns that people write', () => {
  test.each([
    [''],
    ['^[a-z]+$'],
    ['^([a-z]+-)*[a-z]+$'],
    ['^(foo|bar)+$'],
    ['^\\d{4}-\\d{2}-\\d{2}$'],
    ['^(?=.*\\d)(?=.*[a-z]).{8,}$'],
    ['^[\\w.+-]+@[\\w-]+(\\.[\\w-]+)+$'],
    ['^\\s*(.*?)\\s*$'],
    ['^https?://[^\\s/$.?#].[^\\s]*$'],
    ['^(?:\\+?1[-. ]?)?\\(?([0-9]{3})\\)?[-. ]?([0-9]{3})[-. ]?([0-9]{4})$'],
    ['^(a?)*$'],
    ['^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'],
    ['^v?\\d+(\\.\\d+){0,2}$'],
    ['^\\p{L}+( \\p{L}+)*$'],
    ['^.{1,10000}$'],
    ['/'],
  ])('%s', (source) => {
    expect(() => new RegExp(source, 'u')).not.toThrow()
    expect(isExponential(source)).toBe(false)
  })
})

test('what is too large to be looked through counts as dangerous, and costs no time', () => {
  const begin = performance.now()
  expect(isExponential(`(${'[a-z]|'.repeat(300)}x)*`)).toBe(true)
  expect(isExponential(`(${'[a-z]'.repeat(190)})*`)).toBe(false)
  expect(performance.now() - begin).toBeLessThan(5_000)
})
