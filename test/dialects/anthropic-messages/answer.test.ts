import { describe, expect, test } from 'bun:test'
import type { Message } from '@anthropic-ai/sdk/resources/messages'
import * as v from 'valibot'
import type { CollectedAnswer } from '../../../src/core/collect.ts'
import { encodeAnswer } from '../../../src/dialects/anthropic-messages/answer.ts'
import { AnthropicMessage } from '../../../src/dialects/anthropic-messages/schema-answer.ts'
import { context, usage } from '../answers.ts'

function answered(answer: Partial<CollectedAnswer>) {
  const body = encodeAnswer([{ model: 'provider-model', content: [], finish: 'stop', ...answer }], context)
  expect(v.parse(AnthropicMessage, body)).toEqual(body)
  return body satisfies Message
}

describe('an answer', () => {
  test('has the whole shape of a message', () => {
    expect(answered({ content: [{ type: 'text', text: 'Hello' }], usage: { ...usage, costUsd: 0.01 } })).toEqual({
      id: 'msg_abc123',
      type: 'message',
      role: 'assistant',
      model: 'demo/any "model"',
      content: [{ type: 'text', text: 'Hello', citations: null }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      stop_details: null,
      container: null,
      diagnostics: null,
      usage: {
        input_tokens: 13,
        cache_creation_input_tokens: 7,
        cache_read_input_tokens: 80,
        output_tokens: 20,
        output_tokens_details: { thinking_tokens: 5 },
        cache_creation: null,
        server_tool_use: null,
        service_tier: null,
        inference_geo: null,
        speed: null,
        x_cligate: { cost_usd: 0.01 },
      },
    })
  })

  test('keeps the order of its blocks and leaves out empty ones', () => {
    const { content } = answered({
      content: [
        { type: 'reasoning', text: '' },
        { type: 'reasoning', text: 'hm', signature: 'c2ln' },
        { type: 'text', text: '' },
        { type: 'text', text: 'a' },
        { type: 'reasoning', text: '', encrypted: 'eA==' },
        { type: 'reasoning', text: 'so', encrypted: 'eA==' },
        { type: 'text', text: 'b' },
        { type: 'tool-call', id: 't', name: 'f', arguments: '{"a":[1]}' },
      ],
      finish: 'tool-calls',
    })
    expect(content as object[]).toEqual([
      { type: 'thinking', thinking: 'hm', signature: 'c2ln' },
      { type: 'text', text: 'a', citations: null },
      { type: 'redacted_thinking', data: 'eA==' },
      { type: 'thinking', thinking: 'so', signature: 'encrypted:eA==' },
      { type: 'text', text: 'b', citations: null },
      { type: 'tool_use', id: 't', name: 'f', input: { a: [1] }, caller: { type: 'direct' } },
    ])
  })

  test.each([
    ['', {}],
    ['  ', {}],
    ['{"a":1}', { a: 1 }],
    ['{"a":', { INVALID_JSON: '{"a":' }],
    ['[1]', { INVALID_JSON: '[1]' }],
    ['null', { INVALID_JSON: 'null' }],
  ])('arguments %j are the input %j', (text, input) => {
    const { content } = answered({ content: [{ type: 'tool-call', id: 't', name: 'f', arguments: text }] })
    expect(content[0]).toMatchObject({ input })
  })

  test('numbers nobody told are marked so', () => {
    expect(answered({}).usage).toMatchObject({
      input_tokens: 0,
      cache_read_input_tokens: null,
      x_cligate: { unknown: true },
    })
  })

  test('never a negative count, whatever a provider says of its cache', () => {
    expect(answered({ usage: { ...usage, input: 1 } }).usage.input_tokens).toBe(0)
  })

  test('one that finished with an error is none', () => {
    expect(() => answered({ finish: 'error' })).toThrow('broke the answer off')
  })
})
