import { describe, expect, test } from 'bun:test'
import * as v from 'valibot'
import { GatewayError } from '../../../src/core/error.ts'
import type { FinishReason } from '../../../src/core/event.ts'
import type { AssistantPart } from '../../../src/core/request.ts'
import { encodeAnswer } from '../../../src/dialects/gemini/answer.ts'
import { encodeError } from '../../../src/dialects/gemini/errors.ts'
import { GeminiError, GeminiResponse } from '../../../src/dialects/gemini/schema-answer.ts'
import { context, usage } from '../answers.ts'

const answer = (content: AssistantPart[], finish: FinishReason = 'stop', includeThoughts = false) => {
  const body = encodeAnswer([{ model: 'm', content, finish, usage }], context, includeThoughts)
  expect(v.is(GeminiResponse, body)).toBe(true)
  return body
}
const partsOf = (content: AssistantPart[], includeThoughts = false) =>
  answer(content, 'stop', includeThoughts).candidates![0]!.content.parts

describe('a whole answer', () => {
  test('has all that SDKs read', () => {
    expect(answer([{ type: 'text', text: 'hi' }])).toEqual({
      candidates: [{ content: { role: 'model', parts: [{ text: 'hi' }] }, finishReason: 'STOP', index: 0 }],
      usageMetadata: {
        promptTokenCount: 100,
        candidatesTokenCount: 15,
        thoughtsTokenCount: 5,
        cachedContentTokenCount: 80,
        totalTokenCount: 120,
      },
      modelVersion: context.model,
      responseId: 'abc123',
    })
  })

  test.each([
    ['length', 'MAX_TOKENS'],
    ['tool-calls', 'STOP'],
    ['content-filter', 'SAFETY'],
  ] as const)('that ended by %s says %s', (finish, reason) => {
    expect(answer([{ type: 'text', text: 'x' }], finish).candidates![0]!.finishReason).toBe(reason)
  })

  test('that was refused before a word has no candidates', () => {
    const body = answer([], 'content-filter')
    expect(body).not.toHaveProperty('candidates')
    expect(body.promptFeedback).toEqual({ blockReason: 'PROHIBITED_CONTENT' })
  })

  test('that broke off is an error', () => {
    expect(() => answer([], 'error')).toThrow('broke the answer off')
  })

  test('without numbers has no usage', () => {
    const body = encodeAnswer([{ model: 'm', content: [], finish: 'stop' }], context, false)
    expect(body).not.toHaveProperty('usageMetadata')
  })

  test('of several candidates adds their usage up', () => {
    const one = { model: 'm', content: [], finish: 'stop' as const, usage: { ...usage, costUsd: 0.5 } }
    const body = encodeAnswer([one, one], context, false)
    expect(body.candidates!.map(({ index }) => index)).toEqual([0, 1])
    expect(body.usageMetadata).toMatchObject({ totalTokenCount: 240, x_cligate: { cost_usd: 1 } })
  })

  test('calls functions with an object', () => {
    expect(
      partsOf([
        { type: 'tool-call', id: 'a', name: 'f', arguments: '{"x":1}' },
        { type: 'tool-call', id: 'b', name: 'g', arguments: '' },
        { type: 'tool-call', id: 'c', name: 'h', arguments: '{"x"' },
      ]),
    ).toEqual([
      { functionCall: { id: 'a', name: 'f', args: { x: 1 } } },
      { functionCall: { id: 'b', name: 'g', args: {} } },
      { functionCall: { id: 'c', name: 'h', args: { INVALID_JSON: '{"x"' } } },
    ])
  })

  test('has thoughts only where they were asked for', () => {
    const content: AssistantPart[] = [
      { type: 'reasoning', text: 'hm' },
      { type: 'text', text: 'x' },
    ]
    expect(partsOf(content)).toEqual([{ text: 'x' }])
    expect(partsOf(content, true)).toEqual([{ text: 'hm', thought: true }, { text: 'x' }])
  })

  test('has their signature at the part behind them, or alone at the end', () => {
    const signed: AssistantPart = { type: 'reasoning', text: '', signature: 'c2ln' }
    expect(partsOf([signed, { type: 'tool-call', id: 'a', name: 'f', arguments: '{}' }, signed])).toEqual([
      { functionCall: { id: 'a', name: 'f', args: {} }, thoughtSignature: 'c2ln' },
      { text: '', thoughtSignature: 'c2ln' },
    ])
  })
})

describe('an error', () => {
  test('says what Google says', () => {
    const error = new GatewayError('model_not_found', 'None.', { param: 'model' })
    const body = encodeError(error)
    expect(v.is(GeminiError, body)).toBe(true)
    expect(body).toEqual({
      error: {
        code: 404,
        message: 'None.',
        status: 'NOT_FOUND',
        details: [
          { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'MODEL_NOT_FOUND', domain: 'cligate' },
          {
            '@type': 'type.googleapis.com/google.rpc.BadRequest',
            fieldViolations: [{ field: 'model', description: 'None.' }],
          },
        ],
      },
    })
  })

  test('says when to come back', () => {
    const { error } = encodeError(new GatewayError('usage_limit_reached', 'Full.', { retryAfter: 6.2 }))
    expect(error).toMatchObject({ code: 429, status: 'RESOURCE_EXHAUSTED' })
    expect(error.details.at(-1)).toEqual({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '7s' })
  })

  test.each([
    ['invalid_request', 'INVALID_ARGUMENT'],
    ['invalid_api_key', 'UNAUTHENTICATED'],
    ['permission_denied', 'PERMISSION_DENIED'],
    ['request_too_large', 'INVALID_ARGUMENT'],
    ['internal_error', 'INTERNAL'],
    ['provider_error', 'UNAVAILABLE'],
    ['overloaded', 'UNAVAILABLE'],
    ['timeout', 'DEADLINE_EXCEEDED'],
  ] as const)('%s is %s', (code, status) => {
    expect(encodeError(new GatewayError(code, '')).error.status).toBe(status)
  })
})
