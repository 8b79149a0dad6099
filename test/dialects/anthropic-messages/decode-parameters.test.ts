import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../../src/core/error.ts'
import { read } from './support.ts'

function refusal(fields: Record<string, unknown>): GatewayError {
  try {
    read(fields)
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown
    throw thrown
  }
  throw new Error('was not refused')
}

describe('parameters', () => {
  test('the least request', () => {
    expect(read()).toEqual({
      model: 'demo/text',
      system: [],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hello' }] }],
      tools: [],
      toolChoice: { type: 'auto' },
      parallelToolCalls: true,
      output: { type: 'text' },
      sampling: { stop: [], maxTokens: 2000 },
      reasoning: {},
      stream: false,
      count: 1,
      metadata: {},
      given: { maxTokens: 'max_tokens' },
      unsupported: [],
    })
  })

  test('all of sampling, by its names on the wire', () => {
    const { sampling, given, stream } = read({
      stream: true,
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      stop_sequences: ['a', 'b', 'a'],
    })
    expect(stream).toBe(true)
    expect(sampling).toEqual({ temperature: 0.5, topP: 0.9, topK: 40, maxTokens: 2000, stop: ['a', 'b'] })
    expect(given).toEqual({
      temperature: 'temperature',
      topP: 'top_p',
      topK: 'top_k',
      maxTokens: 'max_tokens',
      stop: 'stop_sequences',
    })
  })

  test('the defaults of the API ask for nothing', () => {
    const defaults = {
      temperature: 1,
      top_p: 1,
      top_k: null,
      stop_sequences: [],
      metadata: {},
      service_tier: 'auto',
      speed: 'standard',
      output_config: {},
      tool_choice: { type: 'auto' },
      tools: [],
      mcp_servers: [],
      thread: null,
      context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
      thinking: { type: 'adaptive', display: 'summarized' },
    }
    expect(read(defaults)).toEqual(read())
  })

  test('the person behind a request', () => {
    expect(read({ metadata: { user_id: 'u1', x: 1 } })).toMatchObject({
      user: 'u1',
      given: { user: 'metadata.user_id' },
      unsupported: ['metadata.x'],
    })
  })

  test.each([
    ['service_tier', 'priority'],
    ['speed', 'fast'],
    ['context_management', { edits: [{ type: 'clear_tool_uses_20250919' }] }],
    ['context_management', { edits: [{ type: 'clear_thinking_20251015' }] }],
    ['container', 'c'],
    ['diagnostics', { previous_message_id: null }],
    ['inference_geo', 'eu'],
    ['fallbacks', [{}]],
    ['compaction', {}],
    ['billing_policy', {}],
    ['fallback_credit_token', 't'],
  ])('%s is named as not honoured', (field, value) => {
    expect(read({ [field]: value }).unsupported).toEqual([field])
  })

  test.each([
    [{ max_tokens: undefined }, 'max_tokens', 'required'],
    [{ max_tokens: 0 }, 'max_tokens', 'at least 1'],
    [{ max_tokens: 1.5 }, 'max_tokens', 'whole number'],
    [{ temperature: 1.1 }, 'temperature', 'at most 1'],
    [{ top_k: 0 }, 'top_k', 'at least 1'],
    [{ stop_sequences: [''] }, 'stop_sequences[0]', 'must not be empty'],
    [{ model: '--help' }, 'model', 'model name'],
    [{ messages: [] }, 'messages', 'must not be empty'],
    [{ messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].role', '"tool"'],
    [{ system: [{ type: 'image' }] }, 'system[0].type', '"text"'],
    [{ thinking: { type: 'enabled', budget_tokens: 100 } }, 'thinking.budget_tokens', 'at least 1024'],
    [{ thinking: { type: 'enabled', budget_tokens: 2000 } }, 'thinking.budget_tokens', 'less than max_tokens'],
    [{ output_config: { effort: 'huge' } }, 'output_config.effort', '"huge"'],
  ])('%j is refused', (fields, param, words) => {
    const error = refusal(fields)
    expect(error).toMatchObject({ code: 'invalid_request', param })
    expect(error.message).toContain(words)
  })

  test.each([
    [{ thread: { type: 'create' } }, 'thread'],
    [{ mcp_servers: [{ type: 'url', url: 'https://x.example' }] }, 'mcp_servers'],
  ])('%j cannot be done without', (fields, param) => {
    expect(refusal(fields)).toMatchObject({ code: 'unsupported_parameter', status: 400, param })
  })
})

describe('thinking', () => {
  test.each([
    [{ thinking: { type: 'disabled' } }, { effort: 'none' }, 'thinking', []],
    [{ thinking: { type: 'enabled', budget_tokens: 1024 } }, { budgetTokens: 1024 }, 'thinking', []],
    [{ thinking: { type: 'adaptive' } }, {}, undefined, []],
    [{ thinking: { type: 'adaptive', display: 'omitted' } }, {}, undefined, ['thinking.display']],
    [{ thinking: { type: 'between_tools' } }, {}, undefined, ['thinking.type']],
    [{ output_config: { effort: 'low' } }, { effort: 'low' }, 'output_config.effort', []],
    [
      { thinking: { type: 'adaptive' }, output_config: { effort: 'max' } },
      { effort: 'max' },
      'output_config.effort',
      [],
    ],
    [
      { thinking: { type: 'enabled', budget_tokens: 1500, x: 1 }, output_config: { effort: 'low' } },
      { effort: 'low', budgetTokens: 1500 },
      'output_config.effort',
      ['thinking.x'],
    ],
    [
      { thinking: { type: 'disabled' }, output_config: { effort: 'low' } },
      { effort: 'none' },
      'thinking',
      ['output_config.effort'],
    ],
  ])('%j', (fields, reasoning, given, unsupported) => {
    const request = read(fields)
    expect(request.reasoning as object).toEqual(reasoning)
    expect(request.given.effort).toBe(given)
    expect(request.unsupported).toEqual(unsupported)
  })
})

describe('the form of the answer', () => {
  const format = { type: 'json_schema', schema: { type: 'object' } }
  const output = { type: 'json-schema', name: 'answer', schema: { type: 'object' }, strict: true }

  test('a schema, by its new and its old name', () => {
    expect(read({ output_config: { format } })).toMatchObject({ output, given: { output: 'output_config.format' } })
    expect(read({ output_format: format })).toMatchObject({ output, given: { output: 'output_format' } })
  })

  test('a budget for a task is not honoured', () => {
    expect(read({ output_config: { task_budget: { total: 1 } } }).unsupported).toEqual(['output_config.task_budget'])
  })
})

describe('tools', () => {
  const tool = (name: string, more: object = {}) => ({ name, input_schema: { type: 'object' }, ...more })
  const decoded = (name: string, more: object = {}) => ({
    name,
    description: '',
    parameters: { type: 'object' },
    strict: false,
    ...more,
  })

  test('are decoded whole; what needs no setting behind the gateway is no word about them', () => {
    const request = read({
      tools: [
        tool('a', { type: 'custom', description: 'Looks.', strict: true, cache_control: { type: 'ephemeral' } }),
        tool('b', { defer_loading: true, eager_input_streaming: true, allowed_callers: ['direct'] }),
        tool('c', { input_examples: [{}], allowed_callers: ['code_execution_20260120'], x: 1 }),
      ],
    })
    expect(request.tools).toEqual([decoded('a', { description: 'Looks.', strict: true }), decoded('b'), decoded('c')])
    expect(request.given).toMatchObject({ tools: 'tools', strictTools: 'tools[0].strict' })
    expect(request.unsupported).toEqual(['tools[2].x', 'tools[2].input_examples', 'tools[2].allowed_callers'])
  })

  test.each([
    [{ type: 'auto' }, { type: 'auto' }, undefined],
    [{ type: 'any' }, { type: 'required' }, 'tool_choice'],
    [{ type: 'none' }, { type: 'none' }, 'tool_choice'],
    [{ type: 'tool', name: 'a' }, { type: 'named', name: 'a' }, 'tool_choice'],
  ])('the choice %j', (choice, toolChoice, given) => {
    const request = read({ tools: [tool('a')], tool_choice: choice })
    expect(request.toolChoice as object).toEqual(toolChoice)
    expect(request.given.toolChoice).toBe(given)
    expect(request.parallelToolCalls).toBe(true)
  })

  test.each(['auto', 'any', 'none', 'tool'])('what is not known in a choice of the type %s is named', (type) => {
    const tool_choice = { type, disable_parallel_tool_use: null, q: 1, ...(type === 'tool' ? { name: 'a' } : {}) }
    expect(read({ tools: [tool('a')], tool_choice }).unsupported).toEqual(['tool_choice.q'])
  })

  test('one at a time', () => {
    expect(read({ tools: [tool('a')], tool_choice: { type: 'auto', disable_parallel_tool_use: true } })).toMatchObject({
      parallelToolCalls: false,
      given: { parallelToolCalls: 'tool_choice.disable_parallel_tool_use' },
    })
  })

  test.each([
    [{ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'unsupported_parameter', 'tools[0].type'],
    [{ tools: [tool('a'), { type: 'mcp_toolset' }] }, 'unsupported_parameter', 'tools[1].type'],
    [{ tools: [{ name: 'a' }] }, 'invalid_request', 'tools[0].input_schema'],
    [{ tools: [{ name: 'a', input_schema: { type: 'string' } }] }, 'invalid_request', 'tools[0].input_schema.type'],
    [{ tools: [tool('no spaces')] }, 'invalid_request', 'tools[0].name'],
    [{ tools: [tool('x'.repeat(129))] }, 'invalid_request', 'tools[0].name'],
    [{ tools: [tool('a'), tool('b'), tool('a')] }, 'invalid_request', 'tools[2].name'],
    [{ tool_choice: { type: 'any' } }, 'invalid_request', 'tool_choice'],
    [{ tools: [tool('a')], tool_choice: { type: 'tool', name: 'b' } }, 'invalid_request', 'tool_choice.name'],
  ])('%j is refused', (fields, code, param) => {
    expect(refusal(fields)).toMatchObject({ code, param })
  })
})

describe('changes of tools in the middle of a conversation', () => {
  const tool = (name: string) => ({ name, input_schema: { type: 'object' } })
  const change = (type: 'tool_addition' | 'tool_removal', tool: object) => ({ type, tool })
  const reference = (name: string) => ({ type: 'tool_reference', name })
  const changed = (tools: object[], ...content: object[]) =>
    read({
      tools,
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'system', content },
        { role: 'user', content: 'x' },
      ],
    })

  test('what counts is which there are at its end', () => {
    const request = changed(
      [tool('a'), { ...tool('b'), defer_loading: true }, tool('c')],
      { type: 'text', text: 'Tools changed.' },
      change('tool_removal', reference('a')),
      change('tool_addition', reference('b')),
      change('tool_addition', { type: 'tool_definition', definition: tool('d') }),
      change('tool_removal', reference('c')),
      change('tool_addition', reference('c')),
    )
    expect(request.tools.map(({ name }) => name)).toEqual(['b', 'd', 'c'])
    expect(request.messages[1] as object).toEqual({
      role: 'system',
      content: [{ type: 'text', text: 'Tools changed.' }],
    })
    expect(request.unsupported).toEqual([])
  })

  test('a message of changes alone says nothing', () => {
    const request = changed([tool('a')], change('tool_removal', reference('a')))
    expect(request.messages.map(({ role }) => role)).toEqual(['user', 'user'])
    expect(request.tools).toEqual([])
    expect(request.given.tools).toBeUndefined()
  })

  test.each([
    [change('tool_addition', reference('zz')), 'invalid_request', 'tool.name'],
    [
      change('tool_addition', { type: 'tool_definition', definition: { type: 'bash_20250124', name: 'bash' } }),
      'unsupported_parameter',
      'tool.definition.type',
    ],
    [change('tool_removal', { type: 'mcp_toolset_reference', server_name: 's' }), 'unsupported_parameter', 'tool'],
  ])('%j is refused', (block, code, path) => {
    const messages = [
      { role: 'user', content: 'hi' },
      { role: 'system', content: [block] },
    ]
    expect(refusal({ tools: [tool('a')], messages })).toMatchObject({ code, param: `messages[1].content[0].${path}` })
  })
})
