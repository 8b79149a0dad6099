// What must hold for every request and every answer.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { assertOrder } from '../../../src/core/assert-order.ts'
import { collect } from '../../../src/core/collect.ts'
import { GatewayError } from '../../../src/core/error.ts'
import type { ChatEvent } from '../../../src/core/event.ts'
import type { AssistantPart } from '../../../src/core/request.ts'
import { replayFrames } from '../../../src/dialects/openai-responses/replay.ts'
import type { ResponsesOutputItem, ResponsesResponse } from '../../../src/dialects/openai-responses/schema-answer.ts'
import { ResponsesRequest } from '../../../src/dialects/openai-responses/schema.ts'
import { toInput } from '../../../src/dialects/openai-responses/tool-names.ts'
import { answerEvents, batchesOf, context, text } from '../answers.ts'
import { anything, decodesOrRefuses } from '../decoding.ts'
import { asked, checkBody, conversation, encoded, eventsIn, output, read, reassemble } from './support.ts'

const part = fc.record(
  {
    type: fc.constantFrom('input_text', 'output_text', 'refusal', 'input_image', 'input_file', 'input_audio', 'x'),
    text: fc.oneof({ weight: 3, arbitrary: text }, anything),
    refusal: text,
    image_url: fc.constantFrom('https://example.com/a.png', 'data:image/png;base64,AAAA', 'file:///etc/passwd', ''),
    file_data: fc.constantFrom('AAAA', 'data:,x', null),
    detail: anything,
  },
  { requiredKeys: ['type', 'text', 'refusal'] },
)
const item = fc.record(
  {
    type: fc.constantFrom(
      'message',
      'function_call',
      'function_call_output',
      'custom_tool_call',
      'custom_tool_call_output',
      'reasoning',
      'item_reference',
      'web_search_call',
      'compaction',
      undefined,
    ),
    role: fc.constantFrom('user', 'assistant', 'system', 'developer'),
    content: fc.oneof({ weight: 2, arbitrary: text }, fc.array(part, { maxLength: 3 }), anything),
    call_id: fc.constantFrom('a', 'b'),
    name: fc.constantFrom('f', 'g'),
    namespace: fc.constantFrom('n', undefined),
    arguments: text,
    input: text,
    output: fc.oneof(text, fc.array(part, { maxLength: 2 })),
    summary: fc.oneof(fc.constant([]), anything),
    encrypted_content: fc.oneof(text, fc.constant('cligate.1.e30'), anything),
    id: fc.oneof(text, fc.constant('msg_abc_0')),
    ['__proto__']: anything,
  },
  { requiredKeys: ['role', 'content'] },
)
const almost = fc.record({
  model: fc.oneof({ weight: 5, arbitrary: fc.constant('demo/text') }, text),
  input: fc.oneof(
    text,
    fc.array(item, { minLength: 1, maxLength: 3 }),
    fc.array(item, { maxLength: 2 }).map((items) => [{ role: 'user', content: 'a' }].concat(items as never)),
  ),
})

decodesOrRefuses((body) => asked(checkBody(body)).chat, almost, Object.keys(ResponsesRequest.entries))

describe('texts', () => {
  test('a text comes through unchanged in every place', () => {
    fc.assert(
      fc.property(text, (said) => {
        const { system, messages } = read({
          instructions: said,
          input: [
            { role: 'developer', content: said },
            { role: 'user', content: [{ type: 'input_text', text: said }] },
            { role: 'assistant', content: [{ type: 'output_text', text: said, annotations: [] }] },
            { role: 'user', content: said },
            { role: 'system', content: said },
            { type: 'reasoning', summary: [{ type: 'summary_text', text: said }] },
            { role: 'user', content: 'end' },
          ],
        })
        const parts: object[] = [...system, ...messages.flatMap<object>((message) => message.content)]
        const texts = parts.map((part) => 'text' in part && part.text)
        expect(texts).toEqual(said === '' ? ['end'] : [...Array(7).fill(said), 'end'])
      }),
    )
  })

  test('results stand right behind the calls they answer, in whatever order they are sent', () => {
    const ids = ['a', 'b', 'c', 'd']
    fc.assert(
      fc.property(fc.shuffledSubarray(ids, { minLength: 1 }), fc.shuffledSubarray(ids), (called, order) => {
        const results = [...order.filter((id) => called.includes(id)), ...called.filter((id) => !order.includes(id))]
        const { messages } = conversation(
          { role: 'user', content: 'go' },
          ...called.map((id) => ({ type: 'function_call', call_id: id, name: 'f', arguments: '{}' })),
          { role: 'user', content: 'between' },
          ...results.map((id) => output(id, id)),
        )
        expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'user'])
        const inMessage = (at: number) => messages[at]!.content.map((part) => ('id' in part ? part.id : ''))
        expect(inMessage(1)).toEqual(called)
        expect(inMessage(2)).toEqual(results)
      }),
    )
  })
})

const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 })
const options = fc.record({
  include: fc.constantFrom([], ['reasoning.encrypted_content']),
  reasoning: fc.constantFrom(null, { summary: 'auto' }),
})

async function answerOf(events: ChatEvent[]) {
  const [answer] = await collect(
    (async function* () {
      yield { choice: 0, events }
    })(),
  )
  return answer!
}

async function wholeOf(events: ChatEvent[], fields: Record<string, unknown>): Promise<ResponsesResponse> {
  const { dialect, chat } = asked(fields)
  return JSON.parse(JSON.stringify(dialect.answer([await answerOf(events)], chat, context)))
}

describe('encoding', () => {
  test('a stream, however it is batched, says the same as the whole answer', async () => {
    await fc.assert(
      fc.asyncProperty(answerEvents(false), sizes, options, async (events, batching, fields) => {
        assertOrder(events)
        const { response, items } = reassemble(eventsIn(encoded(batchesOf(events, batching), fields)))
        const whole = await wholeOf(events, fields)
        expect(response).toEqual(whole)
        expect(items).toEqual(whole.output)
      }),
      { numRuns: 300 },
    )
  })

  test('blocks that overlap come one after the other, and nothing of them is lost', async () => {
    let overlapping = 0
    await fc.assert(
      fc.asyncProperty(answerEvents(true), sizes, options, async (events, batching, fields) => {
        assertOrder(events)
        const { items } = reassemble(eventsIn(encoded(batchesOf(events, batching), fields)))
        const whole = (await wholeOf(events, fields)).output
        const anonymous = (item: ResponsesOutputItem) => JSON.stringify({ ...item, id: '', status: '' })
        const others = (all: ResponsesOutputItem[]) =>
          all.filter(({ type }) => type !== 'message').map((item) => anonymous(item))
        const units = (all: ResponsesOutputItem[]) =>
          all
            .flatMap((item) => (item.type === 'message' ? item.content.flatMap(({ text }) => text.split('')) : []))
            .toSorted()
            .join('')
        // Whatever cannot be cut is whole; texts may be cut, but keep all that was said.
        expect(others(items).toSorted()).toEqual(others(whole).toSorted())
        expect(units(items)).toBe(units(whole))
        if (items.length !== whole.length) overlapping += 1
      }),
      { numRuns: 500 },
    )
    expect(overlapping).toBeGreaterThan(0)
  })

  test('an answer that breaks off anywhere is a legal stream, and says what there was of it', () => {
    const error = new GatewayError('overloaded', 'Come back later.')
    fc.assert(
      fc.property(answerEvents(true), fc.nat(30), sizes, options, (events, at, batching, fields) => {
        const begun = events.slice(0, Math.max(1, Math.min(at, events.length - 1)))
        const bytes = encoded([...batchesOf(begun, batching), [{ type: 'error', error }]], fields)
        const { response, items } = reassemble(eventsIn(bytes))
        expect(response).toMatchObject({ status: 'failed', error: { code: 'server_is_overloaded' } })
        expect(response.output.slice(0, items.length)).toEqual(items)
        expect(response.output.length - items.length).toBeLessThanOrEqual(1)
      }),
      { numRuns: 300 },
    )
  })

  test('an answer sent back without being stored is what the provider said', async () => {
    await fc.assert(
      fc.asyncProperty(answerEvents(false), options, async (events, fields) => {
        const whole = await wholeOf(events, { ...fields, store: false, include: ['reasoning.encrypted_content'] })
        const ids = whole.output.flatMap((item) => ('call_id' in item ? [item.call_id] : []))
        if (new Set(ids).size < ids.length) return
        const { messages, unsupported } = conversation(
          { role: 'user', content: 'begin' },
          ...whole.output,
          ...ids.map((id) => output(id)),
          { role: 'user', content: 'go on' },
        )
        const { content } = await answerOf(events)
        const isSaid = (part: AssistantPart) =>
          part.type === 'tool-call' || part.text !== '' || 'signature' in part || 'encrypted' in part
        const back = messages.find(({ role }) => role === 'assistant')?.content ?? []
        expect(back as unknown[]).toEqual(content.filter(isSaid))
        expect(unsupported).toEqual([])
      }),
      { numRuns: 200 },
    )
  })

  test('clients may lose the text of signed thinking, and it comes back all the same', async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.base64String({ minLength: 4 }), async (thought, signature) => {
        const events: ChatEvent[] = [
          { type: 'stream-start', model: 'm', created: 1 },
          { type: 'reasoning-start', block: 0 },
          { type: 'reasoning-delta', block: 0, text: thought },
          { type: 'reasoning-end', block: 0, signature },
          { type: 'finish', reason: 'stop' },
        ]
        const [item] = (await wholeOf(events, { include: ['reasoning.encrypted_content'] })).output
        if (item?.type !== 'reasoning') throw new Error('no reasoning')
        const { messages } = conversation(
          { role: 'user', content: 'a' },
          { type: 'reasoning', summary: [], encrypted_content: item.encrypted_content },
          { role: 'user', content: 'b' },
        )
        expect(messages[1]!.content as unknown[]).toEqual([{ type: 'reasoning', text: thought, signature }])
      }),
    )
  })

  test('a replay says the same as the response', async () => {
    await fc.assert(
      fc.asyncProperty(answerEvents(false), options, async (events, fields) => {
        const kept: ResponsesResponse[] = []
        const { dialect, chat } = asked(fields, { finished: ({ response }) => kept.push(response) })
        dialect.answer([await answerOf(events)], chat, context)
        const [response] = JSON.parse(JSON.stringify(kept)) as [ResponsesResponse]
        const frames = new TextEncoder().encode(replayFrames(response, true))
        expect(reassemble(eventsIn(frames)).response).toEqual(response)
      }),
      { numRuns: 200 },
    )
  })

  test('the input of a custom tool comes back from whatever arguments', () => {
    fc.assert(fc.property(text, (input) => expect(toInput(JSON.stringify({ input }))).toBe(input)))
    for (const broken of ['', '{', '"x"', '{"input":3}', 'plain text']) expect(toInput(broken)).toBe(broken)
  })
})
