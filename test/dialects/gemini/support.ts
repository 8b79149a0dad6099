// What the tests of this dialect share: requests, and strict readers of our bytes.
import { expect } from 'bun:test'
import * as v from 'valibot'
import type { ChatEvent } from '../../../src/core/event.ts'
import type { ChatRequest } from '../../../src/core/request.ts'
import { decode, type GeminiCall } from '../../../src/dialects/gemini/decode.ts'
import { gemini } from '../../../src/dialects/gemini/dialect.ts'
import { GeminiRequest } from '../../../src/dialects/gemini/schema.ts'
import { GeminiError, GeminiResponse } from '../../../src/dialects/gemini/schema-answer.ts'
import { respell } from '../../../src/dialects/gemini/spelling.ts'
import { check } from '../../../src/dialects/check.ts'
import { context } from '../answers.ts'

export const HELLO = [{ role: 'user', parts: [{ text: 'hello' }] }]

/** A parsed body as the HTTP layer gives it on. */
export function call(json: unknown, form: GeminiCall['form'] = 'whole'): GeminiCall {
  return { model: 'demo/text', form, body: check(GeminiRequest, respell(json)) }
}

export const read = (fields: object = {}): ChatRequest => decode(call({ contents: HELLO, ...fields }))
export const conversation = (...contents: unknown[]) => read({ contents })
export const user = (...parts: unknown[]) => ({ role: 'user', parts })
export const model = (...parts: unknown[]) => ({ role: 'model', parts })
export const config = (generationConfig: object) => read({ generationConfig })

/** The whole text of a stream. */
export function encoded(
  batches: readonly ChatEvent[][],
  form: 'events' | 'array' = 'events',
  includeThoughts = true,
): string {
  const asked = call({ contents: HELLO, generationConfig: { thinkingConfig: { includeThoughts } } }, form)
  const stream = gemini(asked).stream(decode(asked), context)
  return batches.map((events) => stream.push({ choice: 0, events })).join('') + stream.end()
}

/** The chunks in a stream. Refuses whatever is not as documented. */
export function chunksIn(stream: string, form: 'events' | 'array' = 'events'): (GeminiResponse | GeminiError)[] {
  const texts = form === 'array' ? (JSON.parse(stream) as unknown[]) : eventsIn(stream)
  return texts.map((chunk) => {
    const isError = typeof chunk === 'object' && chunk !== null && 'error' in chunk
    const parsed: unknown = v.parse(isError ? GeminiError : GeminiResponse, chunk)
    expect(parsed).toEqual(chunk)
    return chunk as GeminiResponse | GeminiError
  })
}

function eventsIn(stream: string): unknown[] {
  if (stream === '') return []
  expect(stream.endsWith('\n\n')).toBe(true)
  return stream
    .slice(0, -2)
    .split('\n\n')
    .map((event) => {
      const json = /^data: ([^\r\n\u0085\u2028\u2029]*)$/.exec(event)?.[1]
      if (json === undefined) throw new Error(`not one line of data: ${event}`)
      return JSON.parse(json) as unknown
    })
}

/** All parts of a stream, texts of one kind in a row put together. */
export function partsIn(chunks: readonly (GeminiResponse | GeminiError)[]) {
  const parts: Record<string, unknown>[] = []
  for (const chunk of chunks) {
    for (const part of ('candidates' in chunk && chunk.candidates?.[0]?.content.parts) || []) {
      const last = parts.at(-1)
      const goesOn = 'text' in part && part.thoughtSignature === undefined && last && 'text' in last
      if (goesOn && last['thought'] === part.thought) last['text'] = `${String(last['text'])}${part.text}`
      else parts.push({ ...part })
    }
  }
  return parts
}
