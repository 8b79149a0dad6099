import { describe, expect, test } from 'bun:test'
import type { ChatRequest, Output } from '../../../src/core/request.ts'
import { modelFacts } from '../../../src/providers/claude/model-facts.ts'
import { strictSchema } from '../../../src/providers/claude/output-format.ts'
import { resolveParameters } from '../../../src/providers/claude/parameters.ts'
import { request } from './requests.ts'

const text = { type: 'string' }
const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more })
const closed = (properties: object, more: object = {}) => object(properties, { additionalProperties: false, ...more })

describe('schemas that the service keeps to', () => {
  const cases: [string, Record<string, unknown>, object][] = [
    ['as they are', closed({ a: text }, { required: ['a'] }), closed({ a: text }, { required: ['a'] })],
    [
      'open objects are closed',
      object({ a: text, b: object({ c: text }) }),
      closed({ a: text, b: closed({ c: text }) }),
    ],
    [
      'in lists, alternatives and definitions',
      object(
        { a: { type: 'array', items: object({ b: text }) }, c: { oneOf: [object({ d: text }), text] } },
        { $defs: { x: object({ e: text }) } },
      ),
      closed(
        { a: { type: 'array', items: closed({ b: text }) }, c: { anyOf: [closed({ d: text }), text] } },
        { $defs: { x: closed({ e: text }) } },
      ),
    ],
    [
      'enums, constants, several types',
      object({ a: { enum: ['x', 1] }, b: { const: 2 }, c: { type: ['string', 'null'] } }),
      closed({ a: { enum: ['x', 1] }, b: { const: 2 }, c: { type: ['string', 'null'] } }),
    ],
    [
      'formats that it knows',
      object({ a: { type: 'string', format: 'date' } }),
      closed({ a: { type: 'string', format: 'date' } }),
    ],
    [
      'conditions become words',
      object({ a: { type: 'number', minimum: 1, maximum: 5, description: 'How many.' } }),
      closed({ a: { type: 'number', description: 'How many.\n\n{minimum: 1, maximum: 5}' } }),
    ],
    ['the rest is no matter', object({ a: text }, { $schema: 'x', $id: 'y', examples: [{}] }), closed({ a: text })],
  ]
  test.each(cases)('%s', (_, schema, expected) => {
    const before = structuredClone(schema)
    expect(strictSchema(schema)).toEqual(expected as never)
    expect(schema).toEqual(before)
  })

  const others: [string, Record<string, unknown>][] = [
    ['no object', { type: 'array', items: text }],
    ['alternatives at the root', { anyOf: [object({ a: text })] }],
    ['an object that may hold anything', object({ a: { type: 'object' } })],
    ['a map', object({ a: { type: 'object', additionalProperties: text } })],
    ['an open object by its own word', object({ a: text }, { additionalProperties: true })],
    ['recursion', object({ a: { $ref: '#/$defs/x' } }, { $defs: { x: object({ y: { $ref: '#/$defs/x' } }) } })],
    ['recursion to the root', object({ a: { $ref: '#' } }, { $defs: { x: object({ y: { $ref: '#' } }) } })],
    ['a reference to elsewhere', object({ a: { $ref: 'https://example.com' } })],
    ['conditions between fields', object({ a: text }, { if: {}, else: {} })],
    ['negation', object({ a: { not: text } })],
    ['patterns for names', object({ a: text }, { patternProperties: { x: text } })],
    ['a field that has to be there and is not described', object({ a: text }, { required: ['b'] })],
    [
      'more fields than may be left out',
      object(Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`f${at}`, text]))),
    ],
    [
      'more alternatives than it takes',
      object(Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`f${at}`, { anyOf: [text] }])), {
        required: Array.from({ length: 20 }, (_, at) => `f${at}`),
      }),
    ],
    ['a schema that is none', object({ a: true })],
  ]
  test.each(others)('none: %s', (_, schema) => {
    expect(strictSchema(schema)).toBeUndefined()
  })
})

describe('what becomes of it', () => {
  const output: Output = { type: 'json-schema', name: 'a', schema: object({ a: text }), strict: true }
  const of = (model: string, changes: Partial<ChatRequest> = {}) => {
    const { support, body, betas } = resolveParameters(
      request('hi', { output, ...(changes as object) }),
      modelFacts(model),
    )
    return {
      support: support.output,
      format: (body['output_config'] as { format?: object } | undefined)?.format,
      betas,
    }
  }
  const NATIVE = { support: 'native', format: { type: 'json_schema', schema: closed({ a: text }) } } as const

  test.each([
    'claude-sonnet-4-5',
    'claude-haiku-4-5-20251001',
    'claude-opus-4-1',
    'claude-opus-5-5',
    'claude-opus-5-5[1m]',
    'sonnet',
  ])('native: %s', (model) => {
    expect(of(model)).toMatchObject(NATIVE)
    expect(of(model).betas).toHaveLength(1)
  })
  test.each([
    'claude-sonnet-4-0',
    'claude-3-7-sonnet',
    'us.anthropic.claude-opus-4-6-v1:0',
    'claude-opus-4-6@20260101',
    'gpt-9',
  ])('left to the gateway: %s', (model) => {
    expect(of(model)).toEqual({ support: 'emulated', format: undefined, betas: [] } as never)
  })
  test('JSON without a schema, and schemas that it does not take, are left to the gateway', () => {
    expect(of('claude-opus-5-5', { output: { type: 'json' } }).support).toBe('emulated')
    expect(of('claude-opus-5-5', { output: { ...output, schema: {} } })).toMatchObject({
      support: 'emulated',
      betas: [],
    })
  })
  test('text is what it always was', () => {
    expect(of('claude-opus-5-5', { output: { type: 'text' } })).toEqual({
      support: 'native',
      format: undefined,
      betas: [],
    } as never)
  })
})
