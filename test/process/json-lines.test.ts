import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { parseJsonLine } from '../../src/process/json-lines.ts'

test('an object is its value', () => {
  const line = '{"type":"x","list":[1,null]}'
  expect(parseJsonLine(line)).toEqual({ ok: true, value: { type: 'x', list: [1, null] }, line })
})

test('whatever is no JSON object is a value too', () => {
  for (const line of [
    '',
    ' ',
    '{',
    '{"a":1',
    '[1]',
    '42',
    '"x"',
    'null',
    'true',
    'undefined',
    '{"a":1}{"b":2}',
    '\u0000',
  ]) {
    expect(parseJsonLine(line)).toEqual({ ok: false, line })
  }
})

test('no text makes it throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (line) => {
      expect(parseJsonLine(line).line).toBe(line)
    }),
  )
})

test('very deep nesting is not ok or ok, but no crash', () => {
  const deep = `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`
  expect(parseJsonLine(deep).line).toBe(deep)
})

test('a key that would be the prototype stays a key', () => {
  const parsed = parseJsonLine('{"__proto__":{"polluted":true},"a":1}')
  expect(parsed.ok && Object.hasOwn(parsed.value, '__proto__')).toBe(true)
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
})
