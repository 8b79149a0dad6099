// What a JSON text costs is known before it is parsed.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { checkJsonShape, MOST_DEPTH, MOST_VALUES } from '../../src/http/json-shape.ts'
import { CHAT, chatRequest, world } from './world.ts'

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

describe('nesting', () => {
  test('up to the limit', () => {
    expect(() => checkJsonShape(nested(MOST_DEPTH))).not.toThrow()
    expect(() => checkJsonShape(nested(MOST_DEPTH + 1))).toThrow('128')
    expect(() => checkJsonShape('{"a":'.repeat(MOST_DEPTH + 1))).toThrow('128')
  })

  test('one behind the other is no nesting', () => {
    expect(() =>
      checkJsonShape(
        `[${Array(1000)
          .fill(nested(MOST_DEPTH - 1))
          .join()}]`,
      ),
    ).not.toThrow()
  })
})

describe('values', () => {
  test('up to the limit', () => {
    expect(() => checkJsonShape(`[${'1,'.repeat(MOST_VALUES - 1)}1]`)).not.toThrow()
    expect(() => checkJsonShape(`[${'1,'.repeat(MOST_VALUES)}1]`)).toThrow('200000')
  })
})

describe('texts', () => {
  const brackets = '[{,'.repeat(MOST_VALUES)
  test.each([
    ['brackets', JSON.stringify({ a: brackets })],
    ['a key of brackets', JSON.stringify({ [brackets]: 1 })],
    ['escaped quotes', JSON.stringify(`"${brackets}\\"`)],
    ['a backslash at the end', `["\\\\", "${brackets}"]`],
    ['an end that is missing', `"\\"${brackets}`],
  ])('%s', (_, text) => {
    expect(() => checkJsonShape(text)).not.toThrow()
  })

  test('a backslash that belongs to another one does not hide the quote', () => {
    expect(() => checkJsonShape(`["\\\\",${'['.repeat(MOST_DEPTH)}`)).toThrow('128')
  })
})

test('any small JSON passes', () => {
  fc.assert(fc.property(fc.json(), (text) => checkJsonShape(text)))
})

describe('over HTTP', () => {
  const send = async (body: unknown) => {
    const response = await world().app.fetch(chatRequest(body))
    const { error } = (await response.json()) as { error: { code: string; param: string | null; message: string } }
    return { status: response.status, ...error }
  }

  test('a refusal is a plain 400', async () => {
    expect(await send(JSON.stringify(CHAT).replace('{', `{"x":${nested(200)},`))).toMatchObject({
      status: 400,
      code: 'invalid_request',
      param: null,
      message: 'The body is nested deeper than 128 levels.',
    })
  })

  test.each(['[]', '[{}]', '"text"', '1', 'true', 'null'])('%s is no request', async (body) => {
    expect(await send(body)).toMatchObject({
      status: 400,
      param: null,
      message: 'The body must be a JSON object.',
    })
  })
})
