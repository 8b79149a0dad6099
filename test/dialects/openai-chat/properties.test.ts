import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { assertOrder } from '../../../src/core/assert-order.ts'
import { collect } from '../../../src/core/collect.ts'
import type { ChatEvent } from '../../../src/core/event.ts'
import type { ChatCompletionChunk } from 'openai/resources'
import { encodeAnswer } from '../../../src/dialects/openai-chat/answer.ts'
import { decode } from '../../../src/dialects/openai-chat/decode.ts'
import { ChatCompletionRequest } from '../../../src/dialects/openai-chat/schema.ts'
import { ChatStream } from '../../../src/dialects/openai-chat/stream.ts'
import { context, cut, text } from '../answers.ts'
import { anything, decodesOrRefuses } from '../decoding.ts'
import { answerEvents, batchesOf, checkBody, eventData, read, replay } from './support.ts'

const part = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant('text'), text }) },
  fc.record(
    {
      type: fc.constantFrom('text', 'image_url', 'file', 'input_audio', 'refusal'),
      text: anything,
      image_url: fc.oneof(anything, fc.record({ url: fc.oneof(anything, fc.constant('data:;base64,AA==')) })),
      file: fc.oneof(anything, fc.record({ file_data: anything, file_id: anything })),
    },
    { requiredKeys: ['type'] },
  ),
)
const message = fc.record(
  {
    role: fc.constantFrom('system', 'developer', 'user', 'assistant', 'tool', 'function'),
    content: fc.oneof({ weight: 3, arbitrary: text }, fc.array(part, { maxLength: 3 }), anything),
    tool_call_id: fc.constantFrom('a', 'b'),
    tool_calls: fc.oneof(
      fc.constant([{ id: 'a', type: 'function', function: { name: 'f', arguments: '{' } }]),
      fc.array(anything, { maxLength: 2 }),
    ),
    reasoning_content: text,
    name: fc.constantFrom('f', 'g'),
    function_call: fc.oneof(fc.constant({ name: 'f', arguments: '{' }), anything),
    ['__proto__']: anything,
  },
  { requiredKeys: ['role', 'content'] },
)
const almost = fc.record({
  model: fc.oneof({ weight: 5, arbitrary: fc.constant('demo/text') }, text),
  messages: fc.array(message, { minLength: 1, maxLength: 4 }),
})

decodesOrRefuses(
  (body) => {
    const request = decode(checkBody(body))
    expect(request.messages.length).toBeGreaterThan(0)
    return request
  },
  almost,
  Object.keys(ChatCompletionRequest.entries),
)

describe('texts', () => {
  test('a text comes through unchanged in every place', () => {
    fc.assert(
      fc.property(text, (content) => {
        const { system, messages } = read({
          messages: [
            { role: 'system', content },
            { role: 'user', content: [{ type: 'text', text: content }] },
            { role: 'assistant', content, reasoning_content: content },
          ],
        })
        const parts: object[] = [...system, ...messages.flatMap<object>((message) => message.content)]
        const texts = parts.map((part) => 'text' in part && part.text)
        expect(texts).toEqual(content === '' ? [] : [content, content, content, content])
      }),
    )
  })
})

type Reassembled = {
  content: string
  reasoning: string
  calls: { id: string; name: string; arguments: string }[]
  finish: unknown
}

/** Puts the choices of a stream together as a client does. */
function reassemble(data: string[]): Reassembled[] {
  expect(data.at(-1)).toBe('[DONE]')
  const choices: Reassembled[] = []
  for (const json of data.slice(0, -1)) {
    const chunk = JSON.parse(json) as ChatCompletionChunk
    for (const { index, delta, finish_reason } of chunk.choices) {
      const choice = (choices[index] ??= { content: '', reasoning: '', calls: [], finish: null })
      expect(choice.finish).toBeNull()
      choice.content += delta.content ?? ''
      choice.reasoning += (delta as { reasoning_content?: string }).reasoning_content ?? ''
      for (const { index, id, function: called } of delta.tool_calls ?? []) {
        const call = (choice.calls[index] ??= { id: id!, name: called!.name!, arguments: '' })
        call.arguments += called!.arguments!
      }
      choice.finish = finish_reason
    }
  }
  return choices
}

describe('encoding', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 })

  test('a stream cut anywhere says the same as the whole answer', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(answerEvents, { minLength: 1, maxLength: 3 }),
        sizes,
        sizes,
        async (all, batching, cuts) => {
          for (const events of all) assertOrder(events)
          const batches = batchesOf(all, batching)
          const request = read({ stream: true, n: all.length, stream_options: { include_usage: true } })
          const stream = new ChatStream(request, context)
          const frames = batches.map((batch) => stream.push(batch)).join('') + stream.end()
          const data = eventData(cut(new TextEncoder().encode(frames), cuts))
          const whole = encodeAnswer(await collect(replay(batches)), request, context)

          expect(reassemble(data)).toEqual(
            whole.choices.map(({ message, finish_reason }) => ({
              content: message.content ?? '',
              reasoning: message.reasoning_content ?? '',
              calls: (message.tool_calls ?? []).map((call) => ({
                id: call.id,
                name: call.function.name,
                arguments: call.function.arguments,
              })),
              finish: finish_reason,
            })),
          )
          const last = data.length > 1 ? (JSON.parse(data.at(-2)!) as ChatCompletionChunk) : undefined
          expect(last?.usage ?? undefined).toEqual(whole.usage && JSON.parse(JSON.stringify(whole.usage)))
        },
      ),
      { numRuns: 200 },
    )
  })

  test('any split of the arguments of a call gives the same tool_calls', async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat(40), { maxLength: 6 }), fc.boolean(), async (words, cuts, legacy) => {
        const json = JSON.stringify({ words })
        const places = [0, ...cuts.filter((place) => place <= json.length).toSorted((a, b) => a - b), json.length]
        const pieces = places.slice(1).map((place, index) => json.slice(places[index], place))
        const events: ChatEvent[] = [
          { type: 'stream-start', model: 'm', created: 1 },
          { type: 'tool-call-start', block: 0, id: 'call_1', name: 'say' },
          ...pieces.map((piece): ChatEvent => ({ type: 'tool-call-delta', block: 0, arguments: piece })),
          { type: 'tool-call-end', block: 0 },
          { type: 'finish', reason: 'tool-calls' },
        ]
        const offered = legacy ? { functions: [{ name: 'say' }] } : { tools: [SAY] }
        const request = read({ stream: true, ...offered })
        const stream = new ChatStream(request, context)
        const frames =
          batchesOf([events], [3, 1])
            .map((batch) => stream.push(batch))
            .join('') + stream.end()
        const deltas = eventData([new TextEncoder().encode(frames)])
          .slice(0, -1)
          .map((data) => (JSON.parse(data) as ChatCompletionChunk).choices[0]!.delta)
        const calls = deltas.flatMap((delta) =>
          legacy ? (delta.function_call ?? []) : (delta.tool_calls?.[0]?.function ?? []),
        )
        expect(calls.map((call) => call.arguments).join('')).toBe(json)
        expect(calls.flatMap(({ name }) => name ?? [])).toEqual(['say'])
        const [choice] = encodeAnswer(await collect(replay(batchesOf([events], [2]))), request, context).choices
        expect(legacy ? choice!.message.function_call : choice!.message.tool_calls?.[0]?.function).toEqual({
          name: 'say',
          arguments: json,
        })
      }),
    )
  })
})

const SAY = { type: 'function', function: { name: 'say' } }
