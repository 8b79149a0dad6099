import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { collect } from '../../src/core/collect.ts'
import { GatewayError } from '../../src/core/error.ts'
import type { ChatEvent, ChoiceBatch } from '../../src/core/event.ts'
import { merge } from '../../src/core/merge.ts'
import { batchesOf, batchSizes, inBatches, orderedEvents, START, STOP, textAnswer, USAGE } from './samples.ts'

async function* choices(...batches: [choice: number, events: ChatEvent[]][]): AsyncGenerator<ChoiceBatch> {
  for (const [choice, events] of batches) yield { choice, events }
}

describe('collect', () => {
  test('puts one answer together', async () => {
    expect(await collect(choices([0, textAnswer('Hel', 'lo')]))).toEqual([
      { model: 'model-1', content: [{ type: 'text', text: 'Hello' }], finish: 'stop', usage: USAGE },
    ])
  })

  test('keeps signatures, encrypted reasoning, tool arguments and the stop sequence', async () => {
    const events: ChatEvent[] = [
      START,
      { type: 'reasoning-start', block: 0 },
      { type: 'reasoning-delta', block: 0, text: 'hm' },
      { type: 'reasoning-end', block: 0, signature: 'sig', encrypted: 'enc' },
      { type: 'tool-call-start', block: 1, id: 'call-1', name: 'look' },
      { type: 'tool-call-delta', block: 1, arguments: '{"a":' },
      { type: 'tool-activity', name: 'Bash', phase: 'start' },
      { type: 'raw', line: '{}' },
      { type: 'tool-call-delta', block: 1, arguments: '1' },
      { type: 'tool-call-end', block: 1 },
      { type: 'finish', reason: 'stop', stopSequence: 'END' },
    ]
    expect(await collect(choices([0, events]))).toEqual([
      {
        model: 'model-1',
        content: [
          { type: 'reasoning', text: 'hm', signature: 'sig', encrypted: 'enc' },
          { type: 'tool-call', id: 'call-1', name: 'look', arguments: '{"a":1' },
        ],
        finish: 'stop',
        stopSequence: 'END',
      },
    ])
  })

  test('the last usage holds', async () => {
    const usage = (output: number): ChatEvent => ({ type: 'usage', usage: { ...USAGE, output } })
    const [answer] = await collect(choices([0, [START, usage(1), usage(9), STOP]]))
    expect(answer?.usage?.output).toBe(9)
  })

  test('answers come in the order of their number, whichever began first', async () => {
    const answers = await collect(choices([1, textAnswer('one')], [0, textAnswer('nought')]))
    expect(answers.map((answer) => answer.content)).toEqual([
      [{ type: 'text', text: 'nought' }],
      [{ type: 'text', text: 'one' }],
    ])
  })

  test('throws the very error that the turn failed with, and stops reading', async () => {
    const error = new GatewayError('overloaded', 'Too much.')
    let closed = false
    async function* source(): AsyncGenerator<ChoiceBatch> {
      try {
        yield { choice: 0, events: [...textAnswer('Hel').slice(0, 3), { type: 'error', error }] }
        yield { choice: 1, events: textAnswer('never read') }
      } finally {
        closed = true
      }
    }
    await expect(collect(source())).rejects.toBe(error)
    expect(closed).toBe(true)
  })

  test('any ordered list, however it is cut into batches and mixed with others, gives the same answer', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(orderedEvents, batchSizes), { minLength: 1, maxLength: 4 }),
        async (answers) => {
          const whole = await Promise.all(answers.map(([events]) => collect(choices([0, events]))))
          const sources = answers.map(([events, sizes]) => batchesOf(...inBatches(events, sizes)))
          expect(await collect(merge(sources))).toEqual(whole.flat())
        },
      ),
    )
  })
})
