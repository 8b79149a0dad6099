// The caller's conversation as Gemini CLI takes it.
import { describe, expect, test } from 'bun:test'
import { array, assert, constantFrom, oneof, property, string } from 'fast-check'
import type { Message } from '../../../src/core/request.ts'
import { sessionFile, toConversation } from '../../../src/providers/gemini/history.ts'
import { assistant, request, system, user } from '../claude/requests.ts'

const convert = (messages: Message[], text?: string) => toConversation(request(messages, { system: text }))
const MARK = { text: '\u200b' }

test('roles, and neighbours of one role as one', () => {
  const { records } = convert([user('a'), user('b', 'c'), assistant('d'), assistant('e'), user('f')])
  expect(records).toEqual([
    { type: 'user', content: [{ text: 'a' }, { text: 'b' }, { text: 'c' }] },
    { type: 'gemini', content: [{ text: 'd' }, { text: 'e' }] },
    { type: 'user', content: [{ text: 'f' }] },
  ])
})

test('a system message in the middle keeps its place', () => {
  const { records } = convert([user('a'), system('b'), user('c')], 'front')
  expect(records[0]?.content).toEqual([{ text: 'a' }, { text: '[System message]\nb' }, { text: 'c' }])
})

describe('what a conversation must begin and end with', () => {
  test('the user', () => {
    const { records } = convert([assistant('a'), user('b'), assistant('c')])
    expect(records.map(({ type }) => type)).toEqual(['user', 'gemini', 'user', 'gemini', 'user'])
    expect(records[0]?.content).toEqual([{ text: '(The conversation begins with your message.)' }])
    expect(records.at(-1)?.content).toEqual([{ text: 'Continue.' }])
  })

  test('instructions alone are the question', () => {
    expect(convert([], 'Tell a joke.')).toEqual({
      system: '\u200b',
      records: [{ type: 'user', content: [{ text: 'Tell a joke.' }] }],
    })
  })

  test('nothing is something to go on with', () => {
    expect(convert([user('')]).records).toEqual([{ type: 'user', content: [{ text: 'Continue.' }] }])
  })
})

describe('tools', () => {
  const call = { type: 'tool-call' as const, id: 'c1', name: 'add', arguments: '{"a":1}' }
  const result = (isError: boolean, content: { type: 'text'; text: string }[] = [{ type: 'text', text: 'out' }]) => ({
    role: 'tool' as const,
    content: [{ type: 'tool-result' as const, id: 'c1', content, isError }],
  })

  test('calls with their arguments, results with the name of the call', () => {
    const { records } = convert([user('x'), assistant('wait', call), result(false), assistant('done'), user('y')])
    expect(records[1]?.content[1]).toEqual({ functionCall: { id: 'c1', name: 'mcp_c_add', args: { a: 1 } } })
    expect(records[2]?.content).toEqual([
      { functionResponse: { id: 'c1', name: 'mcp_c_add', response: { output: 'out' } } },
    ])
  })

  test('results at the end have something behind them, or the CLI puts words of its own there', () => {
    const { records } = convert([user('x'), assistant(call), result(true)])
    expect(records.slice(-2)).toEqual([
      { type: 'user', content: [{ functionResponse: { id: 'c1', name: 'mcp_c_add', response: { error: 'out' } } }] },
      { type: 'user', content: [MARK] },
    ])
  })

  test('the same stands behind them a turn later, and a text of the user in its place', () => {
    const before = [user('x'), assistant(call), result(false)]
    const { records } = convert([...before, assistant('done'), user('y')])
    expect(records.slice(0, 4)).toEqual(convert(before).records)
    const image = { type: 'image' as const, source: { kind: 'data' as const, mediaType: 'image/png', data: 'AA' } }
    const said = convert([...before, user(image, '/y')]).records
    expect(said.slice(2)).toEqual([
      { type: 'user', content: [expect.objectContaining({}), { inlineData: { mimeType: 'image/png', data: 'AA' } }] },
      { type: 'user', content: [MARK, { text: '/y' }] },
    ])
  })

  test('a signature in front of a call is the call’s, one of another provider is nobody’s', () => {
    const signed = (encrypted: string) => ({ type: 'reasoning' as const, text: '', encrypted })
    const other = { ...call, id: 'c2' }
    const { records } = convert([user('x'), assistant(signed('gemini:abc'), call, signed('abc'), other), result(false)])
    expect(records[1]?.content).toMatchObject([{ thoughtSignature: 'abc' }, { functionCall: { id: 'c2' } }])
    expect(records[1]?.content[1]).not.toHaveProperty('thoughtSignature')
  })

  test('large results say that they are whole, small ones need not', () => {
    const response = (length: number) =>
      convert([user('x'), assistant(call), result(false, [{ type: 'text', text: 'x'.repeat(length) }])]).records[2]
        ?.content[0]?.['functionResponse']
    expect(Object.keys((response(500) as { response: object }).response)).toEqual(['output'])
    expect(Object.keys((response(501) as { response: object }).response)).toEqual(['output', '<tool_output_masked>'])
  })

  test('arguments that are no JSON get through as text', () => {
    const { records } = convert([user('x'), assistant({ ...call, arguments: '{"a":' }), result(false)])
    expect(records[1]?.content[0]).toMatchObject({ functionCall: { args: { arguments: '{"a":' } } })
  })
})

test('thoughts of the model stay behind: the CLI would not send them', () => {
  const { records } = convert([user('a'), assistant({ type: 'reasoning', text: 'hm' }, 'b'), user('c')])
  expect(records[1]?.content).toEqual([{ text: 'b' }])
})

test('media by URL that the gateway did not fetch are refused', () => {
  const source = { kind: 'url' as const, url: 'https://example.com/a.png' }
  expect(() => convert([user({ type: 'image', source })])).toThrow('by its URL')
})

test('the CLI’s placeholders are broken, other text is not', () => {
  const text = 'Use ${AvailableTools}, ${grep_ToolName}, ${SubAgents} and ${HOME}, $5 {AvailableTools}.'
  const { system: written } = convert([user('a')], text)
  expect(written).not.toMatch(/\$\{(AvailableTools|grep_ToolName|SubAgents)\}/)
  expect(written.replaceAll('\u200b', '')).toBe(text)
  expect(written.match(/\u200b/g)).toHaveLength(3)
})

test('any text of the user reaches the model, and none is dropped by the CLI', () => {
  const texts = array(oneof(string(), constantFrom('/x', '?', ' ', '<hook_context>', '\n/', '')), {
    minLength: 1,
  })
  assert(
    property(texts, (said) => {
      const { records } = convert([user(...said)])
      const joined = records.flatMap(({ content }) => content.map((part) => String(part['text']))).join('')
      // What the CLI drops (0.61.0, isIgnoredUserContent).
      expect(joined.trim()).not.toMatch(/^(?:[/?]|<session_context>|<hook_context>|$)/)
      if (said.join('') !== '') expect(joined.replace(/^\u200b/, '')).toBe(said.join('').replace(/^\u200b/, ''))
    }),
  )
})

test('the file: a head, then a line for each message; the first says that the machine has been described', () => {
  const { records } = convert([user('a'), assistant('b'), user('c')])
  const lines = sessionFile('abc', records, 0)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { id: string; type: string })
  expect(lines[0]).toMatchObject({ sessionId: 'abc', kind: 'main', startTime: '1970-01-01T00:00:00.000Z' })
  expect(lines[1]?.id).toBe('d04923d38bb0f6017037e74183378ef4')
  expect(new Set(lines.slice(1).map(({ id }) => id)).size).toBe(3)
  expect(lines.slice(1).map(({ type }) => type)).toEqual(['user', 'gemini', 'user'])
})
