// Which schemas OpenAI takes as strict ones: its rules for structured output.
import { describe, expect, test } from 'bun:test'
import { isReadable, isStrict } from '../../../src/providers/codex/strict-schema.ts'

const closed = (properties: Record<string, unknown>, more: object = {}) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
  ...more,
})
const TEXT = { type: 'string' }

describe('strict', () => {
  test.each([
    ['flat', closed({ a: TEXT, b: { type: ['number', 'null'] }, c: { enum: ['x', 'y'] }, d: { const: 1 } })],
    ['nested', closed({ a: closed({ b: TEXT }), list: { type: 'array', items: closed({ c: TEXT }) } })],
    ['with a choice', closed({ a: { anyOf: [TEXT, closed({ b: TEXT })] } })],
    [
      'with definitions',
      closed(
        { a: { $ref: '#/$defs/x' } },
        { $defs: { x: closed({ next: { anyOf: [{ $ref: '#/$defs/x' }, { type: 'null' }] } }) } },
      ),
    ],
    [
      'with what generators add',
      closed({ a: { ...TEXT, title: 'A', description: 'The a' } }, { $schema: 'x', title: 'T' }),
    ],
    ['without a property', closed({})],
  ])('%s', (_, schema) => {
    expect(isStrict(schema)).toBe(true)
  })

  test.each([
    ['an open object', closed({ a: TEXT }, { additionalProperties: undefined })],
    ['a property that may be left out', closed({ a: TEXT }, { required: [] })],
    ['an open object inside', closed({ a: { type: 'object', properties: { b: TEXT } } })],
    ['an open object in a list', closed({ a: { type: 'array', items: { type: 'object' } } })],
    ['an open object in a definition', closed({ a: TEXT }, { $defs: { x: { type: 'object' } } })],
    ['an open object in a choice', closed({ a: { anyOf: [{ properties: {} }] } })],
    ['anything', closed({ a: {} })],
    ['a list of anything', closed({ a: { type: 'array' } })],
    ['true', closed({ a: true })],
    ['a choice of the other kind', closed({ a: { oneOf: [TEXT] } })],
    ['rules that not every model takes', closed({ a: { ...TEXT, minLength: 1 } })],
    ['a choice at the top', { ...closed({ a: TEXT }), anyOf: [closed({ a: TEXT })] }],
    ['a list at the top', { type: 'array', items: TEXT }],
    ['nothing', {}],
  ])('not: %s', (_, schema) => {
    expect(isStrict(schema)).toBe(false)
  })
})

test('what is nested too deep for Codex is not readable', () => {
  const nested = (levels: number): Record<string, unknown> => (levels === 0 ? {} : { x: nested(levels - 1) })
  expect(isReadable(nested(39))).toBe(true)
  expect(isReadable(nested(40))).toBe(false)
  expect(isReadable(nested(5000))).toBe(false)
})
