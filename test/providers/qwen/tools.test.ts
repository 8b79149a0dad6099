import { describe, expect, test } from 'bun:test'
import { array, assert, boolean, jsonValue, property, record, string } from 'fast-check'
import type { ChatRequest, Tool } from '../../../src/core/request.ts'
import { callEvents, isCall } from '../../../src/providers/qwen/calls.ts'
import { callable, functionFields, INERT_TOOLS } from '../../../src/providers/qwen/tools.ts'
import { answerState } from '../../../src/providers/acp-events.ts'
import { ask } from './world.ts'

const ELSEWHERE = { dashScope: false, completions: true, search: false }
const tool = (name: string): Tool => ({ name, description: 'd', parameters: { type: 'object' }, strict: false })
const fieldsOf = (changes: Partial<ChatRequest>, service = ELSEWHERE) =>
  functionFields({ ...ask('hi'), tools: [tool('a b')], ...changes }, service)

describe('functions in a request', () => {
  test('are declared under names that the service takes', () => {
    expect(fieldsOf({})).toEqual({
      tools: [{ type: 'function', function: { name: 'a_b', description: 'd', parameters: { type: 'object' } } }],
      tool_choice: 'auto',
    })
  })

  test('are one that may not be called, where there are none', () => {
    expect(fieldsOf({ tools: [] })).toEqual(INERT_TOOLS)
  })

  test('are chosen as the caller says', () => {
    const choiceOf = (toolChoice: ChatRequest['toolChoice']) => fieldsOf({ toolChoice })['tool_choice']
    expect(choiceOf({ type: 'none' })).toBe('none')
    expect(choiceOf({ type: 'required' })).toBe('required')
    expect(choiceOf({ type: 'named', name: 'a b' })).toEqual({ type: 'function', function: { name: 'a_b' } })
  })

  test('are called one at a time where it is wanted, and several where DashScope has to be told', () => {
    const parallel = (fields: ReturnType<typeof fieldsOf>) => fields['parallel_tool_calls']
    expect(parallel(fieldsOf({}))).toBeUndefined()
    expect(parallel(fieldsOf({ parallelToolCalls: false }))).toBe(false)
    expect(parallel(fieldsOf({}, { ...ELSEWHERE, dashScope: true }))).toBe(true)
  })

  test('whatever they are called and take, each is found again by its name', () => {
    const tools = array(record({ name: string(), description: string(), parameters: jsonValue(), strict: boolean() }))
    assert(
      property(tools, (drawn) => {
        const offered = drawn as Tool[]
        const names = callable({ tools: offered, toolChoice: { type: 'auto' } })
        const sent = fieldsOf({ tools: offered })['tools'] as { function: { name: string } }[]
        if (offered.length === 0) return
        expect(sent.map((each) => names.toCaller(each.function.name))).toEqual(offered.map(({ name }) => name))
        for (const each of sent) expect(each.function.name).toMatch(/^[\w-]{1,64}$/)
      }),
    )
  })
})

describe('calls', () => {
  const names = callable({ tools: [tool('a b'), tool('c')], toolChoice: { type: 'auto' } })
  const call = (id: string, name: string) => ({ id, name, arguments: '{}' })
  const update = (sessionUpdate: 'tool_call' | 'tool_call_update', toolName: string) => ({
    type: 'update' as const,
    update: { sessionUpdate, toolCallId: 'x', title: 'x', _meta: { toolName } },
  })

  test('are known by the names that were sent', () => {
    expect(isCall(update('tool_call', 'a_b'), { names })).toBe(true)
    expect(isCall(update('tool_call_update', 'c'), { names })).toBe(true)
    expect(isCall(update('tool_call', 'a b'), { names })).toBe(false)
    expect(isCall(update('tool_call', 'c'), {})).toBe(false)
    expect(
      isCall(update('tool_call', 'c'), { names: callable({ tools: [tool('c')], toolChoice: { type: 'none' } }) }),
    ).toBe(false)
    expect(isCall({ type: 'stop', response: { stopReason: 'end_turn' } }, { names })).toBe(false)
  })

  test("are events in order, under the caller's names", () => {
    const state = { ...answerState('Q', 'm', 1), blocks: 2, started: true }
    expect(callEvents(state, { names }, [call('1', 'a_b'), call('2', 'c')])).toMatchObject([
      { type: 'tool-call-start', block: 2, id: '1', name: 'a b' },
      { type: 'tool-call-delta', block: 2 },
      { type: 'tool-call-end', block: 2 },
      { type: 'tool-call-start', block: 3, id: '2', name: 'c' },
      { type: 'tool-call-delta', block: 3 },
      { type: 'tool-call-end', block: 3 },
    ])
    expect(callEvents(state, { names, parallel: false }, [call('1', 'c'), call('2', 'c')])).toHaveLength(3)
    expect(() => callEvents(state, { names }, [call('1', 'c'), call('2', 'rm')])).toThrow('(rm)')
  })
})
