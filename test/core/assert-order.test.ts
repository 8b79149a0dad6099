import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { assertOrder } from '../../src/core/assert-order.ts'
import { GatewayError } from '../../src/core/error.ts'
import type { ChatEvent } from '../../src/core/event.ts'
import { orderedEvents, START, STOP, textAnswer } from './samples.ts'

const error: ChatEvent = { type: 'error', error: new GatewayError('provider_error', 'It broke.') }
const open = (block: number): ChatEvent => ({ type: 'text-start', block })
const close = (block: number): ChatEvent => ({ type: 'text-end', block })
const say = (block: number): ChatEvent => ({ type: 'text-delta', block, text: 'a' })

describe('accepts', () => {
  const accepted: [string, ChatEvent[]][] = [
    ['a plain answer', textAnswer('a', 'b')],
    ['an empty answer', [START, STOP]],
    ['blocks that overlap', [START, open(0), open(1), say(0), close(0), say(1), close(1), STOP]],
    ['an error in the middle of a block', [START, open(0), say(0), error]],
    ['an error alone', [error]],
  ]
  test.each(accepted)('%s', (_, events) => assertOrder(events))

  test('every list that the generator of ordered lists makes', () => {
    fc.assert(fc.property(orderedEvents, (events) => assertOrder(events)))
  })
})

describe('refuses', () => {
  const refused: [string, ChatEvent[], RegExp][] = [
    ['nothing at all', [], /no events/],
    ['no stream-start', [open(0), close(0), STOP], /event 0 .*stream-start/],
    ['a second stream-start', [START, START, STOP], /event 1 .*stream-start/],
    ['no end', [START, open(0), close(0)], /event 2 .*last event/],
    ['something behind the finish', [START, STOP, { type: 'raw', line: '' }], /event 1 \(finish\)/],
    ['something behind the error', [START, error, STOP], /event 1 \(error\)/],
    ['a block left open', [START, open(0), say(0), STOP], /still open: 0/],
    ['a delta before its start', [START, say(0), STOP], /not an open text block/],
    ['a delta behind its end', [START, open(0), close(0), say(0), STOP], /not an open text block/],
    ['two ends', [START, open(0), close(0), close(0), STOP], /not an open text block/],
    ['a number left out', [START, open(1), close(1), STOP], /block 1 starts where 0/],
    ['a number used again', [START, open(0), close(0), open(0), close(0), STOP], /block 0 starts where 1/],
    ['a delta of another kind', [START, open(0), { type: 'reasoning-delta', block: 0, text: '' }, STOP], /reasoning/],
  ]
  test.each(refused)('%s', (_, events, message) => expect(() => assertOrder(events)).toThrow(message))

  test('any ordered list with one of its events left out, but for deltas and usage', () => {
    const needed = (event: ChatEvent) => !event.type.endsWith('-delta') && event.type !== 'usage'
    fc.assert(
      fc.property(orderedEvents, fc.nat(), (events, seed) => {
        const places = events.flatMap((event, place) => (needed(event) ? [place] : []))
        const left = events.toSpliced(places[seed % places.length]!, 1)
        expect(() => assertOrder(left)).toThrow()
      }),
    )
  })
})
