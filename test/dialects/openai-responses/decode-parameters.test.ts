import { describe, expect, test } from 'bun:test'
import { context } from '../answers.ts'
import { asked, read } from './support.ts'

const look = {
  type: 'function',
  name: 'look',
  description: 'Looks.',
  parameters: { type: 'object', properties: {} },
  strict: true,
}
const patch = {
  type: 'custom',
  name: 'patch',
  description: 'Patches.',
  format: { type: 'grammar', syntax: 'lark', definition: 'start: "x"' },
}
const agents = {
  type: 'namespace',
  name: 'agents',
  description: 'Agents.',
  tools: [{ type: 'function', name: 'spawn', parameters: null }],
}

const refusalOf = (fields: Record<string, unknown>) => {
  try {
    read(fields)
  } catch (thrown) {
    return thrown
  }
  throw new Error('was not refused')
}

describe('parameters', () => {
  test('all that can be honoured is given under its own name', () => {
    const { sampling, reasoning, user, metadata, stream, given, unsupported } = read({
      temperature: 0.5,
      top_p: 0.9,
      max_output_tokens: 100,
      reasoning: { effort: 'high', summary: 'auto' },
      safety_identifier: 'someone',
      metadata: { a: 'b' },
      stream: true,
      truncation: 'disabled',
      service_tier: 'auto',
      store: true,
      include: ['reasoning.encrypted_content'],
      text: { verbosity: 'medium', format: { type: 'text' } },
      top_logprobs: 0,
    })
    expect(sampling).toEqual({ temperature: 0.5, topP: 0.9, maxTokens: 100, stop: [] })
    expect({ reasoning, user, metadata, stream }).toEqual({
      reasoning: { effort: 'high' },
      user: 'someone',
      metadata: { a: 'b' },
      stream: true,
    })
    expect(given).toEqual({
      temperature: 'temperature',
      topP: 'top_p',
      maxTokens: 'max_output_tokens',
      effort: 'reasoning.effort',
      user: 'safety_identifier',
      metadata: 'metadata',
    })
    expect(unsupported).toEqual([])
  })

  test('nulls and defaults ask for nothing', () => {
    const nothing = [
      'temperature',
      'max_output_tokens',
      'reasoning',
      'user',
      'metadata',
      'tools',
      'tool_choice',
      'text',
      'include',
    ]
    const { given, unsupported } = read({ ...Object.fromEntries(nothing.map((name) => [name, null])), top_p: 1 })
    expect(given).toEqual({})
    expect(unsupported).toEqual([])
  })

  test('what nothing can honour is named', () => {
    const { unsupported } = read({
      top_logprobs: 3,
      service_tier: 'flex',
      truncation: 'auto',
      prompt_cache_key: 'k',
      max_tool_calls: 2,
      client_metadata: { a: 'b' },
      include: ['message.output_text.logprobs', 'web_search_call.results'],
      text: { verbosity: 'low' },
      reasoning: { summary: 'detailed', context: 'current_turn', other: 1 },
      stream: true,
      stream_options: { include_obfuscation: true },
      unheard_of: 1,
    })
    expect(unsupported.toSorted()).toEqual([
      'client_metadata',
      'include[0]',
      'max_tool_calls',
      'prompt_cache_key',
      'reasoning.context',
      'reasoning.other',
      'reasoning.summary',
      'service_tier',
      'stream_options.include_obfuscation',
      'text.verbosity',
      'top_logprobs',
      'truncation',
      'unheard_of',
    ])
  })

  test('formats of the answer', () => {
    const schema = { type: 'object', properties: {} }
    expect(read({ text: { format: { type: 'json_object' } } })).toMatchObject({
      output: { type: 'json' },
      given: { output: 'text.format' },
    })
    const format = { type: 'json_schema', name: 'shape', schema, strict: true, description: 'A shape.' }
    expect(read({ text: { format } }).output).toEqual({
      type: 'json-schema',
      name: 'shape',
      schema: { ...schema, description: 'A shape.' },
      strict: true,
    })
  })

  test.each<[Record<string, unknown>, string]>([
    [{ model: '-rm' }, 'model'],
    [{ temperature: 3 }, 'temperature'],
    [{ max_output_tokens: 0 }, 'max_output_tokens'],
    [{ reasoning: { effort: 'huge' } }, 'reasoning.effort'],
    [{ stream_options: {} }, 'stream_options'],
    [{ background: true, store: false }, 'background'],
    [{ text: { format: { type: 'xml' } } }, 'text.format.type'],
    [{ text: { format: { type: 'json_schema', name: 'a' } } }, 'text.format.schema'],
    [{ metadata: ['a'] }, 'metadata'],
    [{ input: { role: 'user' } }, 'input'],
  ])('%j is refused', (fields, param) => {
    expect(refusalOf(fields)).toMatchObject({ status: 400, param })
  })
})

describe('tools', () => {
  test('functions, custom tools and namespaces are functions to the model', () => {
    const { tools, toolChoice, parallelToolCalls, given, unsupported } = read({ tools: [look, patch, agents] })
    expect(tools).toEqual([
      { name: 'look', description: 'Looks.', parameters: { type: 'object', properties: {} }, strict: true },
      {
        name: 'patch',
        description: 'Patches.',
        parameters: expect.objectContaining({ required: ['input'] }),
        strict: false,
      },
      { name: 'agents__spawn', description: '', parameters: { type: 'object', properties: {} }, strict: false },
    ])
    expect({ toolChoice, parallelToolCalls, given }).toEqual({
      toolChoice: { type: 'auto' },
      parallelToolCalls: true,
      given: { tools: 'tools', strictTools: 'tools[0].strict' },
    })
    expect(unsupported).toEqual(['tools[1].format'])
  })

  test('tools in the input count as well', () => {
    const { tools } = read({
      input: [
        {
          type: 'additional_tools',
          role: 'developer',
          tools: [{ type: 'namespace', name: 'functions', tools: [look] }],
        },
        { role: 'user', content: 'hi' },
      ],
    })
    expect(tools.map(({ name }) => name)).toEqual(['look'])
  })

  test.each([
    [{ type: 'function', name: 'look', zz: 1 }, ['tool_choice.zz']],
    [
      { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'look', b: 1 }], a: 1 },
      ['tool_choice.a', 'tool_choice.tools[0].b'],
    ],
  ])('tool_choice %j: what is not known in it is named', (choice, paths) => {
    expect(read({ tools: [look], tool_choice: choice }).unsupported).toEqual(paths)
  })

  test.each<[unknown, object, string[]]>([
    ['auto', { type: 'auto' }, ['look', 'patch', 'agents__spawn']],
    ['none', { type: 'none' }, ['look', 'patch', 'agents__spawn']],
    ['required', { type: 'required' }, ['look', 'patch', 'agents__spawn']],
    [{ type: 'function', name: 'look' }, { type: 'named', name: 'look' }, ['look', 'patch', 'agents__spawn']],
    [{ type: 'custom', name: 'patch' }, { type: 'named', name: 'patch' }, ['look', 'patch', 'agents__spawn']],
    [{ type: 'allowed_tools', mode: 'auto', tools: [{ type: 'custom', name: 'patch' }] }, { type: 'auto' }, ['patch']],
    [
      { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'look' }] },
      { type: 'required' },
      ['look'],
    ],
  ])('tool_choice %j', (choice, expected, names) => {
    const { toolChoice, tools, given } = read({ tools: [look, patch, agents], tool_choice: choice })
    expect(toolChoice as object).toEqual(expected)
    expect(tools.map(({ name }) => name)).toEqual(names)
    expect(given.toolChoice).toBe(choice === 'auto' ? undefined : 'tool_choice')
  })

  test('one call at a time', () => {
    const { parallelToolCalls, given } = read({ tools: [look], parallel_tool_calls: false })
    expect(parallelToolCalls).toBe(false)
    expect(given.parallelToolCalls).toBe('parallel_tool_calls')
  })

  test('OpenAI’s own tools beside functions are left out, and named', () => {
    const { tools, unsupported } = read({
      tools: [{ type: 'web_search', external_web_access: false }, look, { type: 'tool_search' }],
    })
    expect(tools.map(({ name }) => name)).toEqual(['look'])
    expect(unsupported).toEqual(['tools[0]', 'tools[2]'])
    const { dialect, chat } = asked({ tools: [{ type: 'web_search' }, look] })
    const response = dialect.answer([{ model: 'm', content: [], finish: 'stop' }], chat, context)
    expect(response).toMatchObject({ tools: [look] })
  })

  test.each<[Record<string, unknown>, string, string]>([
    [{ tools: [{ type: 'web_search' }] }, 'unsupported_parameter', 'tools[0]'],
    [{ tools: [{ type: 'magic' }] }, 'invalid_request', 'tools[0].type'],
    [
      { tools: [look, { type: 'file_search' }], tool_choice: { type: 'file_search' } },
      'unsupported_parameter',
      'tool_choice.type',
    ],
    [{ tools: [look, look] }, 'invalid_request', 'tools[1].name'],
    [{ tools: [{ ...look, name: 'a b' }] }, 'invalid_request', 'tools[0].name'],
    [{ tools: [look], tool_choice: { type: 'function', name: 'none' } }, 'invalid_request', 'tool_choice.name'],
    [
      { tools: [look], tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'x' }] } },
      'invalid_request',
      'tool_choice.tools[0].name',
    ],
    [{ tool_choice: 'required' }, 'invalid_request', 'tool_choice'],
    [{ tool_choice: { type: 'function', name: 'x' } }, 'invalid_request', 'tool_choice'],
  ])('%j is refused', (fields, code, param) => {
    expect(refusalOf(fields)).toMatchObject({ status: 400, code, param })
  })
})
