import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import type { Message } from '../../../src/core/request.ts'
import { functionNames } from '../../../src/providers/qwen/tools.ts'
import { chatRecords, toConversation } from '../../../src/providers/qwen/history.ts'
import { assistant, system, user } from '../claude/requests.ts'

const IMAGE = { type: 'image' as const, source: { kind: 'data' as const, mediaType: 'image/png', data: 'AAAA' } }
const result = (id: string, text: string, isError = false): Message => ({
  role: 'tool',
  content: [{ type: 'tool-result', id, content: [{ type: 'text', text }], isError }],
})
const call = (id: string, args: string) => ({ type: 'tool-call' as const, id, name: 'look', arguments: args })
const entries = (...messages: Message[]) => toConversation([], messages).entries

describe('messages', () => {
  test('keep their parts and their order', () => {
    expect(entries(user('a', IMAGE, 'b'), assistant({ type: 'reasoning', text: 'hm' }, 'c'), user('d'))).toEqual([
      { type: 'user', parts: [{ text: 'a' }, { inlineData: { mimeType: 'image/png', data: 'AAAA' } }, { text: 'b' }] },
      { type: 'assistant', parts: [{ text: 'hm', thought: true }, { text: 'c' }] },
      { type: 'user', parts: [{ text: 'd' }] },
    ])
  })

  test('with nothing in them are left out', () => {
    expect(entries(user(' \n'), assistant(''), user('a'))).toEqual([{ type: 'user', parts: [{ text: 'a' }] }])
  })

  test('of a document of text are its text', () => {
    const data = Buffer.from('grüße').toString('base64')
    const part = { type: 'document' as const, source: { kind: 'data' as const, mediaType: 'text/markdown', data } }
    expect(entries(user(part))).toEqual([{ type: 'user', parts: [{ text: 'grüße' }] }])
  })

  test('with media that nobody fetched are refused', () => {
    const part = { type: 'image' as const, source: { kind: 'url' as const, url: 'http://x/' }, path: 'messages[0]' }
    expect(() => entries(user(part))).toThrow(
      expect.objectContaining({ code: 'invalid_request', param: 'messages[0]' }),
    )
  })

  test('of the system in the midst have their name', () => {
    expect(entries(user('a'), system('b'))[1]).toEqual({ type: 'user', parts: [{ text: '[System message]\nb' }] })
  })

  test("that look like Qwen Code's own notes do not any more, and others stay as they are", () => {
    const marked = '<system-reminder>x</system-reminder>'
    expect(entries(user(marked, marked))).toEqual([
      { type: 'user', parts: [{ text: `\n${marked}` }, { text: marked }] },
    ])
    expect(entries(user(marked, 'and text'))).toEqual([
      { type: 'user', parts: [{ text: marked }, { text: 'and text' }] },
    ])
  })
})

describe('calls of tools', () => {
  test('keep ids and arguments; results carry the name of their call', () => {
    expect(entries(user('q'), assistant(call('1', '{"a":[1]}')), result('1', 'r'), result('1', 'e', true))).toEqual([
      { type: 'user', parts: [{ text: 'q' }] },
      { type: 'assistant', parts: [{ functionCall: { id: '1', name: 'look', args: { a: [1] } } }] },
      { type: 'tool_result', parts: [{ functionResponse: { id: '1', name: 'look', response: { output: 'r' } } }] },
      { type: 'tool_result', parts: [{ functionResponse: { id: '1', name: 'look', response: { error: 'e' } } }] },
    ])
  })

  test('with broken arguments keep them', () => {
    expect(entries(user('q'), assistant(call('1', '{"a":')))[1]?.parts).toEqual([
      { functionCall: { id: '1', name: 'look', args: { arguments: '{"a":' } } },
    ])
    expect(entries(user('q'), assistant(call('1', '')))[1]?.parts).toMatchObject([{ functionCall: { args: {} } }])
  })

  test('that nobody made: their results are text', () => {
    expect(entries(result('9', 'r'))).toEqual([{ type: 'tool_result', parts: [{ text: '[Result of a tool]\nr' }] }])
  })
})

describe('a conversation', () => {
  test('of instructions alone is what is to be answered', () => {
    expect(toConversation([{ type: 'text', text: 'Say hi.' }], [])).toEqual({
      system: '',
      entries: [{ type: 'user', parts: [{ text: 'Say hi.' }] }],
    })
  })

  test('that the model ends is to go on', () => {
    expect(entries(user('a'), assistant('b')).at(-1)).toEqual({ type: 'user', parts: [{ text: 'Continue.' }] })
  })

  const message = fc.oneof(
    fc.string().map((text) => user(text)),
    fc.string().map((text) => assistant(text)),
    fc.string().map((text) => system(text)),
  )
  test('ends with what is to be answered, and never is empty', () => {
    fc.assert(
      fc.property(fc.array(message), (messages) => {
        const last = toConversation([], messages).entries.at(-1)
        expect(last?.type).not.toBe('assistant')
        expect(last?.parts.length).toBeGreaterThan(0)
      }),
    )
  })

  test('begins the same whatever comes behind, for the cache of the provider', () => {
    fc.assert(
      fc.property(fc.array(message), fc.array(message, { minLength: 1 }), (before, after) => {
        const first = toConversation([], [...before, user('end')]).entries.slice(0, -1)
        expect(toConversation([], [...before, user('end'), ...after]).entries.slice(0, first.length)).toEqual(first)
      }),
    )
  })
})

test('records are lines of JSON, each behind the one before it, whatever is in them', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (texts) => {
      let uuids = 0
      const newUuid = () => `u${(uuids += 1)}`
      const talk = texts.map((text) => ({ type: 'user' as const, parts: [{ text: `${text}\n\u2028` }] }))
      const lines = chatRecords(talk, {
        sessionId: 's',
        cwd: '/w',
        version: '0.24.4',
        now: new Date(0),
        newUuid,
      }).split('\n')
      expect(lines.pop()).toBe('')
      const records = lines.map(
        (line) => JSON.parse(line) as { uuid: string; parentUuid: string | null; message: object },
      )
      expect(records.map((record) => record.parentUuid)).toEqual([
        null,
        ...records.slice(0, -1).map((record) => record.uuid),
      ])
      expect(records.map((record) => record.message)).toEqual(talk.map(({ parts }) => ({ role: 'user', parts })))
    }),
  )
})

describe('calls in a conversation', () => {
  const made = (id: string, name = 'my tool') => assistant({ type: 'tool-call', id, name, arguments: '{}' })
  const callsIn = (...messages: Message[]) =>
    toConversation([], messages, functionNames([])).entries.flatMap(({ parts }) =>
      parts.flatMap((part) => {
        const { id, name } = (part['functionCall'] ?? part['functionResponse'] ?? {}) as { id?: string; name?: string }
        return id === undefined ? [] : [`${id} ${name}`]
      }),
    )

  test('have names that the service takes', () => {
    expect(callsIn(user('x'), made('1'), result('1', 'r'))).toEqual(['1 my_tool', '1 my_tool'])
  })

  test('whose ids come again are told apart, whatever follows', () => {
    const talk = [
      user('x'),
      made('0'),
      result('0', 'r'),
      made('0', 'b'),
      result('0', 'r'),
      made('0_2'),
      result('0_2', 'r'),
    ]
    expect(callsIn(...talk)).toEqual(['0 my_tool', '0 my_tool', '0_2 b', '0_2 b', '0_2_2 my_tool', '0_2_2 my_tool'])
    expect(callsIn(...talk.slice(0, 5))).toEqual(callsIn(...talk).slice(0, 4))
  })
})
