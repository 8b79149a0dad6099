import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../../src/core/error.ts'
import type { ChatEvent } from '../../../src/core/event.ts'
import { decode } from '../../../src/dialects/gemini/decode.ts'
import { gemini } from '../../../src/dialects/gemini/dialect.ts'
import { context, start, usage } from '../answers.ts'
import { HELLO, call, chunksIn, encoded, partsIn } from './support.ts'

const text = (said: string, block = 0): ChatEvent => ({ type: 'text-delta', block, text: said })
const finish: ChatEvent = { type: 'finish', reason: 'stop' }
const used: ChatEvent = { type: 'usage', usage }

describe('events', () => {
  test('one a batch, the last with the reason and the usage', () => {
    const stream = encoded([
      [start, { type: 'text-start', block: 0 }],
      [text('He'), text('l')],
      [text('lo'), { type: 'text-end', block: 0 }, used, finish],
    ])
    const [first, last, ...rest] = chunksIn(stream)
    expect(rest).toEqual([])
    expect(first).toEqual({
      candidates: [{ content: { role: 'model', parts: [{ text: 'Hel' }] }, index: 0 }],
      modelVersion: context.model,
      responseId: 'abc123',
    })
    expect(last).toMatchObject({
      candidates: [{ content: { parts: [{ text: 'lo' }] }, finishReason: 'STOP' }],
      usageMetadata: { totalTokenCount: 120 },
    })
    expect(stream).not.toContain('[DONE]')
  })

  test('an end without a word has a part all the same', () => {
    const [last] = chunksIn(encoded([[start], [finish]]))
    expect(last).toMatchObject({ candidates: [{ content: { parts: [{ text: '' }] }, finishReason: 'STOP' }] })
  })

  test('calls come whole, also where their pieces overlap', () => {
    const stream = encoded([
      [start, { type: 'tool-call-start', block: 0, id: 'a', name: 'f' }],
      [{ type: 'tool-call-start', block: 1, id: 'b', name: 'g' }],
      [
        { type: 'tool-call-delta', block: 0, arguments: '{"x"' },
        { type: 'tool-call-delta', block: 1, arguments: '{}' },
      ],
      [{ type: 'tool-call-end', block: 1 }],
      [
        { type: 'tool-call-delta', block: 0, arguments: ':1}' },
        { type: 'tool-call-end', block: 0 },
      ],
      [{ type: 'finish', reason: 'tool-calls' }],
    ])
    expect(partsIn(chunksIn(stream))).toEqual([
      { functionCall: { id: 'b', name: 'g', args: {} } },
      { functionCall: { id: 'a', name: 'f', args: { x: 1 } } },
      { text: '' },
    ])
  })

  const thinking: ChatEvent[][] = [
    [start, { type: 'reasoning-start', block: 0 }],
    [{ type: 'reasoning-delta', block: 0, text: 'hm' }],
    [
      { type: 'reasoning-end', block: 0 },
      { type: 'text-start', block: 1 },
      text('x', 1),
      { type: 'text-end', block: 1 },
    ],
    [finish],
  ]
  test('thoughts come where they were asked for', () => {
    expect(partsIn(chunksIn(encoded(thinking)))).toEqual([{ text: 'hm', thought: true }, { text: 'x' }])
    expect(partsIn(chunksIn(encoded(thinking, 'events', false)))).toEqual([{ text: 'x' }])
  })

  test('a refusal before a word', () => {
    const refused: ChatEvent = { type: 'finish', reason: 'content-filter' }
    expect(chunksIn(encoded([[start], [used, refused]]))).toEqual([
      expect.objectContaining({ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } }),
    ])
    expect(chunksIn(encoded([[start], [text('I'), used, refused]]))).toMatchObject([
      { candidates: [{ finishReason: 'SAFETY' }] },
    ])
  })

  test('an error is the last', () => {
    const error = new GatewayError('overloaded', 'Busy.', { retryAfter: 3 })
    const stream = encoded([[start], [text('x')], [{ type: 'error', error }], [text('y'), finish]])
    const chunks = chunksIn(stream)
    expect(chunks).toHaveLength(2)
    expect(chunks[1]).toMatchObject({ error: { code: 503, details: [{}, { retryDelay: '3s' }] } })
    expect(chunksIn(encoded([[start], [{ type: 'finish', reason: 'error' }]]))).toMatchObject([
      { error: { status: 'UNAVAILABLE' } },
    ])
  })

  test('candidates are told apart', () => {
    const asked = call({ contents: HELLO, generationConfig: { candidateCount: 2 } }, 'events')
    const stream = gemini(asked).stream(decode(asked), context)
    const frames = [
      stream.push({ choice: 1, events: [start, text('b'), used, finish] }),
      stream.push({ choice: 0, events: [start, text('a'), used, finish] }),
      stream.end(),
    ]
    expect(chunksIn(frames.join(''))).toMatchObject([
      { candidates: [{ index: 1, content: { parts: [{ text: 'b' }] } }] },
      { candidates: [{ index: 0, content: { parts: [{ text: 'a' }] } }], usageMetadata: { totalTokenCount: 240 } },
    ])
  })
})

describe('an array', () => {
  const batches = [[start], [text('a')], [text('b'), used, finish]]
  test('is JSON when it is over', () => {
    expect(partsIn(chunksIn(encoded(batches, 'array'), 'array'))).toEqual([{ text: 'ab' }])
  })
  test('also with an error, and with nothing in it', () => {
    const error = new GatewayError('timeout', 'Late.')
    const failed = chunksIn(encoded([[start, text('a')], [{ type: 'error', error }]], 'array'), 'array')
    expect(failed).toMatchObject([{ candidates: [{}] }, { error: { status: 'DEADLINE_EXCEEDED' } }])
    expect(chunksIn(encoded([[{ type: 'error', error }]], 'array'), 'array')).toHaveLength(1)
    expect(chunksIn(encoded([], 'array'), 'array')).toEqual([])
  })
  test('may have white space before and between its chunks', () => {
    const asked = call({ contents: HELLO }, 'array')
    const stream = gemini(asked).stream(decode(asked), context)
    const idle = stream.format!.keepAlive
    const frames = batches.map((events) => idle + stream.push({ choice: 0, events }) + idle)
    expect(JSON.parse(frames.join('') + stream.end())).toHaveLength(2)
  })
})
