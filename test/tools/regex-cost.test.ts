import { describe, expect, test } from 'bun:test'
import { createRegexMeter, isExponential } from '../../src/tools/regex-cost.ts'

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

describe('how much a text costs', () => {
  const isCheap = (source: string, text: string) => createRegexMeter().isCheap(source, text)

  test.each([
    ['^[a-z]+$', 'a'.repeat(100_000)],
    ['^[a-z]+$', '漢'.repeat(100_000)],
    ['^https?://[^\\s/$.?#].[^\\s]*$', `https://${'x'.repeat(2_000)}`],
    ['^\\s*(.*?)\\s*$', 'some words '.repeat(20)],
    ['^[\\w.+-]+@[\\w-]+(\\.[\\w-]+)+$', `${'x'.repeat(200)}@example.com`],
  ])('%s: little', (source, text) => expect(isCheap(source, text)).toBe(true))

  test.each([
    ['^.*.*.*.*x$', 'a'.repeat(2_000)],
    ['(?=.*.*.*.*x)a', 'a'.repeat(2_000)],
    ['^\\s*(.*?)\\s*$', ' '.repeat(20_000)],
    ['(a|b|ab)*c', 'ab'.repeat(200)],
  ])('%s: too much', (source, text) => {
    const begin = performance.now()
    expect(isCheap(source, text)).toBe(false)
    expect(performance.now() - begin).toBeLessThan(5_000)
  })

  test('many texts cost as much as one long one', () => {
    const meter = createRegexMeter()
    expect(meter.isCheap('^.*,.*$', 'a,'.repeat(500))).toBe(true)
    const all = Array.from({ length: 1_000 }, () => meter.isCheap('^.*,.*$', 'a,'.repeat(500)))
    expect(all.at(-1)).toBe(false)
  })
})
