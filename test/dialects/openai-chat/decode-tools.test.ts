import { describe, expect, test } from 'bun:test'
import { conversation, read } from './support.ts'

const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
const tool = (name: string, fields: object = {}) => ({ type: 'function', function: { name, ...fields } })
const text = (text: string) => ({ type: 'text' as const, text })
const user = { role: 'user', content: 'hi' }

describe('tools', () => {
  test('reach the neutral request in their order, as they were described', () => {
    const request = read({
      tools: [tool('weather', { description: 'Tells it.', parameters, strict: true }), tool('time')],
    })
    expect(request.tools).toEqual([
      { name: 'weather', description: 'Tells it.', parameters, strict: true },
      { name: 'time', description: '', parameters: { type: 'object', properties: {} }, strict: false },
    ])
    expect(request).toMatchObject({ toolChoice: { type: 'auto' }, parallelToolCalls: true, unsupported: [] })
    expect(request.given).toEqual({ tools: 'tools', strictTools: 'tools[0].function.strict' })
  })

  test('a schema that does not say it is one of an object is taken for one', () => {
    const [one, two, three] = read({
      tools: [
        tool('a', { parameters: { properties: {} } }),
        tool('b', { parameters: {} }),
        tool('c', { parameters: null }),
      ],
    }).tools
    expect(one!.parameters).toEqual({ type: 'object', properties: {} })
    expect(two!.parameters).toEqual({ type: 'object', properties: {} })
    expect(three!.parameters).toEqual({ type: 'object', properties: {} })
  })

  test('names that OpenAI would refuse are taken: CLIs are told others', () => {
    const names = ['mcp.server/tool', 'über', 'a'.repeat(128), '__proto__', 'constructor', '-']
    expect(read({ tools: names.map((name) => tool(name)) }).tools.map(({ name }) => name)).toEqual(names)
  })

  test('fields of a tool that nobody knows are named', () => {
    const tools = [{ ...tool('a', { cache: 1, parameters }), cache_control: {} }]
    expect(read({ tools }).unsupported).toEqual(['tools[0].cache_control', 'tools[0].function.cache'])
  })
})

describe('tool choice', () => {
  const tools = [tool('a'), tool('b'), tool('c')]
  const chosen = (tool_choice: unknown) => read({ tools, tool_choice })
  const named = { name: tools[0]!.function.name }

  test.each([
    [{ type: 'function', function: named, zz: 1 }, ['tool_choice.zz']],
    [{ type: 'function', function: { ...named, zz: 1 } }, ['tool_choice.function.zz']],
    [
      {
        type: 'allowed_tools',
        allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { ...named, c: 1 }, d: 1 }], b: 1 },
        a: 1,
      },
      [
        'tool_choice.a',
        'tool_choice.allowed_tools.b',
        'tool_choice.allowed_tools.tools[0].d',
        'tool_choice.allowed_tools.tools[0].function.c',
      ],
    ],
  ])('%j: what is not known in it is named', (choice, paths) => {
    expect(chosen(choice).unsupported).toEqual(paths)
  })

  test('what is not known in the old form of it is named', () => {
    const request = read({ functions: [{ name: 'weather' }], function_call: { name: 'weather', zz: 1 } })
    expect(request.unsupported).toEqual(['function_call.zz'])
  })

  test.each([
    ['required', { type: 'required' }],
    ['none', { type: 'none' }],
    [
      { type: 'function', function: { name: 'b' } },
      { type: 'named', name: 'b' },
    ],
  ] as const)('%j', (choice, toolChoice) => {
    const request = chosen(choice)
    expect(request.toolChoice).toEqual(toolChoice)
    expect(request.tools).toHaveLength(3)
    expect(request.given).toEqual({ tools: 'tools', toolChoice: 'tool_choice' })
  })

  test('auto asks for nothing', () => {
    expect(chosen('auto')).toEqual(read({ tools }))
    expect(chosen(null)).toEqual(read({ tools }))
  })

  test('allowed tools are the only ones that are offered', () => {
    const allowed = (mode: string) => ({
      type: 'allowed_tools',
      allowed_tools: { mode, tools: [tool('c'), tool('a')] },
    })
    expect(chosen(allowed('auto')).tools.map(({ name }) => name)).toEqual(['a', 'c'])
    expect(chosen(allowed('auto'))).toMatchObject({ toolChoice: { type: 'auto' }, given: { tools: 'tools' } })
    expect(chosen(allowed('auto')).given).not.toHaveProperty('toolChoice')
    expect(chosen(allowed('required')).toolChoice).toEqual({ type: 'required' })
  })

  test('parallel calls are given only where they are refused, and tools are there', () => {
    const one = read({ tools, parallel_tool_calls: false })
    expect(one).toMatchObject({ parallelToolCalls: false, given: { parallelToolCalls: 'parallel_tool_calls' } })
    expect(read({ tools, parallel_tool_calls: true })).toEqual(read({ tools }))
    expect(read({ parallel_tool_calls: false })).toEqual(read())
  })
})

describe('the old form', () => {
  const functions = [{ name: 'weather', description: 'Tells it.', parameters }, { name: 'time' }]

  test('functions are tools, of which a message calls one', () => {
    const request = read({ functions })
    expect(request.tools).toEqual(
      read({ tools: functions.map((item) => ({ type: 'function', function: item })) }).tools,
    )
    expect(request).toMatchObject({ parallelToolCalls: false, toolChoice: { type: 'auto' } })
    expect(request.given).toEqual({ tools: 'functions' })
  })

  test('function_call is the choice', () => {
    expect(read({ functions, function_call: { name: 'time' } })).toMatchObject({
      toolChoice: { type: 'named', name: 'time' },
      given: { toolChoice: 'function_call' },
    })
    expect(read({ functions, function_call: 'none' }).toolChoice).toEqual({ type: 'none' })
    expect(read({ functions, function_call: 'auto' })).toEqual(read({ functions }))
  })

  test('calls and results of a conversation find each other, with ids that stay the same', () => {
    const call = { role: 'assistant', content: null, function_call: { name: 'weather', arguments: '{"city":"Oslo"}' } }
    const turn = [call, { role: 'function', name: 'weather', content: 'rain' }]
    const { messages, unsupported } = conversation(user, ...turn, user, ...turn)
    expect(messages.slice(1, 3)).toEqual([
      {
        role: 'assistant',
        content: [{ type: 'tool-call', id: 'call_messages_1', name: 'weather', arguments: '{"city":"Oslo"}' }],
      },
      {
        role: 'tool',
        content: [{ type: 'tool-result', id: 'call_messages_1', content: [text('rain')], isError: false }],
      },
    ])
    expect(messages.slice(4)).toMatchObject([
      { content: [{ id: 'call_messages_4' }] },
      { content: [{ id: 'call_messages_4' }] },
    ])
    expect(conversation(user, ...turn).messages.slice(1)).toEqual(messages.slice(1, 3))
    expect(unsupported).toEqual([])
  })
})

test('images and documents in a result reach the model, each with its path', () => {
  const { messages } = conversation(
    user,
    { role: 'assistant', tool_calls: [{ id: 'a', ...tool('look', { arguments: '{}' }) }] },
    {
      role: 'tool',
      tool_call_id: 'a',
      name: 'look',
      content: [
        text('seen'),
        { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0K' } },
        { type: 'file', file: { file_data: 'JVBERi0=' } },
      ],
    },
  )
  expect(messages[2]!.content).toEqual([
    {
      type: 'tool-result',
      id: 'a',
      isError: false,
      content: [
        text('seen'),
        {
          type: 'image',
          source: { kind: 'data', mediaType: 'image/png', data: 'iVBORw0K' },
          path: 'messages[2].content[1].image_url.url',
        },
        {
          type: 'document',
          source: { kind: 'data', mediaType: '', data: 'JVBERi0=' },
          path: 'messages[2].content[2].file.file_data',
        },
      ],
    },
  ])
})

describe('response format', () => {
  const schema = { type: 'object', properties: { a: { type: 'number' } } }
  const format = (fields: object) =>
    read({ response_format: { type: 'json_schema', json_schema: { name: 'n', ...fields } } })

  test('json_object and json_schema', () => {
    expect(read({ response_format: { type: 'json_object' } })).toMatchObject({
      output: { type: 'json' },
      given: { output: 'response_format' },
    })
    const { output, given } = format({ schema, strict: true })
    expect(output).toEqual({ type: 'json-schema', name: 'n', schema, strict: true })
    expect(given).toEqual({ output: 'response_format' })
    expect(format({ schema }).output).toMatchObject({ strict: false })
  })

  test('its description stands in the schema, if that has none', () => {
    expect(format({ schema, description: 'A number.' }).output).toMatchObject({
      schema: { ...schema, description: 'A number.' },
    })
    const described = { ...schema, description: 'Mine.' }
    expect(format({ schema: described, description: 'A number.' }).output).toMatchObject({ schema: described })
  })

  test('fields that nobody knows are named', () => {
    expect(format({ schema, foo: 1 }).unsupported).toEqual(['response_format.json_schema.foo'])
    expect(read({ response_format: { type: 'json_object', schema: {} } }).unsupported).toEqual([
      'response_format.schema',
    ])
  })
})
