import { describe, expect, test } from 'bun:test'
import * as v from 'valibot'
import { GatewayError } from '../../src/core/error.ts'
import { check } from '../../src/dialects/check.ts'
import { wholeRecord } from '../../src/dialects/whole-record.ts'
import { read as readGemini } from './gemini/support.ts'
import { read as readChat } from './openai-chat/support.ts'

const ODD = '{"constructor":"a","prototype":"b","plain":"d","toString":"e"}'
const WORSE = ODD.replace('{', '{"__proto__":{"polluted":true},')
const asJson = (value: unknown) => JSON.stringify(value)
const sorted = (json: string) => Object.entries(JSON.parse(json) as object).toSorted()

describe('a whole record', () => {
  test('keeps names that objects have anyway, and changes no prototype', () => {
    const kept = check(wholeRecord(v.string()), JSON.parse(WORSE))
    expect(asJson(kept)).toBe(ODD)
    expect(Object.getPrototypeOf(kept)).toBe(Object.prototype)
  })

  test('checks their values as well', () => {
    for (const name of ['constructor', 'prototype', 'plain'])
      expect(() => check(wholeRecord(v.string()), JSON.parse(`{"${name}":4}`))).toThrow(GatewayError)
    expect(() => check(wholeRecord(v.string()), ['a'])).toThrow('must be an object, not an array')
  })

  test('labels and arguments are such', () => {
    expect(readChat({ metadata: { constructor: 'a', plain: 'd' } }).metadata).toEqual({
      constructor: 'a',
      plain: 'd',
    } as never)
    const args: unknown = JSON.parse(ODD)
    const { messages } = readGemini({
      contents: [
        { role: 'user', parts: [{ text: 'x' }] },
        { role: 'model', parts: [{ functionCall: { name: 'f', args } }] },
        { role: 'user', parts: [{ functionResponse: { name: 'f', response: args } }] },
      ],
    })
    const [call] = messages[1]!.content
    expect(call?.type === 'tool-call' && sorted(call.arguments)).toEqual(sorted(ODD))
    const [result] = messages[2]!.content
    const said = result?.type === 'tool-result' ? result.content[0] : undefined
    expect(said?.type === 'text' && sorted(said.text)).toEqual(sorted(ODD))
  })
})
