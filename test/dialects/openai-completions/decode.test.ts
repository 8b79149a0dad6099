import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { GatewayError } from '../../../src/core/error.ts'
import { check } from '../../../src/dialects/check.ts'
import { decode } from '../../../src/dialects/openai-completions/decode.ts'
import { CompletionRequest } from '../../../src/dialects/openai-completions/schema.ts'

function read(fields: object = {}) {
  return decode(check(CompletionRequest, { model: 'demo/echo', prompt: 'hi', ...fields }))
}

describe('a completion request', () => {
  test('is what the user says', () => {
    expect(read()).toEqual({
      model: 'demo/echo',
      system: [],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
      tools: [],
      toolChoice: { type: 'auto' },
      parallelToolCalls: true,
      output: { type: 'text' },
      sampling: { stop: [] },
      reasoning: {},
      stream: false,
      includeUsage: false,
      count: 1,
      metadata: {},
      given: {},
      unsupported: [],
    })
  })

  test('has parameters', () => {
    const { sampling, given, user, count } = read({
      max_tokens: 5,
      temperature: 0.5,
      top_p: 0.9,
      seed: 1,
      presence_penalty: 1,
      frequency_penalty: 0,
      stop: ['a', 'a'],
      n: 2,
      user: 'me',
    })
    expect(sampling).toEqual({ maxTokens: 5, temperature: 0.5, topP: 0.9, seed: 1, presencePenalty: 1, stop: ['a'] })
    expect(Object.values(given).toSorted()).toEqual(
      ['max_tokens', 'n', 'presence_penalty', 'seed', 'stop', 'temperature', 'top_p', 'user'].toSorted(),
    )
    expect([user, count]).toEqual(['me', 2])
  })

  test('may have several prompts', () => {
    expect(read({ prompt: ['a', 'b'], n: 3 })).toMatchObject({ count: 6, messages: [{ content: [{ text: 'a' }] }] })
  })

  test('names what nobody can honour', () => {
    const { unsupported } = read({ logprobs: 2, logit_bias: { 5: 1 }, best_of: 3, foo: 1 })
    expect(unsupported.toSorted()).toEqual(['best_of', 'foo', 'logit_bias', 'logprobs'])
    expect(read({ logprobs: null, logit_bias: {}, best_of: 1, suffix: null }).unsupported).toEqual([])
  })

  test.each([
    [{ suffix: 'end' }, 'suffix'],
    [{ prompt: undefined }, 'prompt'],
    [{ prompt: [] }, 'prompt'],
    [{ prompt: [1, 2] }, 'prompt[0]'],
    [{ prompt: [[1]] }, 'prompt[0]'],
    [{ prompt: ['a', 'b', 'c'], n: 3 }, 'n'],
    [{ prompt: Array(9).fill('a') }, 'prompt'],
    [{ n: 9 }, 'n'],
    [{ stream_options: { include_usage: true } }, 'stream_options'],
    [{ max_tokens: 0 }, 'max_tokens'],
    [{ model: '-x' }, 'model'],
  ])('%j is refused', (fields, param) => {
    expect(() => read(fields)).toThrow(GatewayError)
    try {
      read(fields)
    } catch (thrown) {
      expect(thrown).toMatchObject({ status: 400, param })
    }
  })

  test('of any JSON is refused or decoded, never anything else', () => {
    const fields = fc.dictionary(fc.constantFrom(...Object.keys(CompletionRequest.entries), 'x'), fc.jsonValue())
    fc.assert(
      fc.property(fields, (body) => {
        try {
          expect(read(body).count).toBeGreaterThan(0)
        } catch (thrown) {
          expect(thrown).toMatchObject({ name: 'GatewayError', status: 400 })
        }
      }),
    )
  })
})
