import { describe, expect, test } from 'bun:test'
import { createSchemaValidator } from '../../src/tools/schema-validator.ts'

type Schema = Record<string, unknown>

function problemOf(schema: Schema) {
  const made = createSchemaValidator(schema)
  return 'problem' in made ? made.problem : undefined
}

function violation(schema: Schema, value: unknown): string | undefined {
  const made = createSchemaValidator(schema)
  if ('problem' in made) throw new Error(`${made.problem.pointer} ${made.problem.message}`)
  return made.validator.validate(value)
}

const nested = (levels: number, leaf: unknown = {}): Schema => {
  let schema = leaf
  for (let level = 0; level < levels; level += 1) schema = { properties: { a: schema } }
  return schema as Schema
}

describe('a schema that cannot be used', () => {
  const cases: [schema: Schema, pointer: string, message: string][] = [
    [{ type: 'text' }, '/type', 'must be one of'],
    [{ type: [] }, '/type', 'must be one of'],
    [{ properties: [] }, '/properties', 'must be an object of schemas'],
    [{ properties: { 'a/b': 5 } }, '/properties/a~1b', 'must be a schema'],
    [{ items: 'string' }, '/items', 'must be a schema'],
    [{ items: [{}, null] }, '/items/1', 'must be a schema'],
    [{ required: 'a' }, '/required', 'must be a list of names'],
    [{ required: [1] }, '/required', 'must be a list of names'],
    [{ enum: [] }, '/enum', 'must be a list of values'],
    [{ anyOf: [] }, '/anyOf', 'must not be empty'],
    [{ anyOf: {} }, '/anyOf', 'must be a list of schemas'],
    [{ minimum: '1' }, '/minimum', 'must be a number'],
    [{ minLength: -1 }, '/minLength', 'must be a whole number'],
    [{ uniqueItems: 'yes' }, '/uniqueItems', 'must be true or false'],
    [{ pattern: '(' }, '/pattern', 'must be a regular expression'],
    [{ pattern: 'a'.repeat(1001) }, '/pattern', 'is longer than'],
    [{ properties: { a: { pattern: '(a+)+$' } } }, '/properties/a/pattern', 'may take for ever'],
    [{ patternProperties: { '(a+)+$': true } }, '/patternProperties/(a+)+$', 'may take for ever'],
    [{ dependencies: { a: { pattern: '(a+)+$' } } }, '/dependencies/a/pattern', 'may take for ever'],
    [{ $ref: 'https://example.com/schema.json' }, '/$ref', 'nothing is fetched'],
    [{ $ref: 'file:///etc/passwd' }, '/$ref', 'nothing is fetched'],
    [{ $ref: '#/$defs/none' }, '/$ref', 'must lead to a part of this schema'],
    [{ $ref: '#' }, '', 'in a circle'],
    [{ $defs: { a: { allOf: [{ $ref: '#/$defs/b' }] }, b: { $ref: '#/$defs/a' } } }, '/$defs/a', 'in a circle'],
    [{ $ref: '#/parts/a', parts: { a: { pattern: '(a+)+$' } } }, '/parts/a/pattern', 'may take for ever'],
    [{ $id: 'http://[' }, '', 'has an $id'],
    [nested(101), '', 'levels deep'],
    [{ default: nested(300) }, '', 'levels deep'],
    [{ enum: Array.from({ length: 100_001 }, () => 0) }, '', 'values'],
    [{ anyOf: Array.from({ length: 10_001 }, () => ({})) }, '', 'parts'],
  ]
  test.each(cases)('%#', (schema, pointer, message) => {
    const before = structuredClone(schema)
    expect(problemOf(schema)).toEqual({ pointer, message: expect.stringContaining(message) })
    expect(schema).toEqual(before)
  })
})

describe('a schema that can', () => {
  test('names the first violation and where it is', () => {
    const schema = {
      type: 'object',
      properties: { items: { type: 'array', items: { type: 'object', properties: { name: { type: 'string' } } } } },
      required: ['items'],
      additionalProperties: false,
    }
    expect(violation(schema, { items: [{ name: 'x' }] })).toBeUndefined()
    expect(violation(schema, { items: [{ name: 'x' }, { name: 5 }] })).toContain('/items/1/name: ')
    expect(violation(schema, {})).toContain('"items"')
    expect(violation(schema, { items: [], more: 1 })).toContain('"more"')
    expect(violation(schema, 'x')).toStartWith('the answer: ')
    expect(violation({ enum: ['x'.repeat(5000)] }, 1)!.length).toBeLessThan(310)
  })

  test('references within it lead on, also round and round through values', () => {
    const tree = {
      $ref: '#/$defs/node',
      $defs: { node: { properties: { next: { $ref: '#/$defs/node' } }, required: ['a'] } },
    }
    expect(violation(tree, { a: 1, next: { a: 2 } })).toBeUndefined()
    expect(violation(tree, { a: 1, next: {} })).toContain('/next: ')
    expect(
      violation(
        { $id: 'https://example.com/a', $ref: 'https://example.com/a#/$defs/x', $defs: { x: { type: 'null' } } },
        1,
      ),
    ).toBeDefined()
  })

  test('the draft is the one that it names, or the newest', () => {
    const siblings = { $ref: '#/definitions/a', maxLength: 1, definitions: { a: { type: 'string' } } }
    expect(violation(siblings, 'long')).toBeDefined()
    // Before 2019 nothing beside a reference counted.
    expect(violation({ $schema: 'http://json-schema.org/draft-07/schema#', ...siblings }, 'long')).toBeUndefined()
  })

  test('formats are checked where that is safe, and are no properties', () => {
    expect(violation({ format: 'date' }, 'soon')).toBeDefined()
    expect(violation({ format: 'url' }, 'no url')).toBeUndefined()
    expect(violation({ properties: { format: { type: 'number' } } }, { format: 'x' })).toBeDefined()
    expect(violation({ const: { format: 'url' } }, { format: 'url' })).toBeUndefined()
  })

  test('a schema that doubles the work with each level costs no more than any', () => {
    const both = [{ $ref: '#' }, { $ref: '#' }]
    const schema = { properties: { a: { allOf: both } } }
    let value = {}
    for (let level = 0; level < 60; level += 1) value = { a: value }
    const begin = performance.now()
    expect(violation(schema, value)).toContain('could not be checked')
    expect(performance.now() - begin).toBeLessThan(10_000)
  })

  test('neither does a value that is too deep or too long for it', () => {
    let value = {}
    for (let level = 0; level < 200_000; level += 1) value = { a: value }
    expect(violation({ properties: { a: { $ref: '#' } } }, value)).toContain('could not be checked')
    const list = Array.from({ length: 5_001 }, (_, index) => index)
    expect(violation({ properties: { a: { uniqueItems: true } } }, { a: list })).toContain('more than 5000 items')
    expect(violation({ uniqueItems: true }, list.slice(1))).toBeUndefined()
  })

  test('nor does a text that its pattern can be read in very many ways', () => {
    const begin = performance.now()
    const text = `${'a'.repeat(50_000)}!`
    expect(violation({ properties: { a: { pattern: '^.*.*.*x$' } } }, { a: text })).toContain('take too long')
    expect(violation({ patternProperties: { '^.*.*.*x$': true } }, { [text]: 1 })).toContain('take too long')
    expect(violation({ pattern: '^[a-z]+!$' }, text)).toBeUndefined()
    expect(performance.now() - begin).toBeLessThan(10_000)
  })

  test('names that every object has are names like any other', () => {
    const schema = JSON.parse(
      '{"properties":{"__proto__":{"type":"string"},"constructor":{"type":"string"}}}',
    ) as Schema
    expect(violation(schema, JSON.parse('{"constructor":1}'))).toContain('/constructor')
    expect(violation({ required: ['constructor'] }, {})).toBeDefined()
  })
})
