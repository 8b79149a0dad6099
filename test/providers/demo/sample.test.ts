import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { sampleOf } from '../../../src/providers/demo/sample.ts'
import { createSchemaValidator } from '../../../src/tools/schema-validator.ts'

type Schema = Record<string, unknown>

function violation(schema: Schema, value: unknown): string | undefined {
  const made = createSchemaValidator(schema)
  if ('problem' in made) throw new Error(made.problem.message)
  return made.validator.validate(value)
}

const person = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    age: { type: 'integer', minimum: 18 },
    friends: { type: 'array', items: { $ref: '#' } },
  },
  required: ['name', 'age'],
  additionalProperties: false,
}

describe('a sample fits its schema', () => {
  const schemas: Schema[] = [
    {},
    person,
    { enum: ['b', 'a'] },
    { const: { a: [null] } },
    { type: ['null', 'string'] },
    { type: 'boolean' },
    { type: 'string', minLength: 3, maxLength: 3 },
    { type: 'string', minLength: 50 },
    { type: 'integer', exclusiveMinimum: 3 },
    { type: 'number', minimum: 0.25, maximum: 0.5 },
    { type: 'integer', multipleOf: 7, minimum: 10 },
    { type: 'number', exclusiveMaximum: -3 },
    { type: 'array', items: { type: 'string' }, minItems: 3, uniqueItems: true },
    { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }], items: false },
    { type: 'array', maxItems: 0 },
    { type: 'object', minProperties: 2, additionalProperties: { type: 'number' } },
    { type: 'object', required: ['a', '__proto__', 'constructor'] },
    { properties: { a: { type: 'number' } }, required: ['a'] },
    { anyOf: [{ type: 'object', properties: { kind: { const: 'x' } }, required: ['kind'] }, { type: 'null' }] },
    { type: 'object', oneOf: [{ required: ['a'] }], properties: { a: { type: 'number' } } },
    {
      allOf: [
        { type: 'object', properties: { a: { type: 'number' } }, required: ['a'] },
        { properties: { b: {} }, required: ['b'] },
      ],
    },
    { $ref: '#/$defs/a~1b', $defs: { 'a/b': { type: 'integer' } } },
    {
      $ref: '#/definitions/node',
      definitions: {
        node: {
          type: 'object',
          properties: { next: { anyOf: [{ $ref: '#/definitions/node' }, { type: 'null' }] } },
          required: ['next'],
        },
      },
    },
    ...[
      '^[A-Z]{2}\\d{6,12}$',
      '^(foo|bar)-[^x]+$',
      '^#[0-9a-fA-F]{6}$',
      '^\\p{L}+$',
      '/',
      '^\\w+@\\w+\\.[a-z]{2,}$',
    ].map((pattern) => ({ type: 'string', pattern })),
    { type: 'string', pattern: '^a*$', minLength: 5 },
    ...['date', 'time', 'date-time', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uuid', 'uri'].map((format) => ({
      type: 'string',
      format,
    })),
  ]
  test.each(schemas)('%j', (schema) => {
    expect(violation(schema, sampleOf(schema))).toBeUndefined()
    expect(sampleOf(schema)).toEqual(sampleOf(schema))
  })

  const { schema } = fc.letrec<{ schema: Schema }>((tie) => ({
    schema: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom<Schema>({ type: 'string' }, { type: 'integer' }, { type: 'null' }, { type: 'boolean' }, {}),
      fc.record({ type: fc.constant('number'), minimum: fc.integer(), multipleOf: fc.integer({ min: 1, max: 9 }) }),
      fc.record({ type: fc.constant('array'), items: tie('schema'), minItems: fc.nat(3) }),
      fc.dictionary(fc.string({ maxLength: 5 }), tie('schema'), { maxKeys: 4 }).map((properties) => ({
        type: 'object',
        properties,
        required: Object.keys(properties).slice(0, 2),
      })),
      fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
    ),
  }))
  test('and that of any other of the usual kinds', () => {
    fc.assert(fc.property(schema, (any) => expect(violation(any, sampleOf(any))).toBeUndefined()))
  })
})

test('a schema without any value ends all the same', () => {
  expect(sampleOf({ $ref: '#' })).toBeDefined()
  const endless = { type: 'object', properties: { a: { $ref: '#' } }, required: ['a'] }
  expect(JSON.stringify(sampleOf(endless)).length).toBeLessThan(1_000)
  const wide = { type: 'object', properties: { a: { $ref: '#' }, b: { $ref: '#' } } }
  expect(JSON.stringify(sampleOf(wide)).length).toBeLessThan(10_000)
})
