import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import type { ChatEvent } from '../../src/core/event.ts'
import { StreamQueue } from '../../src/dialects/stream-queue.ts'

function queueOf(...events: ChatEvent[]): StreamQueue {
  const queue = new StreamQueue()
  for (const event of events) queue.read(event)
  return queue
}

const text = (block: number, said: string): ChatEvent[] => [
  { type: 'text-start', block },
  { type: 'text-delta', block, text: said },
]
const call = (block: number): ChatEvent => ({ type: 'tool-call-start', block, id: 'call_1', name: 'look' })

describe('who speaks', () => {
  test('the first block that has something to say', () => {
    const queue = queueOf({ type: 'text-start', block: 0 }, ...text(1, 'Hello'), ...text(2, 'too'))
    expect(queue.next()).toMatchObject({ number: 1, part: { type: 'text', text: '' }, pending: 'Hello', ended: false })
  })

  test('a call from its beginning, for its name is something', () => {
    expect(queueOf(call(3)).next()?.number).toBe(3)
  })

  test('a thought without words, where its end has something opaque', () => {
    const begun: ChatEvent = { type: 'reasoning-start', block: 0 }
    expect(queueOf(begun).next()).toBeUndefined()
    expect(queueOf(begun, { type: 'reasoning-end', block: 0 }).next()).toBeUndefined()
    expect(queueOf(begun, { type: 'reasoning-end', block: 0, encrypted: 'x' }).next()?.encrypted).toBe('x')
  })

  test('nobody for events that are of no block, or of none that was begun', () => {
    const queue = queueOf({ type: 'finish', reason: 'stop' }, { type: 'text-delta', block: 7, text: 'lost' })
    expect(queue.next()).toBeUndefined()
  })
})

describe('who gives way', () => {
  test('a text to a call, but not to another text beside it', () => {
    const queue = queueOf(...text(0, 'Hello'), ...text(1, 'too'))
    const speaker = queue.next()!
    expect(queue.waitsFor(speaker)).toBe(false)
    queue.read(call(2))
    expect(queue.waitsFor(speaker)).toBe(true)
  })

  test('a call to nobody before its end, then to whoever waits', () => {
    const queue = queueOf(call(0), ...text(1, 'Hello'))
    const speaker = queue.next()!
    expect(queue.waitsFor(speaker)).toBe(false)
    queue.read({ type: 'tool-call-end', block: 0 })
    expect(queue.waitsFor(speaker)).toBe(true)
    queue.remove(speaker)
    expect(queue.next()?.number).toBe(1)
  })
})

test('what is taken is each piece once and in order, however reading and taking alternate', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ said: fc.string(), takes: fc.boolean() })), (pieces) => {
      const queue = queueOf({ type: 'text-start', block: 0 })
      let taken = ''
      for (const { said, takes } of pieces) {
        queue.read({ type: 'text-delta', block: 0, text: said })
        const block = takes ? queue.next() : undefined
        if (block) taken += queue.take(block)
      }
      const rest = queue.next()
      expect(taken + (rest ? queue.take(rest) : '')).toBe(pieces.map(({ said }) => said).join(''))
    }),
  )
})
