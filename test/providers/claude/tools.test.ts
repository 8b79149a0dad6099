import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../../src/core/error.ts'
import type { Tool } from '../../../src/core/request.ts'
import { asksForTools, hostAnswer } from '../../../src/providers/claude/frames.ts'
import { continuesWithoutThinking } from '../../../src/providers/claude/tool-choice.ts'
import { NO_TOOLS, offerTools } from '../../../src/providers/claude/tools.ts'
import { assistant, call, request, result, tool, user } from './requests.ts'

const offer = (tools: Tool[]) => offerTools(request('hi', { tools, given: { tools: 'functions' } }))
const listOf = (tools: Tool[]) => JSON.parse(offer(tools).list) as { name: string; description: string }[]

function refusal(tools: Tool[]): GatewayError {
  try {
    offer(tools)
  } catch (error) {
    if (error instanceof GatewayError) return error
  }
  throw new Error('it was not refused')
}

describe('what is offered', () => {
  test('each function as the server lists it, the same text for the same functions', () => {
    const tools = [tool('a', { type: 'object', properties: {} }), tool('Bash', {}, '')]
    expect(listOf(tools)).toEqual([
      { name: 'a', description: 'Does a.', inputSchema: { type: 'object', properties: {} } },
      { name: 'Bash', description: '', inputSchema: { type: 'object', properties: {} } },
    ] as never)
    expect(offer(tools).list).toBe(offer(structuredClone(tools)).list)
    expect(offer([]).list).toBe(NO_TOOLS)
  })

  test('names that the service does not take, or the CLI takes for its own, are mapped both ways', () => {
    const names = ['get.weather', 'größe', 'x'.repeat(80), 'ToolSearch', 'get_weather']
    const { names: map, offered } = offer(names.map((name) => tool(name)))
    for (const name of names) {
      const mapped = map.toCli(name)
      expect(mapped).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
      expect(offered.has(mapped)).toBe(true)
      expect(map.toCaller(mapped)).toBe(name)
    }
    expect(offered.size).toBe(names.length)
    expect(map.toCli('get_weather')).toBe('get_weather')
    expect(offered.has('ToolSearch')).toBe(false)
  })

  test('a schema that cannot be used is a wrong request, which names the function', () => {
    const error = refusal([tool('good'), tool('bad', { type: 'string' })])
    expect(error).toMatchObject({ code: 'invalid_request', status: 400, param: 'functions[1]' })
    expect(error.message).toContain('"bad"')
  })

  test('a name twice, too', () => {
    expect(refusal([tool('a'), tool('a')])).toMatchObject({ code: 'invalid_request', param: 'functions[1]' })
  })
})

describe('the server', () => {
  const ask = (method: string, tools = NO_TOOLS) => {
    const message = { jsonrpc: '2.0', id: 7, method, params: { name: 'a', arguments: {} } }
    const frame = { type: 'control_request', request_id: 'r', request: { subtype: 'mcp_message', message } }
    return JSON.parse(hostAnswer(frame, tools) ?? 'null').response.response.mcp_response
  }
  test('lists the tools', () => {
    expect(ask('tools/list')).toEqual({ jsonrpc: '2.0', id: 7, result: { tools: [] } })
    expect(ask('tools/list', '[{"name":"a"}]').result).toEqual({ tools: [{ name: 'a' }] })
  })
  test('runs none of them', () => {
    expect(ask('tools/call', '[{"name":"a"}]')).toMatchObject({ id: 7, error: { code: -32601 } })
  })
  test('permits none of them', () => {
    const frame = { type: 'control_request', request_id: 'r', request: { subtype: 'can_use_tool', tool_name: 'a' } }
    expect(JSON.parse(hostAnswer(frame, '[]') ?? '')).toMatchObject({
      response: { response: { behavior: 'deny', interrupt: true } },
    })
    expect(asksForTools(frame)).toBe(false)
  })
})

describe('calls in progress that did not begin by thinking', () => {
  const THOUGHT = { type: 'reasoning' as const, text: 't', signature: 's' }
  const CALL = call('c1', 'a', '{}')
  const cases: [string, boolean, Parameters<typeof continuesWithoutThinking>[0]][] = [
    ['no calls', false, [user('q')]],
    ['calls that are over', false, [user('q'), assistant(CALL), result({ c1: 'r' }), assistant('a'), user('q')]],
    ['calls in progress', true, [user('q'), assistant(CALL), result({ c1: 'r' })]],
    ['with words of the user', true, [user('q'), assistant(CALL), result({ c1: 'r' }), user('and?')]],
    ['with its thinking', false, [user('q'), assistant(THOUGHT, CALL), result({ c1: 'r' })]],
    [
      'the second round with the thinking of the first',
      false,
      [user('q'), assistant(THOUGHT, CALL), result({ c1: 'r' }), assistant(call('c2', 'a', '')), result({ c2: 'r' })],
    ],
    [
      'thinking that is not signed',
      true,
      [user('q'), assistant({ ...THOUGHT, signature: undefined }, CALL), result({ c1: 'r' })],
    ],
    [
      'sealed thinking',
      false,
      [user('q'), assistant({ type: 'reasoning', text: '', encrypted: 'e' }, CALL), result({ c1: 'r' })],
    ],
  ]
  test.each(cases)('%s: %p', (_, expected, messages) => {
    expect(continuesWithoutThinking(messages)).toBe(expected)
  })
})
