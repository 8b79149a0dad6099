import { describe, expect, test } from 'bun:test'
import * as v from 'valibot'
import { GatewayError } from '../../src/core/error.ts'
import { explainIssue } from '../../src/dialects/explain-issue.ts'
import { ChatCompletionRequest } from '../../src/dialects/openai-chat/schema.ts'
import { checkBody, question, read } from './openai-chat/support.ts'

/** What a request is refused with. */
function refusal(fields: Record<string, unknown>): GatewayError {
  try {
    read(fields)
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown
    throw thrown
  }
  throw new Error('the request was accepted')
}

const say = (...content: unknown[]) => ({ messages: [{ role: 'user', content }] })
const said = (fields: object, ...more: object[]) => ({
  messages: [{ role: 'assistant', content: 'x', ...fields }, ...more],
})
const toolCall = (id: string) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } })
const times = (count: number, item: unknown) => Array.from({ length: count }, () => item)
const TOOL = { type: 'function', function: { name: 'f' } }
const allowed = (names: string[]) => ({
  type: 'allowed_tools',
  allowed_tools: { mode: 'auto', tools: names.map((name) => ({ type: 'function', function: { name } })) },
})
const call = (fields: object) => said({ tool_calls: [{ id: 'a', type: 'function', ...fields }] })

describe('a request that is wrong', () => {
  const cases: [fields: Record<string, unknown>, param: string, message: string][] = [
    [{ model: 4 }, 'model', 'must be a string, not a number'],
    [{ model: '' }, 'model', 'must be a model name'],
    [{ model: '--dangerous' }, 'model', 'must be a model name'],
    [{ model: 'a b' }, 'model', 'must be a model name'],
    [{ model: 'a\n' }, 'model', 'must be a model name'],
    [{ model: 'a'.repeat(129) }, 'model', 'must be a model name'],
    [{ messages: [] }, 'messages', 'must not be empty'],
    [{ messages: {} }, 'messages', 'must be an array, not an object'],
    [{ messages: 'hi' }, 'messages', 'must be an array, not a string'],
    [{ messages: [...question, 3] }, 'messages[1]', 'must be an object, not a number'],
    [{ messages: [null] }, 'messages[0]', 'must be an object, not null'],
    [{ messages: [{ content: 'x' }] }, 'messages[0].role', 'is required: "system", "developer", "user"'],
    [{ messages: [{ role: 'sistem', content: 'x' }] }, 'messages[0].role', 'not "sistem"'],
    [{ messages: [{ role: 'function', name: 'f', content: 'x' }] }, 'messages[0].name', 'names no function_call'],
    [
      said({ function_call: { name: 'f', arguments: '{}' } }, { role: 'function', name: 'g', content: 'x' }),
      'messages[1].name',
      'names no function_call',
    ],
    [said({ function_call: { name: 'f', arguments: '{}' } }), 'messages[0].function_call', 'needs a function message'],
    [
      said({ function_call: { name: 'f', arguments: '{}' }, tool_calls: [toolCall('a')] }),
      'messages[0].function_call',
      'in the new and in the old form',
    ],
    [said({ function_call: 'f' }), 'messages[0].function_call', 'must be an object'],
    [{ messages: [{ role: 'user' }] }, 'messages[0].content', 'is required'],
    [{ messages: [{ role: 'user', content: null }] }, 'messages[0].content', 'must be a string or an array, not null'],
    [{ messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].tool_call_id', 'is required'],
    [
      { messages: [{ role: 'tool', tool_call_id: 'a', content: 'x' }] },
      'messages[0].tool_call_id',
      'names no tool call of an earlier assistant message',
    ],
    [
      said({ tool_calls: [toolCall('a'), toolCall('b')] }, { role: 'tool', tool_call_id: 'b', content: 'x' }),
      'messages[0].tool_calls',
      'needs a tool message with its result',
    ],
    [
      { messages: [...question, ...said({ tool_calls: [toolCall('a')] }).messages, ...question] },
      'messages[1].tool_calls',
      'needs a tool message with its result',
    ],
    [
      said({ tool_calls: [toolCall('a')] }, { role: 'system', content: 'x' }, { role: 'tool', tool_call_id: 'a' }),
      'messages[2].content',
      'is required',
    ],
    [
      said(
        { tool_calls: [toolCall('a')] },
        { role: 'system', content: 'x' },
        { role: 'tool', tool_call_id: 'a', content: 'x' },
      ),
      'messages[0].tool_calls',
      'needs a tool message with its result',
    ],
    [{ messages: times(10_001, question[0]) }, 'messages', 'must have at most 10000 entries'],
    [say(...times(1001, { type: 'text', text: '' })), 'messages[0].content', 'must have at most 1000 entries'],
    [
      said({ content: times(1001, { type: 'text', text: '' }) }),
      'messages[0].content',
      'must have at most 1000 entries',
    ],
    [
      { messages: [{ role: 'system', content: times(1001, { type: 'text', text: '' }) }] },
      'messages[0].content',
      'must have at most 1000 entries',
    ],
    [{ tools: times(1025, TOOL) }, 'tools', 'must have at most 1024 entries'],
    [said({ tool_calls: times(1025, toolCall('a')) }), 'messages[0].tool_calls', 'must have at most 1024 entries'],
    [say({ type: 'text', text: 'x' }, { type: 'video' }), 'messages[0].content[1].type', 'not "video"'],
    [say({ type: 'text' }), 'messages[0].content[0].text', 'is required'],
    [say({ type: 'text', text: 7 }), 'messages[0].content[0].text', 'must be a string, not a number'],
    [say('text'), 'messages[0].content[0]', 'must be an object, not a string'],
    [say({ type: 'image_url', image_url: 'x' }), 'messages[0].content[0].image_url', 'must be an object'],
    [say({ type: 'image_url', image_url: {} }), 'messages[0].content[0].image_url.url', 'is required'],
    [
      say({ type: 'image_url', image_url: { url: 'file:///etc/passwd' } }),
      'messages[0].content[0].image_url.url',
      'data: URL or an http(s) address',
    ],
    [
      say({ type: 'image_url', image_url: { url: 'data:image/png,abc' } }),
      'messages[0].content[0].image_url.url',
      'is not a base64 data URL',
    ],
    [
      say({ type: 'image_url', image_url: { url: 'data:image/png;base64,' } }),
      'messages[0].content[0].image_url.url',
      'is not a base64 data URL',
    ],
    [say({ type: 'file', file: { filename: 'a' } }), 'messages[0].content[0].file.file_data', 'is required'],
    [say({ type: 'file', file: { file_data: 'file:///x' } }), 'messages[0].content[0].file.file_data', 'data: URL'],
    [
      { messages: [{ role: 'system', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] },
      'messages[0].content[0].type',
      'must be "text", not "image_url"',
    ],
    [said({ content: [{ type: 'image_url' }] }), 'messages[0].content[0].type', 'must be "text" or "refusal"'],
    [call({ id: '' }), 'messages[0].tool_calls[0].id', 'must not be empty'],
    [call({ id: 'a\n' }), 'messages[0].tool_calls[0].id', 'must not hold control characters'],
    [call({ id: '\u009b31m' }), 'messages[0].tool_calls[0].id', 'must not hold control characters'],
    [call({ id: 'a'.repeat(257) }), 'messages[0].tool_calls[0].id', 'must have at most 256 characters'],
    ...['', 'a\n', '\u009b', 'a'.repeat(129)].map((name): [Record<string, unknown>, string, string] => [
      call({ function: { name, arguments: '{}' } }),
      'messages[0].tool_calls[0].function.name',
      'must be 1 to 128 characters',
    ]),
    [call({ type: 'custom' }), 'messages[0].tool_calls[0].type', 'must be "function", not "custom"'],
    [
      call({ function: { name: 'f', arguments: {} } }),
      'messages[0].tool_calls[0].function.arguments',
      'must be a string',
    ],
    [{ temperature: 2.1 }, 'temperature', 'must be at most 2'],
    [{ temperature: -1 }, 'temperature', 'must be at least 0'],
    [{ temperature: 'hot' }, 'temperature', 'must be a number, not a string'],
    [{ top_p: 1.1 }, 'top_p', 'must be at most 1'],
    [{ max_tokens: 0 }, 'max_tokens', 'must be at least 1'],
    [{ max_completion_tokens: 1.5 }, 'max_completion_tokens', 'must be a whole number'],
    [{ max_tokens: 1, max_completion_tokens: 2 }, 'max_tokens', 'differ'],
    [{ max_tokens: 1e308 }, 'max_tokens', 'must be a whole number between'],
    [{ max_completion_tokens: 2 ** 53 }, 'max_completion_tokens', 'must be a whole number between'],
    [{ seed: -1e308 }, 'seed', 'must be a whole number between'],
    [{ top_k: 1e21 }, 'top_k', 'must be a whole number between'],
    [{ metadata: [] }, 'metadata', 'must be an object, not an array'],
    [{ metadata: ['a'] }, 'metadata', 'must be an object, not an array'],
    [{ logit_bias: [] }, 'logit_bias', 'must be an object, not an array'],
    [{ stream: true, stream_options: [] }, 'stream_options', 'must be an object, not an array'],
    [{ metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [i, ''])) }, 'metadata', 'at most 16 entries'],
    [{ metadata: { a: 'x'.repeat(513) } }, 'metadata.a', 'must have at most 512 characters'],
    [{ n: 0 }, 'n', 'must be at least 1'],
    [{ n: 9 }, 'n', 'must be at most 8 here: each answer is a turn of its own'],
    [{ stop: '' }, 'stop', 'must not be empty'],
    [{ stop: ['a', ''] }, 'stop[1]', 'must not be empty'],
    [{ stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop', 'must have at most 4 entries'],
    [{ stop: 7 }, 'stop', 'must be a string or an array, not a number'],
    [{ stop: [7] }, 'stop[0]', 'must be a string, not a number'],
    [{ presence_penalty: 3 }, 'presence_penalty', 'must be at most 2'],
    [{ reasoning_effort: 'huge' }, 'reasoning_effort', 'not "huge"'],
    [{ metadata: { a: 1 } }, 'metadata.a', 'must be a string, not a number'],
    [{ metadata: { ['k'.repeat(65)]: '' } }, `metadata["${'k'.repeat(64)}..."]`, 'must have at most 64 characters'],
    [{ stream: 'yes' }, 'stream', 'must be a boolean, not a string'],
    [{ stream_options: { include_usage: true } }, 'stream_options', 'only allowed together with stream: true'],
    [{ stream: true, stream_options: { include_usage: 1 } }, 'stream_options.include_usage', 'must be a boolean'],
    [{ tool_choice: 'maybe' }, 'tool_choice', 'must be "none", "auto", "required" or an object, not "maybe"'],
    [{ tool_choice: { type: 'function' } }, 'tool_choice.function', 'is required'],
    [{ tool_choice: 'required' }, 'tool_choice', 'needs tools to choose from'],
    [{ tool_choice: { type: 'function', function: { name: 'f' } } }, 'tool_choice', 'needs tools to choose from'],
    [
      { tools: [TOOL], tool_choice: { type: 'function', function: { name: 'g' } } },
      'tool_choice.function.name',
      'none',
    ],
    [{ tools: [TOOL], tool_choice: allowed([]) }, 'tool_choice.allowed_tools.tools', 'must not be empty'],
    [{ tools: [TOOL], tool_choice: allowed(['f', 'g']) }, 'tool_choice.allowed_tools.tools[1]', 'is none of the tools'],
    [{ tools: [TOOL, { ...TOOL }] }, 'tools[1].function.name', 'is the name of another function'],
    [
      { tools: [{ type: 'function', function: { name: 'a\n' } }] },
      'tools[0].function.name',
      'must be 1 to 128 characters',
    ],
    [{ tools: [{ type: 'function' }] }, 'tools[0].function', 'is required'],
    [{ tools: [{ type: 'web_search' }] }, 'tools[0].type', 'must be "function" or "custom", not "web_search"'],
    ...[{ type: 'string' }, { type: ['object', 'null'] }, { type: null }].map(
      (parameters): [Record<string, unknown>, string, string] => [
        { tools: [{ type: 'function', function: { name: 'f', parameters } }] },
        'tools[0].function.parameters',
        'must be a JSON Schema of type "object"',
      ],
    ),
    [
      { tools: [{ type: 'function', function: { name: 'f', parameters: [] } }] },
      'tools[0].function.parameters',
      'array',
    ],
    [{ functions: [{ name: 'f' }, { name: 'f' }] }, 'functions[1].name', 'is the name of another function'],
    [{ functions: [{ name: 'f' }], tools: [TOOL] }, 'functions', 'send one of them'],
    [{ functions: [{ name: 'f' }], function_call: { name: 'g' } }, 'function_call.name', 'none of the functions'],
    [{ functions: [{ name: 'f' }], function_call: 'required' }, 'function_call', 'must be "none", "auto" or an object'],
    [{ functions: [{ name: 'f' }], tool_choice: 'required' }, 'tool_choice', 'goes with tools'],
    [{ function_call: { name: 'f' } }, 'function_call', 'needs functions to choose from'],
    [
      { response_format: { type: 'json_schema', json_schema: { name: 'a' } } },
      'response_format.json_schema.schema',
      'is required: a JSON Schema',
    ],
    [
      { response_format: { type: 'json_schema', json_schema: { name: 'a b', schema: {} } } },
      'response_format.json_schema.name',
      'must be 1 to 64 letters',
    ],
    [{ response_format: { type: 'yaml' } }, 'response_format.type', 'not "yaml"'],
  ]
  test.each(cases)('%#: %j -> %s', (fields, param, message) => {
    const error = refusal(fields)
    expect(error).toMatchObject({ code: 'invalid_request', status: 400, param })
    expect(error.message).toContain(message)
    expect(error.message).toEndWith('.')
  })

  test.each([[null], [3], ['x'], [true]])('a body that is %j', (body) => {
    expect(() => checkBody(body)).toThrow('The request body must be an object, not')
  })

  test('a body without model or messages', () => {
    expect(() => checkBody({ messages: question })).toThrow('model is required.')
    expect(() => checkBody({ model: 'm' })).toThrow('messages is required.')
  })

  const unsupported: [fields: Record<string, unknown>, param: string][] = [
    [{ tools: [{ type: 'custom', custom: { name: 'f' } }] }, 'tools[0].type'],
    [{ tools: [TOOL], tool_choice: { type: 'custom', custom: { name: 'f' } } }, 'tool_choice.type'],
    [{ modalities: ['text', 'audio'] }, 'modalities'],
    [say({ type: 'input_audio', input_audio: { data: '', format: 'wav' } }), 'messages[0].content[0].input_audio'],
    [say({ type: 'file', file: { file_id: 'file-1' } }), 'messages[0].content[0].file.file_id'],
    [said({ audio: { id: 'a' } }), 'messages[0].audio'],
  ]
  test.each(unsupported)('%#: %j is refused as unsupported', (fields, param) => {
    expect(refusal(fields)).toMatchObject({ code: 'unsupported_parameter', status: 400, param })
  })
})

describe('what an error tells', () => {
  const secret = 'the launch code is 0000, tell nobody about it'
  const leaks: Record<string, unknown>[] = [
    { messages: secret },
    { messages: [secret] },
    { messages: [{ role: secret }] },
    { messages: [{ role: 'user', content: [secret] }] },
    { messages: [{ role: 'user', content: { text: secret } }] },
    say({ type: secret }),
    say({ type: 'image_url', image_url: secret }),
    say({ type: 'image_url', image_url: { url: secret } }),
    say({ type: 'image_url', image_url: { url: `data:${secret}` } }),
    { model: secret },
    { temperature: secret },
    { stop: { secret } },
    { reasoning_effort: secret },
    { metadata: { a: { secret } } },
  ]
  test.each(leaks)('%#: never a word of the prompt', (fields) => {
    const { message, param, cause } = refusal(fields)
    expect(`${message}${param}${String(cause)}`).not.toContain('launch')
  })

  test('a short text where an object was expected is not repeated either', () => {
    expect(refusal(say('top secret')).message).not.toContain('secret')
  })

  test('issues of a validation that went on to the end are read the same way', () => {
    const body = {
      model: 'm',
      messages: [{ role: 'user', content: [{ type: 'text', text: 1 }, { type: 'x' }] }],
      n: 99,
    }
    const { issues } = v.safeParse(ChatCompletionRequest, body)
    expect(explainIssue(issues![0]).param).toBe('messages[0].content[0].text')
    expect(explainIssue(issues![1]!)).toMatchObject({ param: 'n' })
  })
})

test('keys that pollute prototypes are harmless', () => {
  const body: unknown = JSON.parse(
    '{"model":"m","__proto__":{"evil":1},"constructor":{"prototype":{"evil":1}},"metadata":{"__proto__":"x","a":"b"},' +
      '"messages":[{"role":"user","content":"x","__proto__":{"evil":1},"constructor":1}]}',
  )
  const request = read(body as Record<string, unknown>)
  expect(Object.hasOwn(Object.prototype, 'evil')).toBeFalse()
  expect('evil' in request.messages[0]!).toBeFalse()
  expect(request.metadata).toEqual({ a: 'b' })
})
