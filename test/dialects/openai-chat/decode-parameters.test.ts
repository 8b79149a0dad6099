import { describe, expect, test } from 'bun:test'
import { read } from './support.ts'

describe('parameters', () => {
  test('reach the neutral request, each with its name on the wire', () => {
    const request = read({
      temperature: 0,
      top_p: 0.5,
      top_k: 40,
      max_completion_tokens: 100,
      stop: ['END', 'STOP', 'END'],
      n: 3,
      seed: -7,
      frequency_penalty: -2,
      presence_penalty: 2,
      reasoning_effort: 'xhigh',
      user: 'ada',
      metadata: { run: '7' },
      stream: true,
      stream_options: { include_usage: true },
    })
    expect(request).toMatchObject({
      model: 'demo/text',
      sampling: {
        temperature: 0,
        topP: 0.5,
        topK: 40,
        maxTokens: 100,
        stop: ['END', 'STOP'],
        seed: -7,
        frequencyPenalty: -2,
        presencePenalty: 2,
      },
      reasoning: { effort: 'xhigh' },
      count: 3,
      user: 'ada',
      metadata: { run: '7' },
      stream: true,
      includeUsage: true,
      unsupported: [],
    })
    expect(request.given).toEqual({
      temperature: 'temperature',
      topP: 'top_p',
      topK: 'top_k',
      maxTokens: 'max_completion_tokens',
      stop: 'stop',
      count: 'n',
      seed: 'seed',
      frequencyPenalty: 'frequency_penalty',
      presencePenalty: 'presence_penalty',
      effort: 'reasoning_effort',
      user: 'user',
      metadata: 'metadata',
    })
  })

  test('of two names for a person one is read, and the other is named', () => {
    expect(read({ user: 'a', safety_identifier: 'b' })).toMatchObject({ user: 'a', unsupported: ['safety_identifier'] })
    expect(read({ user: 'a', safety_identifier: 'a' })).toMatchObject({ user: 'a', unsupported: [] })
    expect(read({ safety_identifier: 'b' })).toMatchObject({ user: 'b', unsupported: [] })
  })

  test('values that ask for nothing are not given and not reported', () => {
    const plain = read()
    const same = read({
      temperature: null,
      top_p: 1,
      n: 1,
      stop: null,
      max_tokens: null,
      frequency_penalty: 0,
      presence_penalty: 0,
      metadata: {},
      user: '',
      tools: [],
      functions: [],
      tool_choice: 'auto',
      function_call: 'none',
      response_format: { type: 'text' },
      stream: false,
      stream_options: null,
      logit_bias: {},
      logprobs: false,
      top_logprobs: 0,
      store: false,
      service_tier: 'auto',
      verbosity: 'medium',
      modalities: ['text'],
      audio: null,
      prediction: null,
      web_search_options: null,
      reasoning_effort: null,
    })
    expect(same).toEqual(plain)
    expect(same.given).toEqual({})
    expect(same.includeUsage).toBeUndefined()
  })

  test('a stop text alone is a list of one', () => {
    expect(read({ stop: '\n' }).sampling.stop).toEqual(['\n'])
  })

  test('max_tokens is read where it stands alone or agrees', () => {
    expect(read({ max_tokens: 5 })).toMatchObject({ sampling: { maxTokens: 5 }, given: { maxTokens: 'max_tokens' } })
    expect(read({ max_tokens: 5, max_completion_tokens: 5 }).given.maxTokens).toBe('max_completion_tokens')
  })

  test('safety_identifier stands in for a missing user', () => {
    expect(read({ safety_identifier: 'x' })).toMatchObject({ user: 'x', given: { user: 'safety_identifier' } })
    expect(read({ safety_identifier: 'x', user: 'y' })).toMatchObject({ user: 'y', given: { user: 'user' } })
  })
})

describe('fields that nobody honours', () => {
  test('known ones are named when they ask for something', () => {
    const fields = {
      logit_bias: { 50256: -100 },
      logprobs: true,
      top_logprobs: 2,
      store: true,
      service_tier: 'flex',
      verbosity: 'low',
      prediction: { type: 'content', content: 'x' },
      audio: { voice: 'alloy', format: 'mp3' },
      web_search_options: {},
      moderation: { model: 'm' },
      prompt_cache_key: 'k',
      prompt_cache_options: { mode: 'explicit' },
      prompt_cache_retention: '24h',
    }
    expect(read(fields).unsupported).toEqual(Object.keys(fields))
    expect(read({ stream: true, stream_options: { foo: 1, bar: null } }).unsupported).toEqual(['stream_options.foo'])
    expect(read({ response_format: { type: 'text', foo: 1 } }).unsupported).toEqual(['response_format.foo'])
    expect(read({ stream: true, stream_options: { include_obfuscation: true } }).unsupported).toEqual([
      'stream_options.include_obfuscation',
    ])
  })

  test('unknown ones are named by their path, wherever they stand', () => {
    const { unsupported } = read({
      extra_field: 0,
      messages: [
        { role: 'system', content: 'x', cache_control: { type: 'ephemeral' } },
        {
          role: 'user',
          name: 'ada',
          content: [
            { type: 'text', text: 'x', cache_control: {} },
            {
              type: 'image_url',
              image_url: { url: 'https://x', detail: 'high', size: 1 },
              prompt_cache_breakpoint: {},
            },
            { type: 'file', file: { file_data: 'JVBERi0=', pages: 1 } },
          ],
        },
        {
          role: 'assistant',
          content: [{ type: 'text', text: 'x', citations: [1] }],
          tool_calls: [{ id: 'a', index: 0, function: { name: 'f', arguments: '', parsed: {} } }],
        },
        { role: 'tool', tool_call_id: 'a', content: 'x', is_error: true },
      ],
    })
    expect(unsupported).toEqual([
      'extra_field',
      'messages[0].cache_control',
      'messages[1].name',
      'messages[1].content[0].cache_control',
      'messages[1].content[1].prompt_cache_breakpoint',
      'messages[1].content[1].image_url.size',
      'messages[1].content[1].image_url.detail',
      'messages[1].content[2].file.pages',
      'messages[2].content[0].citations',
      'messages[2].tool_calls[0].index',
      'messages[2].tool_calls[0].function.parsed',
      'messages[3].is_error',
    ])
  })

  test('a path can stand in a header as it is, whatever the key was', () => {
    const { unsupported } = read({ 'a b\r\nx-evil: 1': 1, 漢: 1, ['k'.repeat(5000)]: 1, '': 1 })
    for (const path of unsupported) expect(path).toMatch(/^[\x20-\x7e]{1,80}$/)
    expect(unsupported).toContain('["a b\\r\\nx-evil: 1"]')
    expect(unsupported).toContain('["\\u6f22"]')
  })

  test('a flood of them does not become a flood of paths', () => {
    const fields = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`field_${index}`, 1]))
    const { unsupported } = read(fields)
    expect(unsupported).toHaveLength(101)
    expect(unsupported.at(-1)).toBe('...')
  })
})
