// The caller's functions on their way to the model and back, without the CLI.
import { describe, expect, test } from 'bun:test'
import { array, assert, boolean, dictionary, json, jsonValue, property, record, string, uniqueArray } from 'fast-check'
import { assertOrder } from '../../../src/core/assert-order.ts'
import type { Tool, ToolChoice } from '../../../src/core/request.ts'
import { answerState, endEvents } from '../../../src/providers/acp-events.ts'
import { answerText, callEvents } from '../../../src/providers/gemini/answer.ts'
import { toFinishReason } from '../../../src/providers/gemini/finish.ts'
import { notedCalls, recordedAnswer } from '../../../src/providers/gemini/calls.ts'
import { readSignature, shownTools, toOffer, toolNames, writeSignature } from '../../../src/providers/gemini/tools.ts'
import { request } from '../claude/requests.ts'

const tool = (name: string, parameters: Record<string, unknown> = { type: 'object' }): Tool => ({
  name,
  description: '',
  parameters,
  strict: false,
})
const TOOLS = [tool('a'), tool('b')]
const offerOf = (changes: Parameters<typeof request>[1]) => toOffer(request('hi', changes))
const output = (schema: Record<string, unknown>) => ({ type: 'json-schema' as const, name: 'n', schema, strict: true })

describe('names', () => {
  test('have the prefix of the server, and are as short as the CLI leaves them', () => {
    assert(
      property(uniqueArray(string({ unit: 'grapheme', maxLength: 80 }), { maxLength: 8 }), (callers) => {
        const names = toolNames(callers)
        const told = callers.map(names.toCli)
        for (const name of told) expect(name).toMatch(/^mcp_c_[A-Za-z0-9_.:-]{1,57}$/)
        expect(told.map(names.toCaller)).toEqual(callers)
        // The list gives them without it: the CLI puts it there.
        const offer = toOffer(request('hi', { tools: callers.map((name) => tool(name)) }))
        if (offer) expect(shownTools(offer).map(({ name }) => `mcp_c_${name}`)).toEqual(told)
      }),
    )
  })

  test('a caller’s name that begins like the prefix is none of ours', () => {
    const names = toolNames(['mcp_c_x'])
    expect(names.toCli('mcp_c_x')).toBe('mcp_c_mcp_c_x')
    expect(names.toCaller('mcp_c_mcp_c_x')).toBe('mcp_c_x')
    expect(names.toCaller('mcp_c_y')).toBeUndefined()
  })
})

describe('the offer', () => {
  const CHOICES: [ToolChoice, string, string[]][] = [
    [{ type: 'auto' }, 'AUTO', ['a', 'b']],
    [{ type: 'none' }, 'NONE', ['a', 'b']],
    [{ type: 'required' }, 'ANY', ['a', 'b']],
    [{ type: 'named', name: 'b' }, 'ANY', ['b']],
  ]
  test.each(CHOICES)('%j', (toolChoice, mode, names) => {
    const offer = offerOf({ tools: TOOLS, toolChoice })
    expect([offer?.mode, offer?.tools.map(({ name }) => name)]).toEqual([mode, names] as never)
  })

  test('gives a function one name, whatever it is offered with', () => {
    const tools = [tool('my_tool'), tool('my tool')]
    const all = offerOf({ tools })
    const one = offerOf({ tools, toolChoice: { type: 'named', name: 'my tool' } })
    expect(one?.names.toCli('my tool')).toBe('mcp_c_my_tool_2')
    expect(one?.names.toCli('my tool')).toBe(all!.names.toCli('my tool'))
    expect(() => callEvents(answerState('x', 'm', 0), [{ id: 'c', name: 'mcp_c_my_tool', args: {} }], one!)).toThrow()
  })

  test('is nothing where there is nothing', () => {
    expect(offerOf({})).toBeUndefined()
    expect(offerOf({ output: { type: 'json' } })).toBeUndefined()
  })

  const ANSWERS: [ToolChoice, string[], boolean][] = [
    [{ type: 'auto' }, ['a', 'b', 'answer'], true],
    [{ type: 'none' }, ['answer'], true],
    [{ type: 'required' }, ['a', 'b'], false],
    [{ type: 'named', name: 'b' }, ['b'], false],
  ]
  test.each(ANSWERS)('with a schema for the answer, %j', (toolChoice, names, answers) => {
    const offer = offerOf({ tools: TOOLS, toolChoice, output: output({ type: 'object' }) })
    expect(offer?.tools.map(({ name }) => name)).toEqual(names)
    expect(offer?.mode).toBe('ANY')
    expect(offer?.answer !== undefined).toBe(answers)
  })

  test('an answer of any kind comes back as it was given', () => {
    const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)
    assert(
      property(jsonValue(), (value) => {
        const offer = offerOf({ output: output(isObject(value) ? { type: 'object' } : { title: 'any' }) })!
        const args = (isObject(value) ? value : { value }) as Record<string, unknown>
        const text = answerText([{ id: 'x', name: 'mcp_c_answer', args }], offer)
        expect(JSON.parse(text!)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  test('a schema that is no object is one parameter, and its definitions stay at the root', () => {
    const $defs = { item: { type: 'string' } }
    const offer = offerOf({ output: output({ anyOf: [{ $ref: '#/$defs/item' }], $defs }) })
    expect(offer?.tools[0]?.parameters).toEqual({
      type: 'object',
      properties: { value: { anyOf: [{ $ref: '#/$defs/item' }] } },
      required: ['value'],
      $defs,
    })
    // One that leaves it out has answered with nothing, which is for the gateway to judge.
    expect(offer?.answer?.text({})).toBe('null')
  })

  test('no answer, where a function of the caller is called as well', () => {
    const offer = offerOf({ tools: TOOLS, output: output({ type: 'object' }) })!
    const calls = ['answer', 'a'].map((name) => ({ id: name, name: `mcp_c_${name}`, args: {} }))
    expect(answerText(calls, offer)).toBeUndefined()
    expect(answerText([], offer)).toBeUndefined()
  })
})

describe('calls', () => {
  test('become events in order, with the arguments that the model gave', () => {
    const call = record({
      args: dictionary(
        string().filter((key) => key !== '__proto__' && key !== 'wait_for_previous'),
        jsonValue(),
      ),
      signed: boolean(),
    })
    assert(
      property(array(call, { minLength: 1, maxLength: 4 }), (made) => {
        const state = answerState('x', 'm', 0)
        const calls = made.map(({ args, signed }, position) => ({
          id: `c${position}`,
          name: 'mcp_c_a',
          args,
          ...(signed ? { signature: 's' } : {}),
        }))
        const events = [...endEvents(state), ...callEvents(state, calls, offerOf({ tools: TOOLS })!)]
        assertOrder([...events, { type: 'finish', reason: 'tool-calls' }])
        const told = events.flatMap((event) => (event.type === 'tool-call-delta' ? [JSON.parse(event.arguments)] : []))
        const expected = made.map(({ args }) => args)
        expect(told).toEqual(JSON.parse(JSON.stringify(expected)))
        expect(events.filter(({ type }) => type === 'reasoning-end')).toHaveLength(
          made.filter(({ signed }) => signed).length,
        )
      }),
    )
  })

  test('of what nobody offered are an error', () => {
    const calls = [{ id: 'c', name: 'shell', args: {} }]
    expect(() => callEvents(answerState('x', 'm', 0), calls, offerOf({ tools: TOOLS })!)).toThrow('shell')
  })

  test('signatures are ours alone', () => {
    const reasoning = { type: 'reasoning' as const, text: '' }
    expect(readSignature({ ...reasoning, ...writeSignature('abc') })).toBe('abc')
    expect(readSignature({ ...reasoning, encrypted: 'abc' })).toBeUndefined()
    expect(readSignature(reasoning)).toBeUndefined()
  })
})

describe('what the CLI has noted', () => {
  const chunk = (parts: object[], finishReason?: string) => ({ candidates: [{ content: { parts }, finishReason }] })
  const answerLine = (...response: object[]) => JSON.stringify({ method: 'generateContentStream', response })
  const call = (id: string, args: object) => ({ functionCall: { id: `mcp_c_a__${id}`, name: 'mcp_c_a', args } })

  test('of the answer: its calls with ids and signatures, and why it ended; the last answer counts', () => {
    const lines = [
      answerLine(chunk([call('old', {})], 'STOP')),
      '{"method":"countTokens","response":{}}',
      answerLine(
        chunk([{ text: 'x' }]),
        chunk([{ ...call('c1', { x: 1 }), thoughtSignature: 's' }, call('c2', {})]),
        chunk([], 'MAX_TOKENS'),
      ),
      '',
    ]
    expect(recordedAnswer(lines.join('\n'))).toEqual({
      calls: [
        { id: 'c1', name: 'mcp_c_a', args: { x: 1 }, signature: 's' },
        { id: 'c2', name: 'mcp_c_a', args: {} },
      ],
      finish: 'MAX_TOKENS',
    })
    expect(recordedAnswer('')).toBeUndefined()
  })

  test('of the conversation: the calls, which are written anew with each one', () => {
    const entry = (id: string) => ({ id, name: 'mcp_c_a', args: { id }, status: 'error' })
    const lines = [
      JSON.stringify({ type: 'gemini', toolCalls: [entry('mcp_c_a__c1')] }),
      JSON.stringify({ type: 'gemini', toolCalls: [entry('mcp_c_a__c1'), entry('mcp_c_a__mcp_c_a_1795216496125_0')] }),
      JSON.stringify({ $set: { lastUpdated: 'now' } }),
    ]
    expect(notedCalls(lines.join('\n')).map(({ id }) => id)).toEqual(['c1', undefined])
    expect(notedCalls('')).toEqual([])
  })

  test('may be anything', () => {
    assert(
      property(array(json(), { maxLength: 5 }), (values) => {
        const lines = values.map(
          (value) => `{"method":"generateContentStream","response":${value},"toolCalls":${value}}`,
        )
        recordedAnswer(lines.join('\n'))
        notedCalls(lines.join('\n'))
      }),
    )
  })
})

test.each([
  ['STOP', undefined],
  [undefined, undefined],
  ['MAX_TOKENS', 'length'],
  ['SAFETY', 'content-filter'],
  ['PROHIBITED_CONTENT', 'content-filter'],
])('finish %s', (finish, reason) => {
  expect(toFinishReason(finish)).toBe(reason as never)
})
