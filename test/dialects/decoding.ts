// What must hold for decoding in every dialect.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { GatewayError } from '../../src/core/error.ts'
import type { ChatRequest } from '../../src/core/request.ts'
import { text } from './answers.ts'

/** Decodes, or says that it was refused as it should be; everything else comes through as a failure. */
function outcome(decode: () => ChatRequest): 'decoded' | 'refused' {
  try {
    for (const path of decode().unsupported) expect(path).toMatch(/^[\x20-\x7e]+$/)
    return 'decoded'
  } catch (thrown) {
    if (!(thrown instanceof GatewayError)) throw thrown
    expect(thrown.status).toBe(400)
    expect(thrown.message.length).toBeLessThan(1000)
    return 'refused'
  }
}

/** A value that may stand where another should. */
export const anything = fc.oneof(fc.jsonValue(), text, fc.constantFrom(null, true, 0, -1, 1e308))

/**
 * Tests that any JSON is decoded or refused with a 400.
 * @param almost what looks like a request
 * @param fields the names of a request's fields, some of which get a value that may be wrong
 */
export function decodesOrRefuses(
  decode: (body: unknown) => ChatRequest,
  almost: fc.Arbitrary<object>,
  fields: readonly string[],
): void {
  describe('decoding', () => {
    const more = fc.dictionary(fc.constantFrom(...fields, '__proto__', 'x_y'), anything, { maxKeys: 2 })

    test('arbitrary JSON is refused or decoded, never anything else', () => {
      fc.assert(
        fc.property(fc.jsonValue(), (body) => {
          outcome(() => decode(body))
        }),
        { numRuns: 300 },
      )
    })

    test('so is what looks like a request', () => {
      const seen = { decoded: 0, refused: 0 }
      fc.assert(
        fc.property(almost, more, fc.boolean(), (body, extra, mix) => {
          const json: unknown = JSON.parse(JSON.stringify(mix ? { ...body, ...extra } : body))
          seen[outcome(() => decode(json))] += 1
        }),
        { numRuns: 1000 },
      )
      // The generator is worth nothing if it only ever makes one of the two.
      expect(Math.min(seen.decoded, seen.refused)).toBeGreaterThan(50)
    })
  })
}
