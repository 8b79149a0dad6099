import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { assertOrder } from '../../../src/core/assert-order.ts'
import { collect } from '../../../src/core/collect.ts'
import type { ChatEvent } from '../../../src/core/event.ts'
import type { AssistantPart, ReasoningPart } from '../../../src/core/request.ts'
import { encodeAnswer } from '../../../src/dialects/gemini/answer.ts'
import { decode } from '../../../src/dialects/gemini/decode.ts'
import { toSignature, toThoughts } from '../../../src/dialects/gemini/opaque.ts'
import { GeminiRequest } from '../../../src/dialects/gemini/schema.ts'
import { parseInput } from '../../../src/dialects/tool-input.ts'
import { answerEvents, base64, batchesOf, context, text } from '../answers.ts'
import { anything, decodesOrRefuses } from '../decoding.ts'
import { call, chunksIn, conversation, encoded, partsIn, user } from './support.ts'

const part = fc.oneof(
  { weight: 3, arbitrary: fc.record({ text }) },
  fc.record(
    {
      text: anything,
      thought: fc.oneof(fc.boolean(), anything),
      thoughtSignature: anything,
      inlineData: fc.oneof(fc.record({ mimeType: fc.constantFrom('image/png', 'audio/x', ''), data: text }), anything),
      file_data: fc.oneof(fc.record({ fileUri: fc.constantFrom('https://x.example/', 'gs://x') }), anything),
      functionCall: fc.record({ name: fc.constantFrom('f', 'g', ''), args: anything, id: fc.constantFrom('a', null) }),
      functionResponse: fc.record({ name: fc.constantFrom('f', 'g'), response: anything, parts: anything }),
      ['__proto__']: anything,
    },
    { requiredKeys: [], maxKeys: 2 } as object,
  ),
)
const content = fc.record({
  role: fc.constantFrom('user', 'model', 'function', 'system'),
  parts: fc.oneof({ weight: 4, arbitrary: fc.array(part, { maxLength: 3 }) }, part, anything),
})
const almost = fc.record({ contents: fc.array(content, { minLength: 1, maxLength: 3 }) })

decodesOrRefuses((body) => decode(call(body)), almost, Object.keys(GeminiRequest.entries))

describe('signatures', () => {
  const thought: fc.Arbitrary<ReasoningPart> = fc
    .record(
      {
        text,
        signature: fc.oneof(fc.base64String({ minLength: 4, maxLength: 12 }), text),
        encrypted: fc.oneof(fc.base64String({ minLength: 4, maxLength: 12 }), text),
      },
      { requiredKeys: ['text'] },
    )
    .map((fields) => Object.assign({ type: 'reasoning' as const }, fields))

  test('hold thoughts as they were, whatever alphabet of base64 a client writes', () => {
    fc.assert(
      fc.property(fc.array(thought, { minLength: 1, maxLength: 3 }), fc.boolean(), (thoughts, dropped) => {
        const signature = toSignature(thoughts)
        const signed = thoughts.some((part) => 'signature' in part || 'encrypted' in part)
        expect(signature !== undefined).toBe(signed)
        if (signature === undefined) return
        expect(Buffer.from(signature, 'base64').toString('base64')).toBe(signature)
        const urlSafe = Buffer.from(signature, 'base64').toString('base64url')
        const said = dropped ? '' : thoughts.map((part) => part.text).join('')
        for (const sent of [signature, urlSafe]) expect(toThoughts(sent, said)).toEqual(thoughts)
      }),
    )
  })

  test('of others never break anything', () => {
    fc.assert(
      fc.property(text, text, (signature, said) => {
        for (const part of toThoughts(signature, said)) expect(part.type).toBe('reasoning')
      }),
    )
    const cut = toSignature([{ type: 'reasoning', text: 'x', signature: 'c2ln' }])!.slice(0, -8)
    expect(toThoughts(cut, 'y')).toEqual([{ type: 'reasoning', text: 'y', signature: cut }])
  })
})

/** Not only base64. */
const opaque = fc.oneof(base64, text)
const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 })
const choices = async function* (events: ChatEvent[]) {
  yield { choice: 0, events }
}

describe('encoding', () => {
  test('a stream, however it is batched, says the same as the whole answer', async () => {
    await fc.assert(
      fc.asyncProperty(answerEvents(false, opaque), sizes, fc.boolean(), async (events, batching, thoughts) => {
        assertOrder(events)
        const whole = JSON.parse(JSON.stringify(encodeAnswer(await collect(choices(events)), context, thoughts)))
        for (const form of ['events', 'array'] as const) {
          const chunks = chunksIn(encoded(batchesOf(events, batching), form, thoughts), form)
          const notEmpty = (part: object) => !('text' in part && part.text === '' && !('thoughtSignature' in part))
          expect(partsIn(chunks).filter(notEmpty)).toEqual(partsIn([whole]).filter(notEmpty))
          const last = chunks.at(-1)!
          expect({ ...last, candidates: undefined }).toEqual({ ...whole, candidates: undefined })
          const reason = (body: typeof last) => ('candidates' in body ? body.candidates?.[0]?.finishReason : undefined)
          expect(reason(last)).toBe(reason(whole))
        }
      }),
      { numRuns: 200 },
    )
  })

  test('an answer sent back is what the provider said, with thoughts and without', async () => {
    await fc.assert(
      fc.asyncProperty(answerEvents(false, opaque), fc.boolean(), sizes, async (events, keeps, batching) => {
        const [answer] = await collect(choices(events))
        const chunks = chunksIn(encoded(batchesOf(events, batching), 'events', keeps))
        // As the SDK's chats keep a stream: each chunk a content of its own.
        const contents = chunks.flatMap((chunk) =>
          'candidates' in chunk && chunk.candidates ? [chunk.candidates[0]!.content] : [],
        )
        const { messages } = conversation(user({ text: 'a' }), ...contents, user({ text: 'b' }))
        const back = (messages.length === 3 ? messages[1]!.content : []) as AssistantPart[]
        expect(back.map(known)).toEqual(merged(answer!.content, keeps).map(known))
      }),
      { numRuns: 300 },
    )
  })
})

/** The text of arguments need not be the same, what it says must be; nor need ids be any. */
function known(part: AssistantPart): object {
  return part.type === 'tool-call' ? { ...part, arguments: parseInput(part.arguments) } : part
}

/** What of an answer can come back: texts in a row as one, and unsigned thoughts only where they were sent. */
function merged(content: readonly AssistantPart[], keeps: boolean): AssistantPart[] {
  const parts: AssistantPart[] = []
  let thoughts: ReasoningPart[] = []
  const flush = () => {
    const isSigned = thoughts.some((part) => 'signature' in part || 'encrypted' in part)
    const said = thoughts.map((part) => part.text).join('')
    if (isSigned) parts.push(...thoughts)
    else if (keeps && said !== '') parts.push({ type: 'reasoning', text: said })
    thoughts = []
  }
  for (const part of content) {
    if (part.type === 'reasoning') {
      thoughts.push(part)
      continue
    }
    if (part.type === 'text' && part.text === '') continue
    flush()
    const last = parts.at(-1)
    if (part.type === 'text' && last?.type === 'text')
      parts[parts.length - 1] = { ...last, text: last.text + part.text }
    else parts.push(part)
  }
  flush()
  return parts
}
