import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { ByteTail } from '../../src/process/byte-tail.ts'

const encode = (text: string) => new TextEncoder().encode(text)

test('keeps the last bytes, whatever the chunks', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 40 }).map(encode)),
      fc.integer({ min: 1, max: 60 }),
      (chunks, limit) => {
        const tail = new ByteTail(limit)
        const whole = Buffer.concat(chunks)
        for (const chunk of chunks) tail.add(chunk)
        const kept = whole.subarray(Math.max(0, whole.length - limit))
        expect(tail.text()).toBe(kept.toString())
        expect(tail.text()).toBe(kept.toString())
      },
    ),
  )
})

test('many tiny chunks', () => {
  const tail = new ByteTail(100)
  for (let count = 0; count < 10_000; count++) tail.add(encode(String(count % 10)))
  expect(tail.text()).toBe('0123456789'.repeat(10))
})

test('a character that is cut at the front is left out', () => {
  for (let limit = 1; limit <= 8; limit++) {
    const tail = new ByteTail(limit)
    tail.add(encode('💥世é!'))
    const text = tail.text()
    expect(text).not.toContain('\uFFFD')
    expect('💥世é!'.endsWith(text)).toBe(true)
  }
})

test('holds no chunk as a whole', () => {
  const chunk = encode('x'.repeat(1000))
  const tail = new ByteTail(10)
  tail.add(chunk)
  chunk.fill(0)
  expect(tail.text()).toBe('x'.repeat(10))
})
