import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { endOfJson, jsonCandidates } from '../../src/tools/json-text.ts'

const object = fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue()))

describe('where JSON ends', () => {
  test('is found behind any object or list, whatever follows', () => {
    fc.assert(
      fc.property(object, fc.string(), (value, more) => {
        const json = JSON.stringify(value)
        expect(endOfJson(json + more, 0)).toBe(json.length)
      }),
    )
  })

  test('is nowhere where it does not', () => {
    for (const text of ['{', '[{]', '{"}', '{"\\"}', '"']) expect(endOfJson(text, 0)).toBeUndefined()
  })
})

describe('candidates', () => {
  const parsed = (text: string) =>
    [...jsonCandidates(text)].flatMap((candidate): unknown[] => {
      try {
        return [JSON.parse(candidate)]
      } catch {
        return []
      }
    })

  test('the value is among them, alone, in a fence and among prose', () => {
    fc.assert(
      fc.property(object, (value) => {
        const json = JSON.stringify(value)
        const same = JSON.parse(json) as unknown
        for (const text of [
          json,
          ` \n${json}\n`,
          `Here:\n\n\`\`\`json\n${json}\n\`\`\`\nDone.`,
          `It is ${json}. Right?`,
        ])
          expect(parsed(text)[0]).toEqual(same)
      }),
    )
  })

  test('a bracket in the prose hides nothing', () => {
    expect(parsed('I open { and say {"a":1}')).toEqual([{ a: 1 }])
    expect(parsed('```\nno json\n```\n```json\n[1]\n```')).toContainEqual([1])
  })

  test('a megabyte of brackets costs no time', () => {
    const begin = performance.now()
    expect(parsed('['.repeat(1_000_000))).toEqual([])
    expect(parsed('```\n'.repeat(100_000))).toEqual([])
    expect(performance.now() - begin).toBeLessThan(5_000)
  })
})
