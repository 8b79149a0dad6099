import { describe, expect, test } from 'bun:test'
import { sumUsage, type Usage } from '../../src/core/usage.ts'
import { USAGE } from './samples.ts'

describe('sumUsage', () => {
  test('nothing in, nothing out', () => expect(sumUsage([])).toBeUndefined())

  test('one is itself', () => expect(sumUsage([USAGE])).toEqual(USAGE))

  test('adds every number', () => {
    const other: Usage = { input: 10, output: 20, cachedRead: 30, cacheWrite: 40, reasoning: 50 }
    expect(sumUsage([USAGE, other, other])).toEqual({
      input: 23,
      output: 45,
      cachedRead: 61,
      cacheWrite: 82,
      reasoning: 101,
    })
  })

  test('a cost that only some know is the sum of theirs; none is made up', () => {
    expect(sumUsage([USAGE, { ...USAGE, costUsd: 0.5 }, USAGE, { ...USAGE, costUsd: 0.25 }])?.costUsd).toBe(0.75)
    expect(sumUsage([USAGE, USAGE])).not.toHaveProperty('costUsd')
    expect(sumUsage([{ ...USAGE, costUsd: 0 }, USAGE])?.costUsd).toBe(0)
  })

  test('one estimate makes the sum an estimate', () => {
    expect(sumUsage([USAGE, { ...USAGE, estimated: true }, USAGE])?.estimated).toBe(true)
    expect(sumUsage([USAGE, { ...USAGE, estimated: false }])).not.toHaveProperty('estimated')
  })

  test('leaves what it was given alone', () => {
    const frozen = [Object.freeze({ ...USAGE }), Object.freeze({ ...USAGE })]
    expect(sumUsage(frozen)?.input).toBe(6)
  })
})
