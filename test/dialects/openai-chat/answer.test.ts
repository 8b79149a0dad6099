import { describe, expect, test } from 'bun:test'
import type { ChatCompletion } from 'openai/resources'
import * as v from 'valibot'
import type { CollectedAnswer } from '../../../src/core/collect.ts'
import type { ChatRequest } from '../../../src/core/request.ts'
import { encodeAnswer } from '../../../src/dialects/openai-chat/answer.ts'
import * as answerSchema from '../../../src/dialects/openai-chat/schema-answer.ts'
import { context } from '../answers.ts'
import { read } from './support.ts'

const usage = { input: 100, output: 20, cachedRead: 80, cacheWrite: 7, reasoning: 5 }

const answered = (...answers: Partial<CollectedAnswer>[]) => answeredTo(read(), ...answers)

function answeredTo(request: ChatRequest, ...answers: Partial<CollectedAnswer>[]) {
  const whole = (answer: Partial<CollectedAnswer>): CollectedAnswer => ({
    model: 'provider-model',
    content: [],
    finish: 'stop',
    ...answer,
  })
  const body = encodeAnswer(answers.map(whole), request, context)
  expect(v.parse(v.strictObject(answerSchema.ChatCompletion.entries), body)).toEqual(body)
  return body satisfies ChatCompletion
}

const message = (answer: Partial<CollectedAnswer>) => answered(answer).choices[0]!.message

describe('an answer', () => {
  test('has the whole shape of a chat completion', () => {
    expect(answered({ content: [{ type: 'text', text: 'Hello' }], usage: { ...usage, costUsd: 0.01 } })).toEqual({
      id: 'chatcmpl-abc123',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'demo/any "model"',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello', refusal: null, annotations: [] },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: {
        prompt_tokens: 100,
        completion_tokens: 20,
        total_tokens: 120,
        prompt_tokens_details: { cached_tokens: 80, cache_write_tokens: 7, audio_tokens: 0 },
        completion_tokens_details: {
          reasoning_tokens: 5,
          audio_tokens: 0,
          accepted_prediction_tokens: 0,
          rejected_prediction_tokens: 0,
        },
        x_cligate: { cost_usd: 0.01 },
      },
    })
  })

  test('joins texts, keeps thoughts apart from them and from each other', () => {
    const content: CollectedAnswer['content'] = [
      { type: 'reasoning', text: 'one', signature: 'secret' },
      { type: 'reasoning', text: '' },
      { type: 'text', text: 'a' },
      { type: 'reasoning', text: 'two' },
      { type: 'text', text: 'b' },
    ]
    expect(message({ content })).toEqual({
      role: 'assistant',
      content: 'ab',
      reasoning_content: 'one\n\ntwo',
      refusal: null,
      annotations: [],
    })
  })

  test('content is null only beside tool calls', () => {
    const call = { type: 'tool-call', id: 'call_1', name: 'look', arguments: '{"at":' } as const
    const tool_calls = [{ id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"at":' } }]
    expect(message({ content: [call], finish: 'tool-calls' })).toMatchObject({ content: null, tool_calls })
    expect(message({ content: [{ type: 'text', text: 'so' }, call] })).toMatchObject({ content: 'so', tool_calls })
    expect(message({ content: [] }).content).toBe('')
    expect(message({ content: [] })).not.toHaveProperty('tool_calls')
  })

  test('a request with functions is answered with a function_call', () => {
    const call = { type: 'tool-call', id: 'call_1', name: 'look', arguments: '{"at":1}' } as const
    const request = read({ functions: [{ name: 'look' }] })
    const [choice] = answeredTo(request, { content: [call], finish: 'tool-calls' }).choices
    expect(choice).toMatchObject({
      finish_reason: 'function_call',
      message: { content: null, function_call: { name: 'look', arguments: '{"at":1}' } },
    })
    expect(choice!.message).not.toHaveProperty('tool_calls')
    expect(answeredTo(request, { finish: 'stop' }).choices[0]).toMatchObject({ finish_reason: 'stop' })
  })

  test('a refusal stands apart where content would be parsed', () => {
    const refused = { content: [{ type: 'text' as const, text: 'I cannot.' }], finish: 'content-filter' as const }
    const request = read({ response_format: { type: 'json_object' } })
    expect(answeredTo(request, refused).choices[0]).toMatchObject({
      finish_reason: 'content_filter',
      message: { content: null, refusal: 'I cannot.' },
    })
    expect(message(refused)).toMatchObject({ content: 'I cannot.', refusal: null })
    expect(answeredTo(request, { ...refused, finish: 'stop' }).choices[0]!.message.refusal).toBeNull()
  })

  test('choices are numbered and their usage is summed', () => {
    const body = answered({ finish: 'length', usage }, { finish: 'content-filter', usage })
    expect(body.choices.map(({ index, finish_reason }) => [index, finish_reason])).toEqual([
      [0, 'length'],
      [1, 'content_filter'],
    ])
    expect(body.usage).toMatchObject({ prompt_tokens: 200, completion_tokens: 40, total_tokens: 240 })
    expect(body.usage).not.toHaveProperty('x_cligate')
  })

  test('usage is left out where nobody told it, and says when it is not whole or not the provider’s', () => {
    expect(answered({})).not.toHaveProperty('usage')
    expect(answered({ usage: { ...usage, estimated: true } }, {}).usage).toMatchObject({
      total_tokens: 120,
      x_cligate: { estimated: true, incomplete: true },
    })
  })

  test('that finished with an error is no answer', () => {
    expect(() => answered({ content: [{ type: 'text', text: 'half' }], finish: 'error' })).toThrow(
      'broke the answer off',
    )
  })
})
