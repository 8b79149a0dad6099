// The caller's functions as Codex is told of them.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { isDeeper, toToolSchema } from '../../../src/providers/codex/tool-schema.ts'
import { offerTools } from '../../../src/providers/codex/tools.ts'
import { tool, WEATHER } from './functions.ts'

const offer = (...names: string[]) =>
  offerTools({ tools: names.map((name) => tool(name)), toolChoice: { type: 'auto' } })
const property = (schema: unknown) => toToolSchema({ type: 'object', properties: { p: schema } }).schema['properties']

describe('functions', () => {
  test('with plain schemas are handed over as they are', () => {
    expect(offerTools({ tools: [WEATHER], toolChoice: { type: 'auto' } }).tools).toEqual([
      { type: 'function', name: 'get_weather', description: 'The weather of a city.', inputSchema: WEATHER.parameters },
    ])
  })

  test('that nobody may call are not offered, and keep their names in the conversation', () => {
    const { tools, toCli, toCaller } = offerTools({ tools: [tool('mcp')], toolChoice: { type: 'none' } })
    expect(tools).toEqual([])
    expect(toCli('mcp')).toBe('t_mcp')
    expect(toCaller('t_mcp')).toBeUndefined()
  })

  test('any names come back, and are such as Codex and OpenAI take', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(
          fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('mcp', 'mcp__x', 'exec_command', 't_mcp')),
        ),
        (names) => {
          const { tools, toCli, toCaller } = offer(...names)
          expect(names.map((name) => toCaller(toCli(name)))).toEqual(names)
          for (const { name } of tools) {
            expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/)
            expect(name).not.toMatch(/^(mcp$|mcp__|exec_command$|shell_command$)/)
          }
        },
      ),
    )
  })
})

describe('schemas', () => {
  test.each([
    ['a constant has its type', { const: 5 }, { type: 'number', enum: [5] }],
    ['values of several types', { enum: ['a', 1, null] }, { type: ['string', 'number', 'null'], enum: ['a', 1, null] }],
    ['a type wins over its values', { type: 'integer', enum: [1] }, { type: 'integer', enum: [1] }],
    ['nullable', { type: 'string', nullable: true }, { type: ['string', 'null'] }],
    ['a type that JSON Schema does not have', { type: 'any', description: 'x' }, { description: 'x' }],
    ['anything', true, {}],
    ['no schema', 'string', {}],
    ['a list of values', { const: [] }, { type: 'array', enum: [[]], items: {} }],
    ['items of any kind', { type: 'array' }, { type: 'array', items: {} }],
    ['items that are anything', { type: 'array', items: true }, { type: 'array', items: {} }],
    ['bounds', { type: 'number', minimum: 1, maximum: 2 }, { type: 'number', description: 'minimum: 1; maximum: 2' }],
    [
      'a pattern',
      { type: 'string', description: 'A', pattern: '^a' },
      { type: 'string', description: 'A (pattern: ^a)' },
    ],
    ['an exclusion', { not: { type: 'string' } }, { description: 'not: {"type":"string"}' }],
    [
      'inside another',
      { additionalProperties: { type: 'string', format: 'uri' } },
      { additionalProperties: { type: 'string', description: 'format: uri' } },
    ],
    ['what says nothing', { type: 'string', title: 'P', $comment: 'c', 'x-order': 1 }, { type: 'string' }],
    ['lists that are none', { required: 'a', enum: 'b', anyOf: {}, minItems: 'c', properties: 7 }, {}],
    ['a description that is none', { type: 'string', description: 5 }, { type: 'string' }],
  ])('%s', (_, given, expected) => {
    expect(property(given)).toEqual({ p: expected })
  })

  test('a schema that is only a reference to one of its definitions', () => {
    const $defs = { place: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } }
    expect(toToolSchema({ $ref: '#/$defs/place', $defs })).toEqual({
      schema: {
        type: 'object',
        properties: { city: { type: 'string' } },
        required: ['city'],
        $defs: { place: $defs.place },
      },
      note: '',
    })
  })

  test('a choice at the top, which OpenAI does not take, gives its properties and is said in words', () => {
    const given = { anyOf: [{ properties: { a: { type: 'string' } }, required: ['a'] }, { properties: { b: {} } }] }
    expect(toToolSchema(given)).toEqual({
      schema: { type: 'object', properties: { a: { type: 'string' }, b: {} } },
      note: `anyOf: ${JSON.stringify(given.anyOf)}`,
    })
  })

  test('one that Codex would thin out is said in full', () => {
    const given = { type: 'object', properties: { a: { type: 'string', description: 'ö'.repeat(2500) } } }
    expect(toToolSchema(given).note).toBe(`Parameters, as JSON Schema: ${JSON.stringify(given)}`)
  })

  test('whatever comes in, what goes out is an object that Codex can read, and nothing is said twice', () => {
    const key = fc.constantFrom(
      'type',
      'properties',
      'items',
      'enum',
      'const',
      'anyOf',
      '$ref',
      'required',
      'format',
      'x',
      '$defs',
      'not',
    )
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom('object', 'string', 'array', '#/$defs/x', null, 1, true),
        tie('list'),
        tie('object'),
      ),
      list: fc.array(tie('value'), { maxLength: 3 }),
      object: fc.dictionary(key, tie('value'), { maxKeys: 5 }),
    }))
    fc.assert(
      fc.property(fc.dictionary(key, value, { maxKeys: 6 }), (given) => {
        const { schema } = toToolSchema(given)
        expect(schema['type']).toBe('object')
        expect(isDeeper(schema, 120)).toBe(false)
        expect(readable(schema)).toBe(true)
        // Once more, nothing changes: all that is left is what Codex keeps.
        expect(toToolSchema(schema).schema).toEqual(schema)
      }),
    )
  })
})

/** What Codex refuses in a schema (0.169.0), with the whole request. */
function readable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const schema = value as Record<string, unknown>
  const schemas = (list: unknown) => list === undefined || (Array.isArray(list) && list.every(readable))
  const map = (of: unknown) =>
    of === undefined || (typeof of === 'object' && of !== null && Object.values(of).every(readable))
  const required = schema['required']
  return (
    (required === undefined || (Array.isArray(required) && required.every((name) => typeof name === 'string'))) &&
    ['enum'].every((key) => schema[key] === undefined || Array.isArray(schema[key])) &&
    ['anyOf', 'oneOf', 'allOf'].every((key) => schemas(schema[key])) &&
    ['properties', '$defs', 'definitions'].every((key) => map(schema[key])) &&
    (schema['items'] === undefined || readable(schema['items'])) &&
    ['undefined', 'string'].includes(typeof schema['$ref'])
  )
}
