import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import * as v from 'valibot'
import { collect } from '../../../src/core/collect.ts'
import { GatewayError } from '../../../src/core/error.ts'
import type { ChatEvent } from '../../../src/core/event.ts'
import { openaiCompletions } from '../../../src/dialects/openai-completions/dialect.ts'
import { decode } from '../../../src/dialects/openai-completions/decode.ts'
import { Completion, type CompletionRequest } from '../../../src/dialects/openai-completions/schema.ts'
import { parseEvents } from '../../http/sse.ts'

const context = { id: 'abc', model: 'demo/echo', created: 1_700_000_000_999 }
const usage = { input: 7, output: 2, cachedRead: 0, cacheWrite: 0, reasoning: 1 }
const start: ChatEvent = { type: 'stream-start', model: 'm', created: 0 }
const said = (text: string, block = 0): ChatEvent => ({ type: 'text-delta', block, text })
const end: ChatEvent[] = [
  { type: 'usage', usage },
  { type: 'finish', reason: 'length' },
]

type Batches = { choice: number; events: ChatEvent[] }[]

function streamed(batches: Batches, fields: Partial<CompletionRequest> = {}) {
  const body: CompletionRequest = { model: 'demo/echo', prompt: 'hi', stream: true, ...fields }
  const stream = openaiCompletions(body).stream(decode(body), context)
  const { data } = parseEvents(batches.map((batch) => stream.push(batch)).join('') + stream.end())
  return data.map((text) => (text === '[DONE]' ? text : (JSON.parse(text) as Completion)))
}

async function whole(batches: Batches, fields: Partial<CompletionRequest> = {}) {
  const body: CompletionRequest = { model: 'demo/echo', prompt: 'hi', ...fields }
  const answers = await collect(
    (async function* () {
      yield* batches
    })(),
  )
  return openaiCompletions(body).answer(answers, decode(body), context) as Completion
}

const BLOCK: ChatEvent[] = [start, { type: 'text-start', block: 0 }]

describe('a completion', () => {
  test('whole', async () => {
    const body = await whole([{ choice: 0, events: [...BLOCK, said('Hello'), ...end] }])
    expect(v.is(Completion, body)).toBe(true)
    expect(body).toEqual({
      id: 'cmpl-abc',
      object: 'text_completion',
      created: 1_700_000_000,
      model: 'demo/echo',
      choices: [{ text: 'Hello', index: 0, logprobs: null, finish_reason: 'length' }],
      usage: { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 },
    })
  })

  test('streamed', () => {
    const chunks = streamed([
      { choice: 0, events: BLOCK },
      { choice: 0, events: [said('Hel'), said('lo')] },
      { choice: 0, events: end },
    ])
    expect(chunks).toMatchObject([
      { object: 'text_completion', choices: [{ text: 'Hello', finish_reason: null }] },
      { choices: [{ text: '', finish_reason: 'length' }] },
      '[DONE]',
    ])
    for (const chunk of chunks.slice(0, -1)) expect(v.is(Completion, chunk)).toBe(true)
  })

  test('with the usage where it was asked for', () => {
    const chunks = streamed([{ choice: 0, events: [start, ...end] }], { stream_options: { include_usage: true } })
    expect(chunks.at(-2)).toMatchObject({ choices: [], usage: { total_tokens: 9 } })
  })

  test('says the prompt first where it shall, each its own', async () => {
    const fields = { prompt: ['a', 'b'], n: 2, echo: true }
    const batches = [0, 1, 2, 3].map((choice) => ({ choice, events: [...BLOCK, said('!'), ...end] }))
    const texts = (await whole(batches, fields)).choices.map(({ text }) => text)
    expect(texts).toEqual(['a!', 'a!', 'b!', 'b!'])
    const chunks = streamed(batches, fields).slice(0, -1) as Completion[]
    expect(chunks.map(({ choices: [choice] }) => choice!.text)).toEqual(texts)
  })

  test('ends with an error, and nothing behind it', () => {
    const error = new GatewayError('overloaded', 'Busy.')
    const chunks = streamed([
      { choice: 0, events: [...BLOCK, said('x')] },
      { choice: 0, events: [{ type: 'error', error }] },
      { choice: 0, events: [said('y')] },
    ])
    expect(chunks).toMatchObject([{ choices: [{ text: 'x' }] }, { error: { code: 'overloaded' } }])
    const broken = streamed([{ choice: 0, events: [start, { type: 'finish', reason: 'error' }] }])
    expect(broken).toMatchObject([{ error: { code: 'provider_error' } }])
  })

  test('streamed says the same as whole, however it is cut', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 8 }),
      fc.constantFrom('\u2028', '\n\ndata: x', '\ud83d'),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(text), fc.integer({ min: 1, max: 4 }), fc.boolean(), async (pieces, size, echo) => {
        const events = [...BLOCK, ...pieces.map((piece) => said(piece)), ...end]
        const batches: Batches = []
        for (let at = 0; at < events.length; at += size)
          batches.push({ choice: 0, events: events.slice(at, at + size) })
        const chunks = streamed(batches, { echo }).slice(0, -1) as Completion[]
        const heard = chunks.map(({ choices: [choice] }) => choice!.text).join('')
        const [answer] = (await whole(batches, { echo })).choices
        expect(heard).toBe(answer!.text)
        expect(chunks.at(-1)!.choices[0]!.finish_reason).toBe(answer!.finish_reason)
      }),
    )
  })
})
