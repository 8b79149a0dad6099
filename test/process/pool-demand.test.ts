import { expect, test } from 'bun:test'
import { Backoff } from '../../src/process/pool-backoff.ts'
import { Demand } from '../../src/process/pool-demand.ts'

const demand = () => new Demand({ halfLife: 1000, peakWindow: 100 })

test('a state counts from its second claim on, and the most claimed one is the favourite', () => {
  const counts = demand()
  expect(counts.favourite(0)).toBeUndefined()
  counts.record('a', 1, 0)
  expect(counts.favourite(0)).toBeUndefined()
  counts.record('a', 1, 0)
  expect(counts.favourite(0)).toEqual({ launchState: 'a', share: 1 })
  for (let count = 0; count < 3; count++) counts.record('b', 1, 0)
  expect(counts.favourite(0)).toEqual({ launchState: 'b', share: 0.6 })
  for (let count = 0; count < 5; count++) counts.record(undefined, 1, 0)
  expect(counts.favourite(0)).toEqual({ launchState: 'b', share: 0.3 })
})

test('counts fade: yesterday’s favourite gives way to the one of today, and then to nobody', () => {
  const counts = demand()
  for (let count = 0; count < 10; count++) counts.record('old', 1, 0)
  for (let count = 0; count < 3; count++) counts.record('new', 1, 3000)
  expect(counts.favourite(3000)?.launchState).toBe('new')
  expect(counts.favourite(20_000)).toBeUndefined()
})

test('a forgotten state begins anew', () => {
  const counts = demand()
  for (let count = 0; count < 10; count++) counts.record('bad', 1, 0)
  counts.forget('bad')
  counts.record('bad', 1, 0)
  expect(counts.favourite(0)).toBeUndefined()
  counts.record('bad', 1, 0)
  expect(counts.favourite(0)?.launchState).toBe('bad')
})

test('a flood of states that never come back does not push out the one that does, nor grow without end', () => {
  const counts = demand()
  for (let count = 0; count < 5000; count++) {
    counts.record(`once-${count}`, 1, count)
    if (count % 50 === 0) counts.record('steady', 1, count)
  }
  expect(counts.favourite(5000)?.launchState).toBe('steady')
  expect((counts as unknown as { counts: Map<string, unknown> }).counts.size).toBeLessThanOrEqual(64)
})

test('the peak of concurrent claims is remembered for one to two windows', () => {
  const counts = demand()
  expect(counts.peak(0)).toBe(0)
  for (const active of [1, 2, 3, 2, 1]) counts.record('a', active, 50)
  expect(counts.peak(99)).toBe(3)
  expect(counts.peak(150)).toBe(3)
  counts.record('a', 2, 160)
  expect(counts.peak(205)).toBe(2)
  expect(counts.peak(320)).toBe(0)
  expect(counts.peak(1_000_000)).toBe(0)
})

test('the wait doubles with failures in a row up to its limit, and begins anew after a success or a long peace', () => {
  const backoff = new Backoff(250, 30_000)
  const waits = Array.from({ length: 9 }, (_, index) => backoff.fail(index))
  expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
  expect(backoff.remaining(8)).toBe(30_000)
  expect(backoff.remaining(10_008)).toBe(20_000)
  expect(backoff.remaining(99_999)).toBe(0)
  backoff.succeed()
  expect(backoff.remaining(9)).toBe(0)
  expect(backoff.fail(10)).toBe(250)
  expect(backoff.fail(60_011)).toBe(250)
})
