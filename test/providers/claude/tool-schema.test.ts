import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { modernSchema } from '../../../src/providers/claude/schema-drafts.ts'
import { repairSchema } from '../../../src/providers/claude/tool-schema.ts'

const A = { type: 'string' }
const B = { type: 'number' }

function repaired(schema: Record<string, unknown>) {
  const result = repairSchema(schema)
  if ('problem' in result) throw new Error(result.problem)
  return result
}

function problemOf(schema: Record<string, unknown>): string {
  const result = repairSchema(schema)
  if (!('problem' in result)) throw new Error('it has none')
  return result.problem
}

describe('a root that is an object', () => {
  test('is not touched', () => {
    const schema = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      properties: { a: { $ref: '#/$defs/x' }, b: { oneOf: [A, B] }, c: true },
      required: ['a'],
      additionalProperties: false,
      $defs: { x: A },
    }
    expect(repaired(schema).schema).toBe(schema)
    expect(repaired(schema)).not.toHaveProperty('remark')
  })

  const mended: [string, Record<string, unknown>, Record<string, unknown>][] = [
    ['nothing at all', {}, { type: 'object', properties: {} }],
    ['no type', { properties: { a: A } }, { type: 'object', properties: { a: A } }],
    ['several types', { type: ['object', 'null'] }, { type: 'object', properties: {} }],
    ['null for nothing', { type: 'object', properties: null, required: null }, { type: 'object', properties: {} }],
    [
      'a reference',
      { $ref: '#/definitions/x', definitions: { x: { type: 'object', properties: { a: A }, required: ['a'] } } },
      {
        definitions: { x: { type: 'object', properties: { a: A }, required: ['a'] } },
        type: 'object',
        properties: { a: A },
        required: ['a'],
      },
    ],
    [
      'all of several',
      { allOf: [{ properties: { a: A }, required: ['a'] }, { properties: { b: B, a: B } }] },
      { type: 'object', properties: { a: { allOf: [A, B] }, b: B }, required: ['a'] },
    ],
  ]
  test.each(mended)('%s: is made one that says the same', (_, schema, expected) => {
    expect(repaired(schema)).toEqual({ schema: expected })
  })

  test('alternatives: all that may be there, and what has to be in each; the rest in words', () => {
    const schema = {
      oneOf: [
        { type: 'object', properties: { kind: { const: 'x' }, a: A }, required: ['kind', 'a'] },
        { $ref: '#/$defs/y' },
        { type: 'null' },
      ],
      $defs: { y: { type: 'object', properties: { kind: { const: 'y' }, b: B }, required: ['kind'] } },
    }
    const result = repaired(schema)
    expect(result.schema).toEqual({
      type: 'object',
      properties: { kind: { anyOf: [{ const: 'x' }, { const: 'y' }] }, a: A, b: B },
      required: ['kind'],
      $defs: schema.$defs,
    })
    expect(result.remark).toContain(JSON.stringify(schema))
  })
})

describe('what cannot be mended is told', () => {
  const cases: [string, Record<string, unknown>][] = [
    ['its type is "string"', { type: 'string' }],
    ['its properties are no object', { properties: [] }],
    ['"required" is no list of names', { required: 'a' }],
    ['the property "a" is no schema', { type: 'object', properties: { a: 5 } }],
    ['leads nowhere', { $ref: '#/$defs/none' }],
    ['leads nowhere', { $ref: 'https://example.com/schema' }],
    ['leads to itself', { $ref: '#' }],
    ['lead to themselves', { allOf: [{ $ref: '#' }] }],
    ['anyOf has no object in it', { allOf: [{ anyOf: [{ $ref: '#' }, { $ref: '#' }] }] }],
    ['oneOf is no list of schemas', { oneOf: {} }],
    ['anyOf has no object in it', { anyOf: [{ type: 'string' }] }],
    ['no property of the name "ä b"', { type: 'object', properties: { 'ä b': A } }],
  ]
  test.each(cases)('%s', (problem, schema) => {
    expect(problemOf(schema)).toContain(problem)
  })
})

describe('older drafts', () => {
  const cases: [string, Record<string, unknown>, object][] = [
    ['limits (4)', { minimum: 1, exclusiveMinimum: true }, { exclusiveMinimum: 1 }],
    ['limits that are not exclusive (4)', { maximum: 1, exclusiveMaximum: false }, { maximum: 1 }],
    ['a flag without a limit (4)', { exclusiveMinimum: true }, {}],
    ['tuples (7)', { items: [A, B], additionalItems: false }, { prefixItems: [A, B], items: false }],
    ['names twice', { required: ['a', 'a'] }, { required: ['a'] }],
    [
      'required properties (3)',
      { properties: { a: { type: 'string', required: true }, b: { required: false } }, required: ['c'] },
      { properties: { a: A, b: {} }, required: ['c', 'a'] },
    ],
  ]
  test.each(cases)('%s, anywhere', (_, old, modern) => {
    expect(modernSchema({ ...old })).toEqual({ ...modern })
    for (const key of ['properties', '$defs']) {
      expect(modernSchema({ $schema: 'old', [key]: { x: old, y: true } })).toEqual({ [key]: { x: modern, y: true } })
    }
    expect(modernSchema({ anyOf: [A, old] })).toEqual({ anyOf: [A, modern] })
    expect(modernSchema({ items: { not: old } })).toEqual({ items: { not: modern } })
  })

  test('what is no schema is not read as one', () => {
    const schema = { properties: { a: { const: { items: [1], required: true }, default: { exclusiveMinimum: true } } } }
    expect(modernSchema(schema)).toBe(schema)
  })
})

const json = fc.dictionary(
  fc.constantFrom('type', 'properties', 'required', 'anyOf', '$ref', 'items', 'x'),
  fc.jsonValue(),
)

test('whatever it is given, it comes to an object schema or to a problem, and gives that back unchanged', () => {
  fc.assert(
    fc.property(json, (schema) => {
      const result = repairSchema(schema)
      if ('problem' in result) return
      expect(result.schema['type']).toBe('object')
      expect(repairSchema(result.schema)).toEqual({ schema: result.schema })
    }),
  )
})
