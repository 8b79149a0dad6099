import { describe, expect, test } from 'bun:test'
import { anything, assert, dictionary, property, string } from 'fast-check'
import { toInputSchema } from '../../src/tools/mcp-schema.ts'

describe('schemas of functions', () => {
  test('a usual one stays as it is', () => {
    const schema = {
      type: 'object',
      properties: { a: { $ref: '#/$defs/x' }, b: { anyOf: [{ type: 'string' }, { type: 'null' }] } },
      required: ['a'],
      additionalProperties: false,
      $defs: { x: { enum: [1, 2] } },
    }
    expect(toInputSchema(schema)).toEqual(schema)
  })

  test('an empty or odd one becomes an object', () => {
    expect(toInputSchema({})).toEqual({ type: 'object' })
    expect(toInputSchema({ type: ['object', 'null'], properties: null, required: 'a' })).toEqual({ type: 'object' })
    expect(toInputSchema({ properties: { a: true, b: false, c: 1 }, required: ['a', 1] })).toEqual({
      type: 'object',
      properties: { a: {}, b: { not: {} }, c: {} },
      required: ['a'],
    })
  })

  test('whatever comes, it is one that clients take', () => {
    assert(
      property(dictionary(string(), anything()), anything(), (rest, properties) => {
        const schema = toInputSchema({ ...rest, properties })
        expect(schema['type']).toBe('object')
        for (const value of Object.values(schema['properties'] ?? {})) expect(typeof value).toBe('object')
      }),
    )
  })
})
