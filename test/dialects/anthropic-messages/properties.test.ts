import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { assertOrder } from '../../../src/core/assert-order.ts'
import { collect } from '../../../src/core/collect.ts'
import type { ChatEvent } from '../../../src/core/event.ts'
import type { AssistantPart } from '../../../src/core/request.ts'
import { encodeAnswer } from '../../../src/dialects/anthropic-messages/answer.ts'
import { decode } from '../../../src/dialects/anthropic-messages/decode.ts'
import { AnthropicMessagesRequest } from '../../../src/dialects/anthropic-messages/schema.ts'
import type { AnthropicContentBlock } from '../../../src/dialects/anthropic-messages/schema-answer.ts'
import { parseInput } from '../../../src/dialects/tool-input.ts'
import { answerEvents, batchesOf, context, text } from '../answers.ts'
import { anything, decodesOrRefuses } from '../decoding.ts'
import { checkBody, conversation, encoded, eventsIn, read, reassemble } from './support.ts'

const source = fc.record(
  {
    type: fc.constantFrom('base64', 'url', 'file', 'text', 'content'),
    media_type: fc.oneof(fc.constant('image/png'), anything),
    data: anything,
    url: fc.oneof(fc.constant('https://x.example/'), anything),
    content: anything,
  },
  { requiredKeys: ['type'] },
)
const block = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant('text'), text }) },
  fc.record(
    {
      type: fc.constantFrom('text', 'image', 'document', 'thinking', 'tool_use', 'tool_result', 'server_tool_use'),
      text: anything,
      source: fc.oneof(source, anything),
      thinking: text,
      signature: text,
      id: fc.constantFrom('a', 'b'),
      tool_use_id: fc.constantFrom('a', 'b'),
      name: text,
      input: anything,
      content: anything,
      ['__proto__']: anything,
    },
    { requiredKeys: ['type'] },
  ),
)
const message = fc.record({
  role: fc.constantFrom('user', 'assistant', 'system', 'tool'),
  content: fc.oneof({ weight: 2, arbitrary: text }, fc.array(block, { maxLength: 3 }), anything),
})
const almost = fc.record({
  model: fc.oneof({ weight: 5, arbitrary: fc.constant('demo/text') }, text),
  max_tokens: fc.constant(100),
  messages: fc.array(message, { minLength: 1, maxLength: 3 }),
})

decodesOrRefuses(
  (body) => {
    const request = decode(checkBody(body))
    expect(request.messages.length).toBeGreaterThan(0)
    return request
  },
  almost,
  Object.keys(AnthropicMessagesRequest.entries),
)

describe('texts', () => {
  test('a text comes through unchanged in every place', () => {
    fc.assert(
      fc.property(text, (said) => {
        const { system, messages } = read({
          system: said,
          messages: [
            { role: 'user', content: [{ type: 'text', text: said }] },
            { role: 'assistant', content: [{ type: 'thinking', thinking: said, signature: 's' }] },
            { role: 'system', content: said },
            { role: 'user', content: said },
          ],
        })
        const parts: object[] = [...system, ...messages.flatMap<object>((message) => message.content)]
        const texts = parts.map((part) => 'text' in part && part.text)
        expect(texts).toEqual(said === '' ? [''] : Array(5).fill(said))
      }),
    )
  })
})

const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 })

async function wholeOf(events: ChatEvent[]) {
  const batches = (async function* () {
    yield { choice: 0, events }
  })()
  return encodeAnswer(await collect(batches), context)
}

/** Blocks of a stream as a whole answer has them. */
function closed(content: ReturnType<typeof reassemble>['content']): AnthropicContentBlock[] {
  return content.map(({ json, ...block }) =>
    block.type === 'tool_use' ? { ...block, input: parseInput(json ?? '') } : block,
  )
}

describe('encoding', () => {
  test('a stream, however it is batched, says the same as the whole answer', async () => {
    await fc.assert(
      fc.asyncProperty(answerEvents(false), sizes, async (events, batching) => {
        assertOrder(events)
        const { message, content, delta, usage } = reassemble(eventsIn(encoded(batchesOf(events, batching))))
        const whole = JSON.parse(JSON.stringify(await wholeOf(events)))
        expect({ ...message, ...delta, content: closed(content), usage: { ...message.usage, ...usage } }).toEqual(whole)
      }),
      { numRuns: 300 },
    )
  })

  test('blocks that overlap come one after the other, and nothing of them is lost', async () => {
    let overlapping = 0
    await fc.assert(
      fc.asyncProperty(answerEvents(true), sizes, async (events, batching) => {
        assertOrder(events)
        const bytes = encoded(batchesOf(events, batching))
        const content = closed(reassemble(eventsIn(bytes)).content)
        const whole: AnthropicContentBlock[] = JSON.parse(JSON.stringify((await wholeOf(events)).content))
        const isText = (block: AnthropicContentBlock) => block.type === 'text'
        const others = (blocks: AnthropicContentBlock[]) =>
          blocks.filter((block) => !isText(block)).map((block) => JSON.stringify(block))
        const units = (blocks: AnthropicContentBlock[]) =>
          blocks
            .flatMap((block) => (block.type === 'text' ? block.text.split('') : []))
            .toSorted()
            .join('')
        // Whatever cannot be cut is whole; texts may be cut, but keep all that was said.
        expect(others(content).toSorted()).toEqual(others(whole).toSorted())
        expect(units(content)).toBe(units(whole))
        expect(content.filter(isText).every((block) => block.type === 'text' && block.text !== '')).toBe(true)
        if (content.length !== whole.length) overlapping += 1
      }),
      { numRuns: 500 },
    )
    expect(overlapping).toBeGreaterThan(0)
  })

  test('an answer sent back is what the provider said', async () => {
    await fc.assert(
      fc.asyncProperty(answerEvents(false), async (events) => {
        const whole = await wholeOf(events)
        const { messages, unsupported } = conversation(
          { role: 'assistant', content: JSON.parse(JSON.stringify(whole.content)) },
          { role: 'user', content: 'go on' },
        )
        const [answer] = await collect(
          (async function* () {
            yield { choice: 0, events }
          })(),
        )
        // The text of arguments need not be the same, what it says must be.
        const known = (part: AssistantPart) =>
          part.type === 'tool-call' ? { ...part, arguments: parseInput(part.arguments) } : part
        const isSaid = (part: AssistantPart) =>
          part.type === 'tool-call' || part.text !== '' || 'signature' in part || 'encrypted' in part
        const said = answer!.content.filter(isSaid).map(known)
        const back = (messages[0]!.content as AssistantPart[]).map(known)
        expect(back as unknown[]).toEqual(said)
        expect(unsupported).toEqual([])
      }),
      { numRuns: 200 },
    )
  })
})
